"""Money received: one entry per receipt, under its own key, never in the sale entry (posting-rules.md section 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from typing import NamedTuple

from dealbooks.book import Locks
from dealbooks.deal import Deal, Deposit, Payment
from dealbooks.entries import Entry
from dealbooks.money import Money
from dealbooks.posting.arithmetic import cut, total
from dealbooks.posting.deposit_tax import DepositTax, write_deposit_tax
from dealbooks.posting.errors import PostingError
from dealbooks.posting.foreign import on_account, rate_of_deal, relieved
from dealbooks.posting.roles import customer_account
from dealbooks.posting.settlement import deposit_held
from dealbooks.posting.sheet import Dated, Dims, Sheet, entry, open_day

PART = "payment"
NO_TAX: Mapping[str, DepositTax] = {}
AT_DEAL_RATE = "Valued at the exchange rate of the deal: it states none of its own."


def receipts_of(
    deal: Deal,
    sale: Entry | None,
    found: Mapping[str, Entry],
    locks: Locks,
    taxed: Mapping[str, DepositTax] = NO_TAX,
) -> list[Entry]:
    """Entries for deposits and payments that are not recorded yet; `sale` is the newest sale entry, `taxed` the tax of
    deposits that were taken in an earlier VAT period.

    A receipt whose amount was corrected gets an entry for the difference, `receipt-<receipt_id>-v<version>`; one that
    is taken back whole, or put back, without a new version of the deal `receipt-<receipt_id>-r<number>`: what is
    recorded is never edited.
    """
    new: list[Entry] = []
    for deposit in deal.deposits:
        held = deposit_held(deal, deposit.receipt_id)
        other = _Side("deposit.received", "payable.customer_deposits", held)
        new += _receipt(deal, deposit, other, found, locks, None, taxed.get(deposit.receipt_id))
    if not deal.payments:
        return new
    account = _Account(deal, sale, found) if deal.currency != deal.base_currency else None
    other = _Side("payment.received", "receivable.customer", customer_account(deal))
    for payment in deal.payments:
        new += _receipt(deal, payment, other, found, locks, account)
    return new


class _Side(NamedTuple):
    """What a receipt settles."""

    event: str
    role: str
    dims: Dims


class _Account:
    """In foreign currency: what of the customer's account is still booked, in base currency."""

    def __init__(self, deal: Deal, sale: Entry | None, found: Mapping[str, Entry]) -> None:
        self.deal = deal
        self.due, self.due_base = on_account([sale] if sale is not None else [], "receivable.customer")
        earlier = [entry for entry in found.values() if entry.event == "payment.received"]
        paid, paid_base = on_account(earlier, "receivable.customer")
        self.paid, self.paid_base = -paid, -paid_base

    def relieve(self, amount: Decimal, rate: Decimal) -> Decimal:
        """A part payment pro rata; the one that settles the account takes the rest (posting-rules.md section 2)."""
        if self.paid + amount == self.due:
            base = self.due_base - self.paid_base
        else:
            base = relieved(amount, self.due, self.due_base, rate, self.deal.base_currency)
        self.paid += amount
        self.paid_base += base
        return base


def _receipt(
    deal: Deal,
    receipt: Deposit | Payment,
    other: _Side,
    found: Mapping[str, Entry],
    locks: Locks,
    account: _Account | None,
    tax: DepositTax | None = None,
) -> list[Entry]:
    entry_id, amount, note, when = f"receipt-{receipt.receipt_id}", receipt.amount, "", receipt.date
    recorded = recorded_amount(found, receipt.receipt_id)
    if recorded is not None:
        amount -= recorded
        if not amount:
            return []
        entry_id, when, note = _correction(deal, entry_id, recorded, receipt, found)
    elif entry_id in found:
        raise PostingError(
            deal.deal_id,
            f"receipt {receipt.receipt_id} is called like {entry_id}, which corrects another receipt",
            fix="Give the receipt another number.",
        )
    if not amount:
        return []
    sheet = Sheet(deal.currency, deal.location, deal.department)
    sheet.debit(PART, "cash.undeposited", amount, (("method", receipt.method),))
    sheet.credit(PART, other.role, amount, other.dims)
    if tax is not None and recorded is None:
        write_deposit_tax(sheet, deal, receipt.receipt_id, tax)
    day = open_day(when, locks)
    deal_rate = rate_of_deal(deal)
    if deal_rate is None:
        return [entry(deal, entry_id, other.event, day, sheet.lines(), note=note)]
    return [_foreign(deal, receipt, sheet, entry_id, other.event, day, account, deal_rate)]


