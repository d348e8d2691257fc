"""Money received and paid as documents: payments, deposits, refunds, fundings, payoffs. Pure.

What is on the customer's account is a payment or a refund, applied to the sale's document; everything else is money in
or out against the account that it settles. An entry that is both (a refund of a deposit and of a payment) is two.
"""

from __future__ import annotations

from collections.abc import Sequence

from dealbooks.documents.facts import InvoiceFacts
from dealbooks.documents.sale import journals_of
from dealbooks.documents.target import ZERO, Mode, Target
from dealbooks.documents.values import CUSTOMER, DocumentSet, Journal, MoneyDocument, MoneyKind
from dealbooks.entries import Entry, Line
from dealbooks.money import Money

PAYMENT = "payment"
_NAMES = {kind: kind.value.replace("_", "-") for kind in MoneyKind}
# Accounts that money is on: the bank, the till, and what is agreed to be refunded.
_MONEY = ("cash.bank", "cash.undeposited", "payable.customer_refund")


def money_documents(entry: Entry, target: Target, facts: InvoiceFacts | None) -> DocumentSet | None:
    """The documents of an entry about money; None when it is not one (no line, or several, on a money account).

    `facts` are those of the sale that the money is for.
    """
    money: Line | None = None
    account: list[Line] = []
    rest: list[Line] = []
    exchange: list[Line] = []
    other_parts: list[Line] = []
    for line in entry.lines:
        if line.part != PAYMENT:
            other_parts.append(line)
        elif line.role in _MONEY:
            if money is not None:
                return None
            money = line
        elif line.role == CUSTOMER:
            account.append(line)
        elif line.role.startswith("fx."):
            exchange.append(line)
        else:
            rest.append(line)
    if money is None:
        return None
    (account or rest).extend(exchange)
    if facts is not None and target.mode is Mode.SALES_RECEIPT:
        for receipt in facts.paid:
            if receipt.entry_id == entry.entry_id:
                return DocumentSet(entry.entry_id, target.mode, (), (), facts.entry_id)
    found: list[MoneyDocument | Journal] = []
    if account:
        incoming = money.amount.amount > 0
        kind = MoneyKind.PAYMENT if incoming else MoneyKind.REFUND
        settles = facts.entry_id if facts is not None and incoming else ""
        found.append(_document(entry, kind, _share(money, account, alone=not rest), account, settles))
    if rest:
        kind = MoneyKind.MONEY_IN if money.amount.amount > 0 else MoneyKind.MONEY_OUT
        found.append(_document(entry, kind, _share(money, rest, alone=not account), rest, ""))
    found += journals_of(entry, other_parts, target)
    return DocumentSet(entry.entry_id, target.mode, tuple(found))


def _share(money: Line, lines: Sequence[Line], *, alone: bool) -> Line:
    """The money that goes with some of the lines: all of it when they are alone."""
    if alone:
        return money
    amount = -sum([line.amount.amount for line in lines], ZERO)
    base = None
    if money.base is not None:
        bases = [line.base.amount for line in lines if line.base is not None]
        base = Money(-sum(bases, ZERO), money.base.currency)
    return Line(money.part, money.role, Money(amount, money.amount.currency), money.tax_code, money.dimensions, base)


def _document(entry: Entry, kind: MoneyKind, money: Line, lines: Sequence[Line], settles: str) -> MoneyDocument:
    party = next((line.dimensions["party"] for line in lines if "party" in line.dimensions), "")
    return MoneyDocument(
        _NAMES[kind],
        kind,
        entry.entry_id,
        entry.accounting_date,
        entry.currency,
        party,
        money,
        tuple(lines),
        settles,
        abs(money.amount.amount) if settles else ZERO,
        entry.fx_rate,
        entry.base_currency,
    )
