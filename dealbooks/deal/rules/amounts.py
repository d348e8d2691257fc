"""Every amount of a deal with its path and currency, and the shared arithmetic of the rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from dealbooks.deal.model import Deal, Deposit, Funding, Incentive, Payment, Rebate, Refund, SaleLine
from dealbooks.money import minor_digits, round_amount

_WithAmount = Deposit | Payment | Refund | Rebate | Incentive | Funding

DEDUCTIONS = frozenset({"discount", "auction_fee"})


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
    yield from _settlement(deal)
    yield from _finance(deal)
    yield from _commission(deal)


def _some(currency: str, **values: Decimal | None) -> Iterator[PlacedAmount]:
    for path, value in values.items():
        if value is not None:
            yield PlacedAmount(path, value, currency)


def _under(prefix: str, placed: Iterator[PlacedAmount]) -> Iterator[PlacedAmount]:
    for amount in placed:
        yield amount._replace(path=f"{prefix}.{amount.path}")


def _vehicle(deal: Deal) -> Iterator[PlacedAmount]:
    car = deal.vehicle
    yield from _under(
        "vehicle",
        _some(
            deal.base_currency,
            cost=car.cost,
            recon_cost=car.recon_cost,
            pack=car.pack,
            holdback=car.holdback,
            floorplan_amount=car.floorplan_amount,
            stock_book_purchase_price=car.stock_book_purchase_price,
        ),
    )
    transfer = deal.group_transfer
    if transfer is not None:
        yield from _under(
            "group_transfer",
            _some(
                deal.base_currency,
                from_cost=transfer.from_cost,
                from_recon_cost=transfer.from_recon_cost,
                price=transfer.price,
            ),
        )


def _lines(deal: Deal) -> Iterator[PlacedAmount]:
    for index, line in enumerate(deal.lines):
        yield PlacedAmount(f"lines[{index}].quantity", line.quantity, deal.currency, per_unit=True)
        if line.cost is not None:
            yield PlacedAmount(f"lines[{index}].cost", line.cost, deal.base_currency, per_unit=True)


def _settlement(deal: Deal) -> Iterator[PlacedAmount]:
    currency = deal.currency
    for index, trade in enumerate(deal.trade_ins):
        named = _some(
            currency,
            allowance=trade.allowance,
            acv=trade.acv,
            payoff=trade.payoff,
            input_tax_amount=trade.input_tax_amount,
        )
        yield from _under(f"trade_ins[{index}]", named)
    groups: dict[str, Sequence[_WithAmount]] = {
        "deposits": deal.deposits,
        "payments": deal.payments,
        "refunds": deal.refunds,
        "rebates": deal.rebates,
        "dealer_incentives": deal.dealer_incentives,
        "fundings": deal.fundings,
    }
    for name, group in groups.items():
        for index, part in enumerate(group):
            yield PlacedAmount(f"{name}[{index}].amount", part.amount, currency)
    yield from _some(currency, contract_total=deal.contract_total, rounding_tolerance=deal.rounding_tolerance)


def _finance(deal: Deal) -> Iterator[PlacedAmount]:
    contract = deal.finance
    if contract is None:
        return
    yield from _under(
        "finance",
        _some(
            deal.currency,
            reserve=contract.reserve,
            flat=contract.flat,
            gross_cap_cost=contract.gross_cap_cost,
            cap_cost_reduction=contract.cap_cost_reduction,
            residual=contract.residual,
            withheld_by_lessor=contract.withheld_by_lessor,
        ),
    )


def _commission(deal: Deal) -> Iterator[PlacedAmount]:
    for index, plan in enumerate(deal.commission_plans):
        named = _some(
            plan.currency or deal.base_currency,
            pack=plan.pack,
            minimum=plan.minimum,
            maximum=plan.maximum,
            flat=plan.flat,
        )
        yield from _under(f"commission_plans[{index}]", named)
