"""The canonical deal as pydantic models: structure and types only (deal-model.md).

What a value means together with other values is checked in `dealbooks.deal.rules`, which returns findings; here a
deal that cannot be read at all raises pydantic's ValidationError. Amounts are exact decimals in the deal currency,
costs in the book's base currency; dates are business dates in the location's time zone.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from dealbooks.deal.fields import Currency, Day, DealType, Name, SaleClass, Status, Text
from dealbooks.deal.parts import (
    ZERO,
    BillTo,
    Chargeback,
    ChargebackReserve,
    CommissionPlan,
    Customer,
    Dates,
    Deposit,
    Finance,
    Funding,
    GroupTransfer,
    Incentive,
    LifecycleEvent,
    Part,
    Payment,
    Rebate,
    Refund,
    SaleLine,
    Tax,
    TradeIn,
    Vehicle,
)
from dealbooks.money import Amount


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
