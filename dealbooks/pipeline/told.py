"""What matched events told of deals, for readiness; and the day that a sale is booked on, where the book asks for one.

That day is decided when a version is planned, and written into the version: what is told later changes nothing any
more, and a later version of a sale that stands in the ledger keeps the day of that sale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, select

from dealbooks.canonical import sha256_hex
from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.events.moments import told_at
from dealbooks.house import House
from dealbooks.pipeline.standing import standing_of
from dealbooks.readiness import NOTHING_TOLD, Told, booked_on, cannot_be, is_ended, missing_for
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import deals, events

_KINDS = {"document.signed": "signed", "invoice.issued": "invoiced"}
_CHUNK = 400


def told_of(conn: Connection, house: House, book: str, ids: Sequence[str]) -> dict[str, Told]:
    """What was told of some deals of a book. Of each kind the newest counts, and the day on which an event came only
    where none says when it happened. What a sender's test mode told counts for no live book."""
    columns = (events.c.kind, events.c.occurred_at, events.c.received_at, events.c.test, events.c.deal_id)
    found: dict[str, dict[str, tuple[bool, date]]] = {}
    live: bool | None = None
    for start in range(0, len(ids), _CHUNK):
        mine = events.c.deal_id.in_(ids[start : start + _CHUNK])
        told = (events.c.state == "matched") & events.c.kind.in_(list(_KINDS))
        query = select(*columns, deals.c.location).join(deals, deals.c.id == events.c.deal_id).where(mine & told)
        for row in read_rows(conn, query):
            if row["test"]:
                live = standing_of(house, book).mode == "live" if live is None else live
                if live:
                    continue
            days = found.setdefault(row["deal_id"], {})
            name, day = _KINDS[row["kind"]], (told_at(row["occurred_at"]) is not None, _day(house, book, row))
            days[name] = max(day, days.get(name, day))
    return {deal: Told(**{name: day for name, (_, day) in days.items()}) for deal, days in found.items()}


def _day(house: House, book: str, row: Row) -> date:
    """The day of an event where the deal is, by what its sender says where that can be, else by when it came."""
    moment = told_at(row["occurred_at"]) or datetime.fromisoformat(row["received_at"])
    return moment.astimezone(house.book_config(book).zone(row["location"])).date()


def day_of(house: House, book: str, deal: Deal, recorded: Iterable[Entry], told: Told = NOTHING_TOLD) -> date | None:
    """The day that a sale is to be booked on, when it is not the one that the deal states. A sale that is recorded
    keeps its day; one in a foreign currency is booked on the stated day, to which its exchange rate belongs."""
    if not _is_moved(house, book, deal):
        return None
    sales = _sales(recorded)
    if sales:
        first = min(sales, key=lambda entry: int(entry.entry_id.rpartition("-v")[2]))
        day: date | None = first.original_date or first.accounting_date
    else:
        day = booked_on(deal, house.book_config(book).post_when, told, today=house.today(book))
        if day is not None and _cannot_be(house, book, deal, day):
            return None  # and it waits: see `missing`
    return day if day != deal.sold_on else None


def missing(house: House, book: str, deal: Deal, recorded: Iterable[Entry], told: Told = NOTHING_TOLD) -> list[str]:
    """What is missing before a deal may be posted, in words: its conditions, and a day that it can be booked on."""
    wanted, today = house.book_config(book).post_when, house.today(book)
    lacking = missing_for(deal, wanted, told, today=today)
    if lacking or is_ended(deal) or not _is_moved(house, book, deal) or _sales(recorded):
        return lacking
    day = booked_on(deal, wanted, told, today=today)
    if day is None or not _cannot_be(house, book, deal, day):
        return []
    return [
        f"a day that it can be booked on: {day} is too far from the sale, or still to come. Correct the deal's record, "
        "or ignore the event that tells that day ('dealbooks events')"
    ]


def _is_moved(house: House, book: str, deal: Deal) -> bool:
    """Whether the book asks for another day than the stated one."""
    return house.book_config(book).post_when.date != "stated" and deal.currency == deal.base_currency


def _cannot_be(house: House, book: str, deal: Deal, day: date) -> bool:
    return cannot_be(day, deal, today=house.today(book), post_from=house.book_config(book).post_from)


def _sales(recorded: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in recorded if entry.event == "sale.posted"]


def dated(deal: Deal, day: date) -> Deal:
    """The deal with the day that it is booked on. What changes it later is not of an earlier day."""
    changes: dict[str, object] = {"dates": deal.dates.model_copy(update={"accounting": day})}
    if deal.amended_at is not None:
        changes["amended_at"] = max(deal.amended_at, day)
    return deal.model_copy(update=changes)


def version_dated(version: Row, deal: Deal) -> Row:
    """What changes in a version's row when the day is decided."""
    body = deal.as_text()
    note = ", ".join(text for text in (version["note"], f"booked on {deal.accounting_date}") if text)
    return {"deal": body, "deal_hash": sha256_hex(body), "note": note}
