"""Every amount of a deal with its path and currency, and the shared arithmetic of the rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from dealbooks.deal.model import Deal
from dealbooks.deal.parts import Chargeback, Deposit, Funding, Part, Payment, Rebate, Refund, SaleLine
from dealbooks.money import minor_digits, round_amount

_WithAmount = Deposit | Payment | Refund | Rebate | Funding | Chargeback

DEDUCTIONS = frozenset({"discount", "auction_fee"})
_OF_DEAL = ("contract_total", "rounding_tolerance")
_OF_CAR = ("cost", "recon_cost", "pack", "holdback", "floorplan_amount", "stock_book_purchase_price")
_OF_TRANSFER = ("from_cost", "from_recon_cost", "price")
_OF_TRADE = ("allowance", "acv", "payoff", "input_tax_amount")
_OF_FINANCE = ("reserve", "flat", "gross_cap_cost", "cap_cost_reduction", "residual", "withheld_by_lessor")
_OF_TAX = ("base_cap", "trade_in_credit_cap")
_OF_PLAN = ("pack", "minimum", "maximum", "flat")


class PlacedAmount(NamedTuple):
    """An amount where it stands; `per_unit` ones may have more decimals than the currency."""

    path: str
    value: Decimal
    currency: str
    per_unit: bool = False


def extended(line: SaleLine, currency: str) -> Decimal:
    """Quantity x unit price, rounded half up to the minor unit (deal model, section 0)."""
    return round_amount(line.quantity * line.unit_price, currency)


def tolerance(deal: Deal) -> Decimal:
    """How far a total may be off: what the deal says, else 0.05, in a currency without decimals 2 (section 4)."""
    if deal.rounding_tolerance is not None:
        return deal.rounding_tolerance
    return Decimal(2) if minor_digits(deal.currency) == 0 else Decimal("0.05")


def text(value: Decimal) -> str:
    """An amount as people read it: no exponent, no minus before nil."""
    return format(value if value else abs(value), "f")


def amounts(deal: Deal) -> Iterator[PlacedAmount]:
    """Every amount that the sign convention calls positive. The unit prices of the lines have rules of their own."""
    yield from _vehicle(deal)
    yield from _lines(deal)
    yield from _tax(deal)
    yield from _settlement(deal)
    yield from _finance(deal)
    yield from _commission(deal)


def _named(part: Part, names: Sequence[str], currency: str, prefix: str = "") -> Iterator[PlacedAmount]:
    for name in names:
        value = getattr(part, name)
        if value is not None:
            yield PlacedAmount(prefix + name, value, currency)


def _vehicle(deal: Deal) -> Iterator[PlacedAmount]:
    yield from _named(deal.vehicle, _OF_CAR, deal.base_currency, "vehicle.")
    if deal.group_transfer is not None:
        yield from _named(deal.group_transfer, _OF_TRANSFER, deal.base_currency, "group_transfer.")


def _lines(deal: Deal) -> Iterator[PlacedAmount]:
    for index, line in enumerate(deal.lines):
        yield PlacedAmount(f"lines[{index}].quantity", line.quantity, deal.currency, per_unit=True)
        if line.cost is not None:
            yield PlacedAmount(f"lines[{index}].cost", line.cost, deal.base_currency, per_unit=True)


def _tax(deal: Deal) -> Iterator[PlacedAmount]:
    for index, component in enumerate(deal.tax.components):
        yield from _named(component, _OF_TAX, deal.currency, f"tax.components[{index}].")


def _settlement(deal: Deal) -> Iterator[PlacedAmount]:
    currency = deal.currency
    for index, trade in enumerate(deal.trade_ins):
        yield from _named(trade, _OF_TRADE, currency, f"trade_ins[{index}].")
    groups: dict[str, Sequence[_WithAmount]] = {
        "deposits": deal.deposits,
        "payments": deal.payments,
        "refunds": deal.refunds,
        "rebates": deal.rebates,
        "fundings": deal.fundings,
        "chargebacks": deal.chargebacks,
    }
    for name, group in groups.items():
        for index, part in enumerate(group):
            yield PlacedAmount(f"{name}[{index}].amount", part.amount, currency)
    for index, incentive in enumerate(deal.dealer_incentives):
        yield PlacedAmount(f"dealer_incentives[{index}].amount", incentive.amount, deal.base_currency)
    yield from _named(deal, _OF_DEAL, currency)


def _finance(deal: Deal) -> Iterator[PlacedAmount]:
    if deal.finance is not None:
        yield from _named(deal.finance, _OF_FINANCE, deal.currency, "finance.")


def _commission(deal: Deal) -> Iterator[PlacedAmount]:
    for index, plan in enumerate(deal.commission_plans):
        yield from _named(plan, _OF_PLAN, plan.currency or deal.base_currency, f"commission_plans[{index}].")
