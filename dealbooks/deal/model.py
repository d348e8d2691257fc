"""The canonical deal as pydantic models: structure and types only (deal-model.md).

What a value means together with other values is checked in `dealbooks.deal.rules`, which returns findings; here a
deal that cannot be read at all raises pydantic's ValidationError. Amounts are exact decimals in the deal currency,
costs in the book's base currency; dates are business dates in the location's time zone.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

from dealbooks.money import Amount, MoneyError

ZERO = Decimal(0)
ONE = Decimal(1)

# What names a thing in the books has no control characters: no system shows or matches them alike.
NO_CONTROLS = r"^\P{Cc}*$"
FIRST_DAY = date(1990, 1, 1)  # an earlier day is a slip: no books of today reach back so far

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=NO_CONTROLS)]
Mark = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=NO_CONTROLS)]
Day = Annotated[date, Field(ge=FIRST_DAY)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


# The part of a price that is tax: two whole numbers, or a plain decimal. Never an exponent: 1e999999999 is a number
# that takes a machine for ever to write out.
_FRACTION = re.compile(r"[0-9]{1,6}(/[0-9]{1,6})?|0?\.[0-9]{1,12}")


def _fraction(value: object) -> Fraction:
    if isinstance(value, str) and _FRACTION.fullmatch(value.strip()) is None:
        raise MoneyError(f"{value!r} is not a fraction such as 3/23")
    if not isinstance(value, (str, Fraction)):
        raise MoneyError(f"{value!r} is not a fraction: write it as text, such as '3/23'")
    try:
        read = Fraction(value)
    except ZeroDivisionError as error:
        raise MoneyError(f"{value!r} is not a fraction such as 3/23") from error
    if not 0 <= read < 1:
        raise MoneyError(f"{value!r} is not a part of a price: a tax fraction is less than 1")
    return read


# A tax fraction such as "3/23"; exact, from 0 to under 1.
TaxFraction = Annotated[
    Fraction, BeforeValidator(_fraction), PlainSerializer(str, return_type=str), WithJsonSchema({"type": "string"})
]

LineKind = Literal[
    "vehicle", "discount", "recharge", "accessory", "fi_product", "insurance", "doc_fee", "admin_fee", "delivery_fee",
    "government_fee", "recycling_deposit", "lessor_fee", "auction_fee",
]  # fmt: skip
DealType = Literal["retail", "lease", "wholesale", "fleet", "dealer_trade", "finance_house_sale"]
SaleClass = Literal["new", "used", "demo", "cpo", "lease", "wholesale"]
Status = Literal["draft", "contracted", "delivered", "funded", "completed", "posted", "amended", "unwound", "cancelled"]
PaymentMethod = Literal["cash", "card", "bank_transfer", "cheque", "cashier_cheque", "direct_debit"]
FinanceType = Literal["retail_instalment", "lease", "hire_purchase", "pcp", "chattel_mortgage", "loan", "cash"]
TaxAcquisition = Literal["qualifying", "margin", "second_hand_unregistered", "import", "exempt"]
TaxRole = Literal["payable.sales_tax", "tax.output"]
SellerStatus = Literal["private", "unregistered", "non_registrant", "registrant"]


class Part(BaseModel):
    """Base of every part of a deal: immutable, and a field that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Dates(Part):
    """Business dates in the location's time zone."""

    contract: Day | None = None
    delivery: Day | None = None
    funding: Day | None = None
    accounting: Day | None = None
    tax_point: Day | None = None


class LifecycleEvent(Part):
    """Something that happened to the deal as a whole."""

    at: Day
    event: Literal["completed", "unwound", "cancelled"]
    reason: Literal["financing_declined", "customer_rescission", "returned", "misdescribed", "other"] | None = None


class Address(Part):
    """Where the customer lives and the car is registered; region is ISO 3166-2, country ISO 3166-1 alpha-2."""

    line1: Text = ""
    city: Text = ""
    region: Text = ""
    postcode: Text = ""
    country: Text = ""


class Customer(Part):
    """Who buys. `id` is the match key in the ledger; the name alone never is."""

    id: Name
    type: Literal["individual", "business"] = "individual"
    name: Text = ""
    region: Text = ""
    address: Address | None = None
    tax_status: (
        Literal["consumer", "vat_registered", "registrant", "reseller", "exempt", "diplomatic", "forces"] | None
    ) = None
    vat_number: Text | None = None
    resale_certificate: Text | None = None


class BillTo(Part):
    """Who is invoiced when it is not the customer: a finance house, a lessor, an auction."""

    id: Name
    type: Text = ""
    name: Text = ""


class SecondHandCredit(Part):
    """Australia, Division 66: the credit taken when a second-hand car is resold."""

    fraction: TaxFraction
    purchase_price: Amount
    tax_code: Name


