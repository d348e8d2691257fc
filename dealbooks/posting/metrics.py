"""Gross of a deal, as the dealership measures it, in base currency (deal-model.md section 8)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, NamedTuple

from dealbooks.deal import Deal
from dealbooks.posting.arithmetic import ZERO, cut
from dealbooks.posting.cost import vehicle_cost
from dealbooks.posting.figures import Taxes
from dealbooks.posting.foreign import rate_of_deal
from dealbooks.posting.roles import CAR_PRICE, DEALER_FEES


class GrossStep(NamedTuple):
    """One amount that a gross is made of: what it is (a kind of line, or a word), and the line or car it is of."""

    side: Literal["front", "back"]
    what: str
    of: str
    amount: Decimal


def gross_of(deal: Deal, taxes: Taxes, second_hand: Decimal) -> tuple[Decimal, Decimal]:
    """Front and back gross: the sums of their steps."""
    front = back = ZERO
    for side, _, _, amount in gross_steps(deal, taxes, second_hand):
        if side == "front":
            front += amount
        else:
            back += amount
    return front, back


def gross_steps(deal: Deal, taxes: Taxes, second_hand: Decimal) -> Iterator[GrossStep]:
    """What front and back gross are made of. The presentation of F&I products changes neither. In a foreign-currency
    deal each revenue line is converted on its own; costs and incentives are in base currency already."""
    rate = rate_of_deal(deal)
    fees_in_front = deal.include_fees_in_front

    def base(amount: Decimal) -> Decimal:
        return amount if rate is None else cut(amount * rate, deal.base_currency)

    for line, _, net, _, cost in taxes.lines:
        kind = line.kind
        if kind in CAR_PRICE or (fees_in_front and kind in DEALER_FEES):
            yield GrossStep("front", kind, line.line_id, base(net))
        elif kind == "accessory":
            yield GrossStep("front", kind, line.line_id, base(net) - cost)
        elif kind == "fi_product":
            yield GrossStep("back", kind, line.line_id, base(net) - cost)
        elif kind == "insurance":
            yield GrossStep("back", kind, line.line_id, base(net - cost))
    if taxes.margin is not None:
        yield GrossStep("front", "margin tax", taxes.margin.stock_no, -taxes.margin.vat)
    for trade in deal.trade_ins:
        yield GrossStep("front", "over-allowance", trade.stock_no, -base(trade.allowance - trade.acv))
    car = deal.vehicle.stock_no
    yield GrossStep("front", "cost", car, second_hand - vehicle_cost(deal))
    yield GrossStep("front", "reconditioning", car, -deal.vehicle.recon_cost)
    for incentive in deal.dealer_incentives:
        yield GrossStep("front", "incentive", incentive.program, incentive.amount)
    if deal.finance is not None:
        yield GrossStep("back", "finance reserve", deal.finance.lender, base(deal.finance.reserve))
    for item in taxes.commission:
        yield GrossStep("back", "tax in commission", item.code, -base(item.tax))