def recorded_amount(found: Mapping[str, Entry], receipt_id: str) -> Decimal | None:
    """What is recorded of a receipt, with its corrections; None when nothing is. A receipt that is called like the
    correction of another is known by what its entry says of itself."""
    entry_id = f"receipt-{receipt_id}"
    if entry_id not in found or _corrects(found[entry_id]):
        return None
    pattern, note = re.compile(re.escape(entry_id) + r"-[vr]\d+"), _noted(receipt_id)
    mine = [one for name, one in found.items() if pattern.fullmatch(name) and note in one.note]
    return total(on_account([one], "cash.undeposited")[0] for one in (found[entry_id], *mine))


def _noted(receipt_id: str) -> str:
    """How the note of every correction of a receipt begins."""
    return f"Receipt {receipt_id} was recorded with "


def _corrects(entry: Entry) -> bool:
    """Whether an entry is the correction of another receipt, by its own note."""
    of, _, number = entry.entry_id.removeprefix("receipt-").rpartition("-")
    return bool(of) and number[:1] in ("v", "r") and number[1:].isdecimal() and _noted(of) in entry.note


def _correction(
    deal: Deal, entry_id: str, recorded: Decimal, receipt: Deposit | Payment, found: Mapping[str, Entry]
) -> tuple[str, date, str]:
    note = f"{_noted(receipt.receipt_id)}{recorded}; it is {receipt.amount} now."
    receipts: list[Deposit | Payment] = [*deal.deposits, *deal.payments]
    taken = {*found, *(f"receipt-{one.receipt_id}" for one in receipts)}
    corrected = f"{entry_id}-v{deal.deal_version}"
    if deal.currency == deal.base_currency:
        if deal.deal_version > 1 and corrected not in taken:
            return corrected, deal.amended_at or deal.accounting_date, note
        if not receipt.amount or not recorded:
            numbers = (f"{entry_id}-r{number}" for number in count(1))
            return next(name for name in numbers if name not in taken), receipt.date, note
    raise PostingError(
        deal.deal_id,
        f"receipt {receipt.receipt_id} is recorded with {recorded}, but the deal says {receipt.amount}",
        fix="Give the further money a receipt number of its own.",
    )


def _foreign(
    deal: Deal,
    receipt: Deposit | Payment,
    sheet: Sheet,
    entry_id: str,
    event: str,
    day: Dated,
    account: _Account | None,
    deal_rate: Decimal,
) -> Entry:
    """Cash at the rate of the day it came, the account at what is booked; the difference is realised (G24)."""
    base_currency = deal.base_currency
    note = ""
    if isinstance(receipt, Payment) and account is not None:
        rate = _payment_rate(deal, receipt, deal_rate)
        off = account.relieve(receipt.amount, rate)
    else:
        rate = deal_rate
        off = cut(receipt.amount * rate, base_currency)
        note = AT_DEAL_RATE if receipt.date not in deal.rate_days else ""
    cash = cut(receipt.amount * rate, base_currency)
    written = sheet.lines()
    bases = [cash, -off, *(cut(one.amount.amount * rate, base_currency) for one in written[2:])]
    lines = [replace(one, base=Money(base, base_currency)) for one, base in zip(written, bases, strict=True)]
    if cash != off:
        lines.append(sheet.base_only(PART, "fx.realised", Money(off - cash, base_currency)))
    return entry(deal, entry_id, event, day, tuple(lines), fx_rate=rate, note=note)


def _payment_rate(deal: Deal, payment: Payment, deal_rate: Decimal) -> Decimal:
    if payment.fx_rate is not None and payment.fx_rate > 0:
        return payment.fx_rate
    if payment.date in deal.rate_days:
        return deal_rate
    raise PostingError(
        deal.deal_id,
        f"payment {payment.receipt_id} of {payment.date.isoformat()} is in {deal.currency} and has no exchange rate",
        fix="State the exchange rate of the day on which the payment came.",
    )
