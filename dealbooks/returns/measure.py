"""What one line of an entry adds to a box. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext
from fractions import Fraction

from dealbooks.deal import Deal
from dealbooks.entries import Line
from dealbooks.money import round_amount
from dealbooks.posting.arithmetic import EXACT, ZERO
from dealbooks.posting.figures import Figures, StockBookTrade
from dealbooks.posting.sale import figures_of
from dealbooks.returns.form import Take
from dealbooks.returns.model import Fact

_SALES = ("sale.posted", "sale.reversed", "sale.unwound")


def figures(version: Deal, paid_off: Iterable[Fact] = ()) -> Figures:
    """Everything that a version comes to, as it was posted over the payoffs that were recorded before it."""
    with localcontext(EXACT):
        return figures_of(version, {one.entry.entry_id: one.entry for one in paid_off})


def sign_of(fact: Fact) -> int:
    """1 for a sale, -1 for its mirror, 0 for anything else, the costs of a foreign-currency deal too."""
    entry = fact.entry
    if entry.event not in _SALES or "cost" in entry.entry_id:
        return 0
    return 1 if entry.event == "sale.posted" else -1


def booked(line: Line) -> Decimal:
    """A line's amount in the book's own currency, debit positive."""
    return line.amount.amount if line.base is None else line.base.amount


def measured(take: Take, fact: Fact, line: Line, rate: Decimal | None, currency: str) -> tuple[Decimal, str]:
    """What a line adds to a box, and what is wrong with it in words ("" when nothing is).

    `rate` is that of the line's tax code in the form; `currency` that of the return.
    """
    amount = booked(line)
    if take == "credit":
        return -amount, ""
    if take == "debit":
        return amount, ""
    if take == "commission_back":
        return _commission_back(fact, amount), ""
    if take == "margin_net":
        return _margin_net(fact, line, rate, currency)
    if take == "second_hand_price":
        return _second_hand_price(fact, line, rate, currency)
    return _behind(take, -amount if line.role != "tax.input" else amount, line, rate, currency)


def _commission_back(fact: Fact, amount: Decimal) -> Decimal:
    """Of a product of our own the provider takes back its cost, not a commission: nothing to correct here."""
    deal = fact.version
    known = () if deal is None else deal.chargebacks
    item = next((one for one in known if f"chargeback-{one.chargeback_id}" == fact.entry.entry_id), None)
    if deal is None or item is None or item.line_id is None:
        return amount
    line = next((one for one in deal.lines if one.line_id == item.line_id), None)
    return amount if line is None or line.kind == "insurance" else ZERO


def _behind(take: Take, tax: Decimal, line: Line, rate: Decimal | None, currency: str) -> tuple[Decimal, str]:
    """The value or the price behind a tax, rounded to the minor unit."""
    if not rate:
        return ZERO, f"the form has no rate for tax code {line.tax_code}, so the value behind its tax is not known"
    value = round_amount(Fraction(tax) / Fraction(rate), currency)
    return (value + tax if take == "price_of_tax" else value), ""


def _margin_net(fact: Fact, line: Line, rate: Decimal | None, currency: str) -> tuple[Decimal, str]:
    sold = None if fact.version is None else figures(fact.version).taxes.margin
    if sold is None or not sign_of(fact):
        return _behind("value_of_tax", -booked(line), line, rate, currency)
    return sign_of(fact) * (sold.margin - sold.vat), ""


def _second_hand_price(fact: Fact, line: Line, rate: Decimal | None, currency: str) -> tuple[Decimal, str]:
    """What was paid for the traded car: by set-off in the sale, the rest when its lien was paid off; an allowance that
    was amended after that brings the difference. A car that brings tax on top of its allowance was bought for both."""
    trades = () if fact.version is None else figures(fact.version, fact.paid_off).trades
    found = next((one for one in trades if one.trade.stock_no == line.dimensions.get("stock_no")), None)
    if found is None:
        return _behind("price_of_tax", booked(line), line, rate, currency)
    trade, side = found.trade, sign_of(fact) or 1
    if trade.input_tax_amount:
        return side * (trade.allowance + trade.input_tax_amount), ""
    return side * (_set_off(fact, found) if line.part == "trade" else trade.allowance - max(found.equity, ZERO)), ""


def _set_off(fact: Fact, taken: StockBookTrade) -> Decimal:
    """What a sale pays of a traded car's price. Where its payoff is recorded already, that paid for it too, as far as
    the money reached, and the part that the payoff stands for was told with the payoff."""
    trade = taken.trade
    before = [one for one in fact.paid_off if one.entry.entry_id == f"payoff-{trade.stock_no}"]
    if trade.input_tax_fraction is None or not before:
        return max(taken.equity, ZERO)
    paid = told = ZERO
    for one in before:
        paid += sum((line.amount.amount for line in one.entry.lines if line.role == "payable.trade_payoff"), ZERO)
        trades = () if one.version is None else one.version.trade_ins
        told += sum(
            (was.allowance - max(was.allowance - was.payoff, ZERO) for was in trades if was.stock_no == trade.stock_no),
            ZERO,
        )
    return min(max(taken.equity + paid, ZERO), max(trade.allowance, ZERO)) - told
