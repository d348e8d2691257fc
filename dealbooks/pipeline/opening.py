"""Opening balances: what stands in stock when a book goes live, one entry a store, stock number and account role."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from sqlalchemy import select

from dealbooks.catalogue import found
from dealbooks.draft import RawRecord
from dealbooks.entries import Entry, Line
from dealbooks.errors import ConfigError
from dealbooks.findings import Finding
from dealbooks.house import House
from dealbooks.ledger import Posting, PostingKey
from dealbooks.money import Money, MoneyError, exact
from dealbooks.outbox import Planned, enqueue
from dealbooks.pipeline.corrections import active_overrides, correct_columns
from dealbooks.pipeline.periods import closed_through
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.settings import BookFinder
from dealbooks.pipeline.side_rows import close_rows, other_currency, quarantine_rows
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import entries, inbox

EQUITY = "equity.opening_balances"
_DEAL = "opening"
_AHEAD = 7  # days that a balance may be dated after today


def take_opening(house: House, source: str, batch: int) -> int:
    """Enqueue an entry for each new opening balance of a batch; returns how many. A balance that was taken before is
    left alone, and refused when its amount, date or department is another one now. So is one that is dated in a closed
    period or in the future, or that is not in the book's currency."""
    finder = BookFinder(house, source)
    count = 0
    query = select(inbox).where((inbox.c.batch_id == batch) & (inbox.c.state == "new") & (inbox.c.kind == "opening"))
    with house.store.read() as conn:
        if not read_rows(conn, query.limit(1)):
            return 0
    for name in sorted(set(house.source_config(source).books.values())):
        house.ledger(name).get_ready()
    with house.store.transaction(house.actor, f"opening balances of batch {batch}") as tx:
        refused: list[tuple[Row, list[Finding]]] = []
        planned: dict[str, list[Planned]] = {}
        taken: list[Row] = []
        seen: dict[str, Entry] = {}
        rows = tx.rows(query.order_by(inbox.c.id))
        fixes = active_overrides(tx.conn, [row["natural_key"] for row in rows])
        closed = cache(lambda book: closed_through(tx.conn, book))
        for row in rows:
            record = record_of(row)
            record.findings = correct_columns(record, fixes.get(row["natural_key"], ()))
            book = finder.book_of_store(str(record.data.get("store_code") or ""))
            findings = _findings(house, source, book, record, row["place"])
            if book is None or findings:
                refused.append((row, findings))
                continue
            try:
                one = _planned(house, source, book, finder, record)
            except (MoneyError, ConfigError, ValueError) as error:
                refused.append((row, [found("S015", "amount", record.data.get("amount", ""), reason=str(error))]))
                continue
            key, entry = one.posting.key.wire(), one.posting.entry
            before = seen.get(key) or _recorded(tx.rows(select(entries).where(entries.c.id == key)))
            wrong = _changed(before, one.posting) if before else _misdated(house, book, one.posting, closed)
            if wrong:
                refused.append((row, wrong))
                continue
            taken.append(row)
            if before is None:
                seen[key] = entry
                planned.setdefault(book, []).append(one)
        for book, some in planned.items():
            count += len(enqueue(tx, house.ledger(book), some))
        tx.update("inbox", taken, state="applied")
        close_rows(tx, taken)
        quarantine_rows(tx, refused)
    return count


def _findings(house: House, source: str, book: str | None, record: RawRecord, place: str) -> list[Finding]:
    """Why a row cannot be turned into an entry, as far as can be said before that."""
    if book is None:
        store = str(record.data.get("store_code") or "")
        return [*record.findings, found("S017", "store_code", store, source=source)]
    return [*record.findings, *other_currency(record.data, place, house.book(book).currency)]


def _recorded(rows: list[Row]) -> Entry | None:
    return Entry.from_json(json.loads(rows[0]["body"])) if rows else None


def _changed(before: Entry, now: Posting) -> list[Finding]:
    """What is told in other words than when the balance was taken."""
    old, new = _terms(before), _terms(now.entry)
    names = [name for name in old if old[name] != new[name]]
    if not names:
        return []
    was, now_is = (" and ".join(f"{name} {terms[name]}" for name in names) for terms in (old, new))
    return [found("S016", names[0], now.stock_no, before=was, now=now_is)]


def _terms(entry: Entry) -> dict[str, object]:
    line = entry.lines[0]
    return {
        "amount": line.amount.amount, "date": entry.accounting_date.isoformat(),
        "department": line.dimensions["department"],
    }  # fmt: skip


def _misdated(house: House, book: str, now: Posting, closed: Callable[[str], date | None]) -> list[Finding]:
    """Why a new balance cannot be booked on its day."""
    day, until, today = now.entry.accounting_date, closed(book), house.today(book)
    if until is not None and day <= until:
        return [found("S020", "date", day, stock=now.stock_no, closed=until)]
    if day > today + timedelta(days=_AHEAD):
        return [found("S021", "date", day, stock=now.stock_no, days=_AHEAD, today=today)]
    return []


def _planned(house: House, source: str, book: str, finder: BookFinder, record: RawRecord) -> Planned:
    data = record.data
    stock_no, role = str(data["stock_number"]), str(data["account_role"])
    account_book = house.book(book)
    amount = Money(exact(str(data["amount"])), account_book.currency)
    place = _location(house, source, book, finder, str(data.get("store_code") or ""))
    own = {"location": place, "department": str(data.get("department") or "used"), "stock_no": stock_no}
    lines = (Line("opening", role, amount, None, own), Line("opening", EQUITY, -amount, None, own))
    name = "-".join(part for part in ("opening", place, stock_no, role) if part)
    entry = Entry(
        name, "opening.balance", date.fromisoformat(str(data["date"])), account_book.legal_entity,
        account_book.currency, lines,
    )  # fmt: skip
    posting = Posting(
        PostingKey(book, _DEAL, "opening", f"{place}/{stock_no}/{role}"), entry, deal_number=f"opening {stock_no}",
        stock_no=stock_no,
    )  # fmt: skip
    return Planned(posting, house.ledger(book).effects(posting))


def _location(house: House, source: str, book: str, finder: BookFinder, store_code: str) -> str:
    """Where a balance stands; without a store, at the source's only location in the book."""
    if store_code:
        return finder.location_of_store(book, store_code)
    places = [location for location, name in house.source_config(source).books.items() if name == book]
    return places[0] if len(places) == 1 else ""
