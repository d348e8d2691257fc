"""Gross of a deal, as the dealership measures it, in base currency (deal-model.md section 8)."""

from __future__ import annotations

from decimal import Decimal

from dealbooks.deal import Deal
from dealbooks.posting.arithmetic import ZERO, cut, total
from dealbooks.posting.cost import vehicle_cost
from dealbooks.posting.figures import Taxes
from dealbooks.posting.foreign import rate_of_deal
from dealbooks.posting.roles import CAR_PRICE, DEALER_FEES


def gross_of(deal: Deal, taxes: Taxes, second_hand: Decimal) -> tuple[Decimal, Decimal]:
    """Front and back gross. The presentation of F&I products changes neither. In a foreign-currency deal each
    revenue line is converted on its own; costs and incentives are in base currency already."""
    rate = rate_of_deal(deal)

    def base(amount: Decimal) -> Decimal:
        return amount if rate is None else cut(amount * rate, deal.base_currency)

    front = back = ZERO
    for priced in taxes.lines:
        kind = priced.line.kind
        if kind in CAR_PRICE:
            front += base(priced.net)
        elif kind == "accessory":
            front += base(priced.net) - priced.cost
        elif kind == "fi_product":
            back += base(priced.net) - priced.cost
        elif kind == "insurance":
            back += base(priced.net - priced.cost)
        elif deal.include_fees_in_front and kind in DEALER_FEES:
            front += base(priced.net)
    if taxes.margin is not None:
        front -= taxes.margin.vat
    for trade in deal.trade_ins:
        front -= base(trade.allowance - trade.acv)
    front -= vehicle_cost(deal) + deal.vehicle.recon_cost - second_hand
    front += total(incentive.amount for incentive in deal.dealer_incentives)
    if deal.finance is not None:
        back += base(deal.finance.reserve)
    for item in taxes.commission:
        back -= base(item.tax)
    return front, back
