"""Rules of cars taken in part-exchange (deal model, section 6)."""

from __future__ import annotations

from collections.abc import Iterator

from dealbooks.catalogue import found
from dealbooks.deal.model import Deal
from dealbooks.deal.parts import TradeIn
from dealbooks.deal.rules.amounts import text
from dealbooks.deal.rules.known import Known
from dealbooks.deal.vin import read_vin
from dealbooks.findings import Finding

_DOUBTS = {
    "impossible": "cannot be right",
    "wrong_check_digit": "fails its check digit",
}


def check_trades(deal: Deal, known: Known) -> Iterator[Finding]:
    """Each traded car has a stock number of its own, can be recognised, and its finance can be settled."""
    taken = {deal.vehicle.stock_no: "the car sold"} if deal.vehicle.stock_no else {}
    for index, trade in enumerate(deal.trade_ins):
        path = f"trade_ins[{index}]"
        if not trade.stock_no:
            yield found("D090", f"{path}.stock_no")
        elif trade.stock_no in taken:
            yield found("D091", f"{path}.stock_no", trade.stock_no, other=taken[trade.stock_no])
        else:
            taken[trade.stock_no] = "another part-exchange"
        if not trade.vin and not trade.registration:
            yield found("D092", f"{path}.vin", trade.stock_no)
        elif trade.vin and (doubt := _DOUBTS.get(read_vin(trade.vin).state)):
            yield found("D096", f"{path}.vin", trade.vin, why=doubt)
        yield from _settlement(deal, trade, path)


def _settlement(deal: Deal, trade: TradeIn, path: str) -> Iterator[Finding]:
    if trade.payoff > 0 and trade.lienholder is None:
        yield found("D093", f"{path}.lienholder", text(trade.payoff))
    until = deal.dates.funding or deal.dates.delivery or deal.dates.accounting
    good = trade.payoff_good_until
    if trade.payoff > 0 and trade.payoff_paid is None and good is not None and until is not None and good < until:
        yield found("D094", f"{path}.payoff_good_until", good, stock_no=trade.stock_no, until=until)
    with_tax = trade.input_tax_fraction is not None or trade.input_tax_amount is not None
    if with_tax and trade.input_tax_code is None:
        yield found("D095", f"{path}.input_tax_code", trade.stock_no)