class Vehicle(Part):
    """The car sold. `cost` is its carrying amount without reconditioning, in base currency, net of input tax."""

    vin: Mark
    stock_no: Mark = ""
    registration: Mark | None = None
    year: int | None = None
    make: Text = ""
    model: Text = ""
    trim: Text = ""
    odometer: int | None = None
    condition: Text = ""
    cost: Amount | None = None
    recon_cost: Amount = ZERO
    cost_currency: Currency | None = None
    pack: Amount | None = None
    holdback: Amount | None = None
    floorplan_lender: Text | None = None
    floorplan_amount: Amount | None = None
    tax_acquisition: TaxAcquisition | None = None
    stock_book_purchase_price: Amount | None = None
    second_hand_credit: SecondHandCredit | None = None
    stock_location: Name | None = None
    fuel_l_100km: Amount | None = None
    co2_g_km: Amount | None = None
    powertrain: Text | None = None


class SaleLine(Part):
    """One thing the customer buys. The extended amount is quantity x unit_price, rounded to the minor unit."""

    line_id: Name
    kind: LineKind
    description: Text = ""
    quantity: Amount = ONE
    unit_price: Amount
    tax_code: Name | None = None
    taxable: bool | None = None
    tax_group: Name = "vehicle"
    cost: Amount | None = None
    provider: Name | None = None
    commission_tax_code: Name | None = None
    in_lct_value: bool = False


class TaxComponent(Part):
    """One tax of an additive regime; `rate` is a fraction ("0.0725")."""

    code: Name
    rate: Amount
    role: TaxRole = "payable.sales_tax"
    tax_groups: tuple[Name, ...] | None = None
    base: Literal["cap_reduction"] | None = None
    base_cap: Amount | None = None
    trade_in_credit: Literal["full", "none", "capped"] = "none"
    trade_in_credit_cap: Amount | None = None
    rebate_taxable: bool = True


class LuxuryCarTax(Part):
    """Australia: luxury car tax above a threshold."""

    threshold: Amount
    rate: Amount
    rounding: Literal["half_up", "floor"] = "half_up"


def _usual_rounding(tax: dict[str, Any]) -> Literal["line", "document"]:
    """VAT in a price is worked out line by line, tax on top of it once a document, unless the rules say otherwise."""
    return "line" if tax.get("regime") == "inclusive" else "document"


class Tax(Part):
    """The tax rules that hold for this deal, pinned to it."""

    regime: Literal["additive", "inclusive", "none"]
    rounding: Literal["line", "document"] = Field(default_factory=_usual_rounding)
    mode: Literal["half_up", "floor"] = "half_up"
    components: tuple[TaxComponent, ...] = ()
    rates: dict[str, str] = Field(default_factory=dict)
    margin_rate: Amount | None = None
    lct: LuxuryCarTax | None = None


class PayoffPaid(Part):
    """When and how the settlement on a trade-in was paid to its lienholder."""

    date: Day
    method: PaymentMethod


class TradeIn(Part):
    """A car taken in part-exchange; never a negative sales line."""

    stock_no: Mark = ""
    vin: Mark | None = None
    registration: Mark | None = None
    year: int | None = None
    make: Text = ""
    model: Text = ""
    odometer: int | None = None
    allowance: Amount
    acv: Amount
    payoff: Amount = ZERO
    lienholder: Name | None = None
    payoff_good_until: Day | None = None
    payoff_paid: PayoffPaid | None = None
    seller_tax_status: SellerStatus | None = None
    tax_credit_eligible: bool = True
    input_tax_fraction: TaxFraction | None = None
    input_tax_amount: Amount | None = None
    input_tax_code: Name | None = None


class Deposit(Part):
    """Money taken before delivery; a liability until the sale applies it."""

    receipt_id: Name
    amount: Amount
    method: PaymentMethod
    date: Day


class Payment(Part):
    """Money received for the sale; posted once under its own key, never inside the sale entry."""

    receipt_id: Name
    amount: Amount
    method: PaymentMethod
    date: Day
    processor_ref: Text | None = None
    fx_rate: Amount | None = None


class Refund(Part):
    """Money given back; without a method it is agreed but not yet paid."""

    refund_id: Name
    amount: Amount
    method: PaymentMethod | None = None
    date: Day


class Rebate(Part):
    """A manufacturer's rebate to the customer; one assigned to the dealer settles the customer's account."""

    program: Name
    amount: Amount
    assigned_to_dealer: bool


class Incentive(Part):
    """Manufacturer's money to the dealer; reduces cost of sales."""

    program: Name
    amount: Amount


class Finance(Part):
    """The finance contract and what the lender pays for it."""

    type: FinanceType
    lender: Name
    amount_financed: Amount
    term_months: int | None = None
    rate: Amount | None = None
    buy_rate: Amount | None = None
    reserve: Amount = ZERO
    reserve_tax_code: Name | None = None
    flat: Amount | None = None
    receivable_role: Literal["receivable.contracts_in_transit", "receivable.finance_company"]
    contract_no: Text | None = None
    gross_cap_cost: Amount | None = None
    cap_cost_reduction: Amount | None = None
    residual: Amount | None = None
    money_factor: Amount | None = None
    withheld_by_lessor: Amount = ZERO


