"""The periods of a book as the store knows them, every change sealed in the book's audit chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from sqlalchemy import Connection, select

from dealbooks.book import Locks
from dealbooks.ledger import Ledger
from dealbooks.periods import Period, PeriodState, check_move
from dealbooks.periods import closed_through as closed_through_of
from dealbooks.store import Store, Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import periods


class PeriodHouse(Protocol):
    """What this module needs of a house."""

    @property
    def store(self) -> Store:
        """The store."""

    def ledger(self, book: str) -> Ledger:
        """The ledger of a book."""


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A period of a book as it stands: its state, who brought it there and when, and its last certificate (JSON)."""

    book: str
    period: Period
    state: PeriodState
    who: str = ""
    note: str = ""
    certificate: str = ""
    changed_at: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "period": str(self.period), "state": self.state.value, "who": self.who,
            "note": self.note, "changed_at": self.changed_at,
        }  # fmt: skip


def locks(house: PeriodHouse, book: str) -> Locks:
    """Until when a book is closed: by us, or by the ledger's own closing date, whichever is later.

    Raises:
        StopConnection: the ledger has closing dates and cannot be asked now.
    """
    with house.store.read() as conn:
        ours = closed_through(conn, book)
    ledger = house.ledger(book)
    theirs = ledger.lock_date() if ledger.capabilities.lock_dates else None
    return Locks(max((day for day in (ours, theirs) if day is not None), default=None))


def closed_through(conn: Connection, book: str) -> date | None:
    """The last closed day of a book by our own periods. Whoever writes entries asks this again in that transaction,
    so that a close in between is seen."""
    return closed_through_of(states(conn, book))


def states(conn: Connection, book: str) -> dict[Period, PeriodState]:
    """The state of every period of a book that has ever been touched; all others are open."""
    query = select(periods.c.period, periods.c.state).where(periods.c.book == book)
    return {Period.parse(row.period): PeriodState(row.state) for row in conn.execute(query)}


def history(house: PeriodHouse, book: str) -> tuple[PeriodRow, ...]:
    """The periods of a book that have been touched, oldest first."""
    with house.store.read() as conn:
        query = select(periods).where(periods.c.book == book).order_by(periods.c.period)
        return tuple(_period_row(dict(row)) for row in conn.execute(query).mappings())


def is_closed(house: PeriodHouse, book: str, period: str) -> bool:
    """Whether a period (`2026-03`) of a book is locked."""
    with house.store.read() as conn:
        return find(conn, book, Period.parse(period)).state is PeriodState.LOCKED


def find(conn: Connection, book: str, period: Period) -> PeriodRow:
    """A period of a book; an open one when it was never touched."""
    row = conn.execute(select(periods).where(periods.c.id == _id(book, period))).mappings().first()
    return PeriodRow(book, period, PeriodState.OPEN) if row is None else _period_row(dict(row))


def move(
    tx: Tx, book: str, period: Period, state: PeriodState, *, who: str, note: str = "", certificate: str | None = None
) -> PeriodRow:
    """Bring a period into a state, in the caller's transaction. `certificate` stays as it is when it is None.

    Raises:
        BrokenInvariant: the period cannot go there from where it stands.
    """
    old = find(tx.conn, book, period)
    check_move(period, old.state, state)
    values: Row = {
        "state": state.value, "who": who, "note": note, "changed_at": tx.at,
        "certificate": old.certificate if certificate is None else certificate,
    }  # fmt: skip
    row: Row = {"id": _id(book, period), "book": book, "period": str(period)}
    if old.changed_at:
        tx.change("periods", [(row, values)])
    else:
        tx.insert("periods", [row | values])
    return _period_row(row | values)


def _id(book: str, period: Period) -> str:
    return f"{book}/{period}"


def _period_row(row: Mapping[str, Any]) -> PeriodRow:
    return PeriodRow(
        row["book"], Period.parse(row["period"]), PeriodState(row["state"]), row["who"], row["note"],
        row["certificate"], row["changed_at"],
    )  # fmt: skip
