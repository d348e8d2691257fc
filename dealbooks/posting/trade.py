"""Part `trade`: the car taken in part-exchange; never a negative sales line (posting-rules.md sections 1 and 6)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from dealbooks.deal import Deal, TradeIn
from dealbooks.entries import Entry
from dealbooks.posting.arithmetic import ZERO, share_of, total
from dealbooks.posting.errors import PostingError
from dealbooks.posting.figures import StockBookTrade
from dealbooks.posting.roles import customer_account, stock
from dealbooks.posting.sheet import Sheet


def credit_inside(trade: TradeIn, paid: Decimal, currency: str) -> Decimal:
    """New Zealand: the tax credit inside what has been paid for a second-hand car, e.g. 3/23 of it (G20)."""
    fraction = trade.input_tax_fraction
    return ZERO if fraction is None else share_of(paid, fraction.numerator, fraction.denominator, currency)


def trades_of(deal: Deal, found: Mapping[str, Entry]) -> tuple[StockBookTrade, ...]:
    """Each trade-in with its stock value and equity; the credit is taken so far as the price is paid by set-off.

    Where the entry of its payoff is recorded in `found`, the price is paid with that too, and what that entry took of
    the credit is taken: an allowance that was amended afterwards brings the rest of the credit inside the new one.
    """
    trades: list[StockBookTrade] = []
    for trade in deal.trade_ins:
        if not trade.stock_no:
            raise PostingError(
                deal.deal_id, "a trade-in has no stock number of its own", fix="Give the traded car a stock number."
            )
        equity = trade.allowance - trade.payoff
        payoff = found.get(f"payoff-{trade.stock_no}")
        paid, taken = (ZERO, ZERO) if payoff is None or trade.input_tax_fraction is None else _with_payoff(payoff)
        by_now = min(max(equity + paid, ZERO), max(trade.allowance, ZERO)) if paid else max(equity, ZERO)
        inside = credit_inside(trade, by_now, deal.currency) - taken
        trades.append(StockBookTrade(trade, trade.allowance, trade.acv - inside, equity, inside))
    return tuple(trades)


def _with_payoff(payoff: Entry) -> tuple[Decimal, Decimal]:
    """What the entry of a payoff paid to the lienholder, and the credit that it took."""
    return (
        total(line.amount.amount for line in payoff.lines if line.role == "payable.trade_payoff"),
        total(line.amount.amount for line in payoff.lines if line.role == "tax.input"),
    )


def write_trades(sheet: Sheet, deal: Deal, trades: tuple[StockBookTrade, ...]) -> None:
    """Stock at what the car is worth, the difference to the allowance against revenue, the lien as a liability, and
    the equity on the customer's account (a debit when it is negative)."""
    for book in trades:
        trade = book.trade
        car = (("stock_no", trade.stock_no),)
        on_top = trade.input_tax_amount or ZERO
        if (on_top or book.input_tax_inside) and trade.input_tax_code is None:
            raise PostingError(
                deal.deal_id,
                f"trade-in {trade.stock_no} brings input tax without a tax code",
                fix="Give the trade-in's input tax its code.",
            )
        sheet.debit("trade", "inventory.used_vehicle", book.ledger_stock_value, car)
        sheet.debit("trade", "sales.over_allowance", trade.allowance - trade.acv, stock(deal))
        sheet.debit("trade", "tax.input", book.input_tax_inside + on_top, car, trade.input_tax_code)
        if trade.payoff:
            sheet.credit("trade", "payable.trade_payoff", trade.payoff, lien(deal, trade))
        sheet.credit("trade", "receivable.customer", book.equity + on_top, customer_account(deal))


def lien(deal: Deal, trade: TradeIn) -> tuple[tuple[str, str], ...]:
    """The lienholder's account for a traded car.

    Raises:
        PostingError: when a payoff is owed to nobody.
    """
    if trade.lienholder is None:
        raise PostingError(
            deal.deal_id,
            f"a payoff of {trade.payoff} is owed on trade-in {trade.stock_no}, but to whom is not stated",
            fix="Name the lienholder of the trade-in.",
        )
    return (("party", trade.lienholder), ("stock_no", trade.stock_no))
