"""Exports for one book and month: journal, trial balance, stock book of margin cars, commissions. Reads our store only.

Everything but what was superseded before it was sent is in them; what does not stand in the ledger yet says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from dealbooks.book import Book
from dealbooks.deal import Deal
from dealbooks.entries import Entry, Line
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.money import amount_text
from dealbooks.periods import Period
from dealbooks.pipeline.sheets import Cell, Sheet
from dealbooks.posting import Posted, post_deal
from dealbooks.store.tables import deal_versions, deals, entries

_ZERO = Decimal(0)
_CHUNK = 400


@dataclass(frozen=True, slots=True)
class _Recorded:
    entry: Entry
    deal_id: str
    deal: str
    version: int
    state: str


def export(house: House, what: str, book: str, period: str) -> Sheet:
    """An export of a book and a month (`2026-09`). `what` is a name of `EXPORTS`.

    Raises:
        UsageError: there is no such export or book, or the period is not written as year and month.
    """
    if what not in EXPORTS:
        raise UsageError(f"There is no export called {what}.", fix=f"Choose one of {', '.join(EXPORTS)}.")
    return EXPORTS[what](house, house.book(book), Period.parse(period))


def journal(house: House, book: Book, month: Period) -> Sheet:
    """Every line of every entry that is dated in the month, in the order of dates."""
    columns = (
        "date", "entry", "event", "deal", "state", "account", "account_name", "account_role", "debit", "credit",
        "currency", "tax_code", "location", "department", "stock_no", "note",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for one in _recorded(house, book.name, month, from_beginning=False):
        entry = one.entry
        for line in entry.lines:
            number, name = _account(book, line.role)
            places = line.dimensions
            rows.append(
                (
                    entry.accounting_date.isoformat(), entry.entry_id, entry.event, one.deal, one.state, number, name,
                    line.role, _cut(line.debit, entry.currency), _cut(line.credit, entry.currency), entry.currency,
                    line.tax_code or "", places.get("location", ""), places.get("department", ""),
                    places.get("stock_no", ""), entry.note,
                )
            )  # fmt: skip
    return Sheet(f"journal {month}", columns, tuple(rows))


def trial_balance(house: House, book: Book, month: Period) -> Sheet:
    """Every account in base currency: opening, debit and credit of the month, closing. Ours, as expected."""
    sums: dict[str, list[Decimal]] = {}
    for one in _recorded(house, book.name, month, from_beginning=True):
        inside = one.entry.accounting_date in month
        for line in one.entry.lines:
            amount = _in_base(one.entry, line)
            row = sums.setdefault(line.role, [_ZERO, _ZERO, _ZERO])
            if inside:
                row[1 if amount > 0 else 2] += abs(amount)
            else:
                row[0] += amount
    rows: list[tuple[Cell, ...]] = []
    for role, (opening, debit, credit) in sums.items():
        number, name = _account(book, role)
        figures = (opening, debit, credit, opening + debit - credit)
        rows.append((number, name, role, book.currency, *(_cut(one, book.currency) for one in figures)))
    columns = ("account", "account_name", "account_role", "currency", "opening", "debit", "credit", "closing")
    return Sheet(f"trial balance {month}", columns, tuple(sorted(rows, key=lambda row: (str(row[0]), str(row[2])))))


def stock_book(house: House, book: Book, month: Period) -> Sheet:
    """Cars sold under the margin scheme in the month, as the stock book shows them; a sale taken back is a negative."""
    columns = (
        "date", "stock_no", "vin", "deal", "customer", "purchase_price", "selling_price", "margin", "vat", "currency",
        "taken_back",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for one, deal, posted in _versions(house, book, month):
        sold = posted.stock_book_sale
        if sold is None:
            continue
        sign = 1 if one.entry.event == "sale.posted" else -1
        rows.append(
            (
                one.entry.accounting_date.isoformat(), sold.stock_no, deal.vehicle.vin, deal.deal_id,
                deal.customer.name or deal.customer.id, sign * sold.purchase_price, sign * sold.selling_price,
                sign * sold.margin, sign * sold.vat, deal.currency, "" if sign > 0 else "yes",
            )
        )  # fmt: skip
    return Sheet(f"stock book {month}", columns, tuple(rows))


def commissions(house: House, book: Book, month: Period) -> Sheet:
    """What each person earned by each deal of the month; a sale taken back is a negative."""
    columns = ("date", "person", "plan", "deal", "location", "amount", "currency", "taken_back")
    rows: list[tuple[Cell, ...]] = []
    for one, deal, posted in _versions(house, book, month):
        sign = 1 if one.entry.event == "sale.posted" else -1
        rows += [
            (
                one.entry.accounting_date.isoformat(), share.person, share.plan.plan_id, deal.deal_id,
                share.location or deal.location, sign * share.amount, book.currency, "" if sign > 0 else "yes",
            )
            for share in posted.commissions
        ]  # fmt: skip
    return Sheet(f"commissions {month}", columns, tuple(rows))


EXPORTS: Mapping[str, Callable[[House, Book, Period], Sheet]] = {
    "journal": journal,
    "trial-balance": trial_balance,
    "stock-book": stock_book,
    "commissions": commissions,
}


# -- inside --------------------------------------------------------------------------------------------------------


def _recorded(house: House, book: str, month: Period, *, from_beginning: bool) -> list[_Recorded]:
    condition = (entries.c.book == book) & (entries.c.state != "superseded")
    condition &= entries.c.accounting_date <= month.last.isoformat()
    if not from_beginning:
        condition &= entries.c.accounting_date >= month.first.isoformat()
    query = (
        select(entries, deals.c.deal_number)
        .join(deals, deals.c.id == entries.c.deal_id, isouter=True)
        .where(condition)
        .order_by(entries.c.accounting_date, entries.c.seq)
    )
    with house.store.read() as conn:
        return [
            _Recorded(
                Entry.from_json(json.loads(row["body"])), row["deal_id"], row["deal_number"] or row["entry_id"],
                row["version"], row["state"],
            )
            for row in conn.execute(query).mappings()
        ]  # fmt: skip


def _versions(house: House, book: Book, month: Period) -> Iterator[tuple[_Recorded, Deal, Posted]]:
    """Each sale, and each mirror of one, that is dated in the month, with its version worked out again. The cost entry
    of a sale, and its mirror, are left out: they belong to the same version."""
    events = ("sale.posted", "sale.reversed", "sale.unwound")
    sales = [
        one
        for one in _recorded(house, book.name, month, from_beginning=False)
        if one.entry.event in events and "cost" not in one.entry.entry_id
    ]
    names = sorted({f"{one.deal_id}/{one.version}" for one in sales})
    bodies: dict[str, str] = {}
    with house.store.read() as conn:
        for start in range(0, len(names), _CHUNK):
            chosen = deal_versions.c.id.in_(names[start : start + _CHUNK])
            query = select(deal_versions.c.id, deal_versions.c.deal).where(chosen)
            bodies.update((row.id, row.deal) for row in conn.execute(query))
    for one in sales:
        body: Any = bodies.get(f"{one.deal_id}/{one.version}")
        if body is not None:
            deal = Deal.model_validate_json(body)
            kept = tuple(event for event in deal.lifecycle if event.event == "completed")
            yield one, deal, post_deal(deal.model_copy(update={"lifecycle": kept, "refunds": ()}), book=book)


def _in_base(entry: Entry, line: Line) -> Decimal:
    return line.amount.amount if line.base is None else line.base.amount


def _cut(amount: Decimal, currency: str) -> Decimal:
    """An amount with the decimals of its currency: nothing is 0.00."""
    return Decimal(amount_text(amount, currency))


def _account(book: Book, role: str) -> tuple[str, str]:
    account = None if book.chart is None else book.chart.roles.get(role)
    return ("", role) if account is None else (account.number, account.name)
