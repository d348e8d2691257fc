"""Opening balances: what stands in stock when a book goes live, one entry a stock number and account role."""

from __future__ import annotations

import json
from datetime import date

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
from dealbooks.pipeline.facts import close_rows, quarantine_rows
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.settings import BookFinder
from dealbooks.store.db import Row
from dealbooks.store.tables import entries, inbox

EQUITY = "equity.opening_balances"
_DEAL = "opening"


def take_opening(house: House, source: str, batch: int) -> int:
    """Enqueue an entry for each new opening balance of a batch; returns how many. A balance that was taken before is
    left alone, and refused when its amount is another one now."""
    finder = BookFinder(house, source)
    count = 0
    with house.store.transaction(house.actor, f"opening balances of batch {batch}") as tx:
        query = select(inbox).where(
            (inbox.c.batch_id == batch) & (inbox.c.state == "new") & (inbox.c.kind == "opening")
        )
        refused: list[tuple[Row, list[Finding]]] = []
        planned: dict[str, list[Planned]] = {}
        taken: list[Row] = []
        seen: dict[str, str] = {}
        rows = tx.rows(query.order_by(inbox.c.id))
        fixes = active_overrides(tx.conn, [row["natural_key"] for row in rows])
        for row in rows:
            record = record_of(row)
            record.findings = correct_columns(record, fixes.get(row["natural_key"], ()))
            book = finder.book_of_store(str(record.data.get("store_code") or ""))
            if book is None or record.findings:
                store = str(record.data.get("store_code") or "")
                more = [] if book else [found("S017", "store_code", store, source=source)]
                refused.append((row, [*record.findings, *more]))
                continue
            try:
                one = _planned(house, book, finder, record)
            except (MoneyError, ConfigError, ValueError) as error:
                refused.append((row, [found("S015", "amount", record.data.get("amount", ""), reason=str(error))]))
                continue
            key = one.posting.key.wire()
            amount = str(one.posting.entry.total_debit)
            before = seen.get(key) or _recorded(tx.rows(select(entries).where(entries.c.id == key)))
            if before is not None:
                if before != amount:
                    words = {"before": before, "now": amount}
                    refused.append((row, [found("S016", "amount", record.data["stock_number"], **words)]))
                else:
                    taken.append(row)
                continue
            seen[key] = amount
            planned.setdefault(book, []).append(one)
            taken.append(row)
        for book, some in planned.items():
            count += len(enqueue(tx, house.ledger(book), some))
        tx.update("inbox", taken, state="applied")
        close_rows(tx, taken)
        quarantine_rows(tx, refused)
    return count


def _recorded(rows: list[Row]) -> str | None:
    return str(Entry.from_json(json.loads(rows[0]["body"])).total_debit) if rows else None


def _planned(house: House, book: str, finder: BookFinder, record: RawRecord) -> Planned:
    data = record.data
    stock_no, role = str(data["stock_number"]), str(data["account_role"])
    account_book = house.book(book)
    amount = Money(exact(str(data["amount"])), account_book.currency)
    place = finder.location_of_store(book, str(data.get("store_code") or ""))
    own = {"location": place, "department": str(data.get("department") or "used"), "stock_no": stock_no}
    lines = (Line("opening", role, amount, None, own), Line("opening", EQUITY, -amount, None, own))
    entry = Entry(
        f"opening-{stock_no}-{role}", "opening.balance", date.fromisoformat(str(data["date"])),
        account_book.legal_entity, account_book.currency, lines,
    )  # fmt: skip
    posting = Posting(
        PostingKey(book, _DEAL, "opening", f"{stock_no}/{role}"), entry, deal_number=f"opening {stock_no}",
        stock_no=stock_no,
    )  # fmt: skip
    return Planned(posting, house.ledger(book).effects(posting))
