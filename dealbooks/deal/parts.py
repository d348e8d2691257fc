"""The parts of a canonical deal: who buys what, how it is taxed, paid and financed, and who earns on it
(deal-model.md sections 1 to 8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dealbooks.deal.fields import (
    Currency,
    Day,
    FinanceType,
    LineKind,
    Mark,
    Name,
    PaymentMethod,
    SellerStatus,
    TaxAcquisition,
    TaxFraction,
    TaxRole,
    Text,
)
from dealbooks.money import Amount

ZERO = Decimal(0)
ONE = Decimal(1)


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