class Funding(Part):
    """Money that reached us from the lender: for the contract, or for the finance reserve."""

    funding_id: Name
    kind: Literal["contract", "reserve"] = "contract"
    amount: Amount
    date: Day
    method: PaymentMethod = "bank_transfer"


class Chargeback(Part):
    """F&I income that the provider or the lender takes back after the sale; posted once under its own key.

    `amount` is what is taken off what we are owed: of a product (`line_id`) the dealer's share without tax, of an
    insurance or of the finance reserve (no `line_id`) the commission with any tax in it.
    """

    chargeback_id: Name
    amount: Amount
    date: Day
    reason: Literal["cancelled", "early_payoff", "unwind", "other"] = "cancelled"
    line_id: Name | None = None


class Split(Part):
    """One person's share of a commission; shares of a plan add up to exactly 1."""

    person: Name
    share: Amount
    location: Name | None = None


class CommissionPlan(Part):
    """How a commission is worked out (deal-model.md section 8)."""

    plan_id: Name
    role: Literal["sales", "finance", "manager"]
    base: Literal["front", "back", "total", "flat"]
    rate: Amount | None = None
    pack: Amount = ZERO
    minimum: Amount | None = None
    maximum: Amount | None = None
    flat: Amount | None = None
    splits: tuple[Split, ...] = ()
    currency: Currency | None = None


class ChargebackReserve(Part):
    """Provision at sale for F&I income that will be given back: rate x back gross."""

    rate: Amount


class GroupTransfer(Part):
    """The car came from another legal entity of the group for this sale."""

    from_entity: Name
    from_location: Name
    from_department: Name
    from_stock_no: Name
    from_cost: Amount
    from_recon_cost: Amount = ZERO
    price: Amount
    date: Day
    tax_code: Name | None = None


class Deal(Part):
    """One completed vehicle sale (deal-model.md). Everything that is posted is derived from this alone."""

    source_system: Name
    deal_id: Name
    deal_version: Annotated[int, Field(ge=1)] = 1
    deal_type: DealType
    sale_class: SaleClass
    status: Status = "completed"
    legal_entity: Name
    location: Name
    department: Name
    currency: Currency
    base_currency: Currency
    fx_rate: Amount | None = None
    dates: Dates
    customer: Customer
    co_buyer: Customer | None = None
    bill_to: BillTo | None = None
    vehicle: Vehicle
    lines: tuple[SaleLine, ...]
    contract_total: Amount | None = None
    rounding_tolerance: Amount | None = None
    tax: Tax
    trade_ins: tuple[TradeIn, ...] = ()
    deposits: tuple[Deposit, ...] = ()
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    rebates: tuple[Rebate, ...] = ()
    dealer_incentives: tuple[Incentive, ...] = ()
    finance: Finance | None = None
    fundings: tuple[Funding, ...] = ()
    chargebacks: tuple[Chargeback, ...] = ()
    commission_plans: tuple[CommissionPlan, ...] = ()
    include_fees_in_front: bool = False
    chargeback_reserve: ChargebackReserve | None = None
    balance_due: Amount = ZERO
    group_transfer: GroupTransfer | None = None
    lifecycle: tuple[LifecycleEvent, ...] = ()
    amended_at: Day | None = None
    amend_reason: Text | None = None
    references: dict[str, str] = Field(default_factory=dict)

    @property
    def accounting_date(self) -> date:
        """The date that decides the period: accounting, else delivery, else contract (design.md section 7).

        Raises:
            ValueError: when the deal has none of them (a rule refuses such a deal before it gets here).
        """
        if self.sold_on is None:
            raise ValueError(f"deal {self.deal_id} has no accounting, delivery or contract date")
        return self.sold_on

    @property
    def sold_on(self) -> date | None:
        """The accounting date as the rules ask for it: None when the deal has no date to decide the period."""
        return self.dates.accounting or self.dates.delivery or self.dates.contract

    @property
    def rate_days(self) -> frozenset[date]:
        """The days whose exchange rate `fx_rate` is: the accounting date. An amendment keeps the rate of the sale,
        which may have been booked on the day of the contract or of the delivery."""
        dates = self.dates
        days = (dates.accounting, dates.delivery, dates.contract) if self.deal_version > 1 else (self.sold_on,)
        return frozenset(day for day in days if day is not None)

    @property
    def billed_to(self) -> str:
        """The party on the customer's account: the bill-to, by default the customer."""
        return self.bill_to.id if self.bill_to is not None else self.customer.id

    def as_json(self) -> dict[str, Any]:
        """Plain JSON types, amounts as strings; fields that were not set are left out."""
        return self.model_dump(mode="json", exclude_unset=True)

    def as_text(self) -> str:
        """`as_json` as compact JSON text."""
        return self.model_dump_json(exclude_unset=True)
