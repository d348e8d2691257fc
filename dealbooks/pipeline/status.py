"""Status: where everything stands, in counts, for each book and each source. Reads only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from dealbooks.house import House
from dealbooks.pipeline.attention import Attention, attention
from dealbooks.pipeline.drift_found import counts as drift_counts
from dealbooks.pipeline.events_shown import OPEN
from dealbooks.pipeline.periods import PeriodRow
from dealbooks.pipeline.periods import history as period_history
from dealbooks.pipeline.reopened import Reopening, reopened_now
from dealbooks.pipeline.signoff import half_signed
from dealbooks.pipeline.standing import Standing, standing_of
from dealbooks.pipeline.states import state_of
from dealbooks.pipeline.waits import NotReady, not_ready
from dealbooks.registry import source_platform
from dealbooks.source import Cursor
from dealbooks.store.tables import (
    audit,
    batches,
    cursors,
    deal_versions,
    deals,
    effects,
    events,
    facts,
    files,
    inbox,
    leases,
    quarantine,
)

_MOST_FILES = 20


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that was refused whole, and why."""

    name: str
    since: str
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"name": self.name, "since": self.since, "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True)
class HalfSigned:
    """A month that one person has signed, and that waits for a second: who signed it, and when."""

    book: str
    period: str
    who: str
    at: str

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return {"book": self.book, "period": self.period, "who": self.who, "at": self.at}


@dataclass(frozen=True, slots=True)
class BookStatus:
    """One book: deals and write calls by state, quarantine, facts, periods, when something last changed, and what of
    its ledger waits for something; `not_ready` the oldest deals that wait for the book's `post_when`; `drift` what the
    drift watch found, by state; `half_signed` the months that wait for a second signature."""

    book: str
    name: str
    deals: Mapping[str, int]
    effects: Mapping[str, int]
    quarantine: int
    facts: Mapping[str, int]
    periods: tuple[PeriodRow, ...]
    last_change: str
    standing: Standing
    attention: tuple[Attention, ...] = ()
    not_ready: tuple[NotReady, ...] = ()
    reopened: tuple[Reopening, ...] = ()
    drift: Mapping[str, int] = field(default_factory=dict)
    half_signed: tuple[HalfSigned, ...] = ()

    @property
    def needs_person(self) -> int:
        """How many things wait for a person."""
        stuck = sum(self.deals.get(state, 0) for state in ("held", "disputed", "refused"))
        waits = self.facts.get("conflict", 0) + self.drift.get("open", 0)
        months = len([one for one in self.reopened if one.over]) + len(self.half_signed)
        return stuck + self.quarantine + waits + months

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "name": self.name, "deals": dict(self.deals), "effects": dict(self.effects),
            "quarantine": self.quarantine, "facts": dict(self.facts), "needs_person": self.needs_person,
            "periods": [one.as_json() for one in self.periods], "last_change": self.last_change,
            "standing": self.standing.as_json(),
            "attention": [one.as_json() for one in self.attention],
            "not_ready": [one.as_json() for one in self.not_ready],
            "reopened": [one.as_json() for one in self.reopened], "drift": dict(self.drift),
            "half_signed": [one.as_json() for one in self.half_signed],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class SweepStatus:
    """Where the sweeps of a source over an API stand: how many records were taken, when it was read last (empty:
    never), from where the next sweep goes on (None: it reads everything), and when it was last asked for deals that are
    gone."""

    records: int
    last_sweep: str
    cursor: Cursor | None
    asked_at: str

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "records": self.records, "last_sweep": self.last_sweep,
            "cursor": None if self.cursor is None else dict(self.cursor), "asked_at": self.asked_at,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source: files by state, those that are held, or how it is swept where it has no files; and the last new
    rows."""

    source: str
    platform: str
    files: Mapping[str, int]
    held: tuple[HeldFile, ...]
    last_rows: str
    swept: SweepStatus | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "source": self.source, "platform": self.platform, "files": dict(self.files),
            "held": [one.as_json() for one in self.held], "last_rows": self.last_rows,
            "swept": None if self.swept is None else self.swept.as_json(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeaseStatus:
    """Who works on what now."""

    name: str
    holder: str
    until: str

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return {"name": self.name, "holder": self.holder, "until": self.until}


@dataclass(frozen=True, slots=True)
class Status:
    """Everything. `unassigned` are rows in quarantine of which no book is known, `events` those that were not looked
    at yet, that wait for their deal, that a person must look at, or whose deal never came, by state."""

    books: tuple[BookStatus, ...]
    sources: tuple[SourceStatus, ...]
    leases: tuple[LeaseStatus, ...]
    unassigned: int
    events: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "books": [one.as_json() for one in self.books], "sources": [one.as_json() for one in self.sources],
            "leases": [one.as_json() for one in self.leases], "quarantine_without_book": self.unassigned,
            "events": dict(self.events),
        }  # fmt: skip


def status(house: House) -> Status:
    """Where everything stands now; nothing is changed and no ledger is asked."""
    periods = {book: period_history(house, book) for book in house.config.books}
    standings = {book: standing_of(house, book) for book in house.config.books}
    waits = {book: not_ready(house, book) for book in house.config.books}
    opened = {book: reopened_now(house.store, book) for book in house.config.books}
    with house.store.read() as conn:
        waiting = _counts(conn, quarantine.c.book, quarantine.c.state == "open")
        books = tuple(
            _book(conn, house, standings[book], waiting.get(book, 0), periods[book], waits[book], opened[book])
            for book in house.config.books
        )
        sources = tuple(_source(conn, house, source) for source in house.config.sources)
        held = select(leases).where(leases.c.expires_at > house.store.now()).order_by(leases.c.name)
        told = _counts(conn, events.c.state, events.c.state.in_(["new", *OPEN]))
        working = tuple(LeaseStatus(row.name, row.holder, row.expires_at) for row in conn.execute(held))
    unassigned = sum(n for book, n in waiting.items() if book not in house.config.books)
    return Status(books, sources, working, unassigned, told)


def _book(
    conn: Connection,
    house: House,
    standing: Standing,
    waiting: int,
    periods: tuple[PeriodRow, ...],
    waits: tuple[NotReady, ...],
    opened: tuple[Reopening, ...],
) -> BookStatus:
    book = standing.book
    last = conn.execute(select(func.max(audit.c.at)).where(audit.c.book == book)).scalar()
    return BookStatus(
        book, house.book_config(book).name, _deals(conn, book), _counts(conn, effects.c.state, effects.c.book == book),
        waiting, _counts(conn, facts.c.state, facts.c.book == book), periods, last or "",
        standing, attention(conn, book, house.store.now()), waits, opened, drift_counts(conn, book),
        tuple(
            HalfSigned(book, one.period, one.signatures[0]["name"], one.signatures[0]["at"])
            for one in half_signed(conn, book)
        ),
    )  # fmt: skip


def _deals(conn: Connection, book: str) -> dict[str, int]:
    """Deals by the one state that a person sees."""
    with_held = select(deal_versions.c.deal_id).where(
        (deal_versions.c.book == book) & (deal_versions.c.state == "held")
    )
    held = {row.deal_id for row in conn.execute(with_held)}
    counts = _counts(conn, deals.c.state, deals.c.book == book)
    if not held:
        return counts
    own = select(deals.c.id, deals.c.state).where((deals.c.book == book) & deals.c.id.in_(with_held))
    for row in conn.execute(own):
        shown = state_of(row.state, held=True)
        counts[row.state] -= 1
        counts[shown] = counts.get(shown, 0) + 1
    return {state: count for state, count in sorted(counts.items()) if count}


def _counts(conn: Connection, column: Any, condition: Any) -> dict[str, int]:
    query = select(column, func.count()).where(condition).group_by(column).order_by(column)
    return {row[0]: row[1] for row in conn.execute(query)}


def _source(conn: Connection, house: House, source: str) -> SourceStatus:
    query = select(files).where((files.c.source == source) & (files.c.state == "held")).order_by(files.c.id.desc())
    held = tuple(
        HeldFile(row.name, row.first_seen, _reasons(row.judgement)) for row in conn.execute(query.limit(_MOST_FILES))
    )
    last = conn.execute(select(func.max(batches.c.created_at)).where(batches.c.source == source)).scalar()
    platform = house.source_config(source).platform
    return SourceStatus(
        source, platform, _counts(conn, files.c.state, files.c.source == source), held, last or "",
        _swept(conn, source) if source_platform(platform).kind == "records" else None,
    )  # fmt: skip


def _swept(conn: Connection, source: str) -> SweepStatus:
    own = (inbox.c.source == source) & (inbox.c.kind == "deal")
    records = conn.execute(select(func.count(inbox.c.natural_key.distinct())).where(own)).scalar_one()
    row = conn.execute(select(cursors.c.body, cursors.c.updated_at).where(cursors.c.source == source)).first()
    place = json.loads(row.body) if row is not None else {}
    at = row.updated_at if row is not None else ""
    return SweepStatus(records, at, place.get("cursor"), place.get("asked_at", ""))


def _reasons(judgement: str) -> tuple[str, ...]:
    found = json.loads(judgement or "{}").get("findings", [])
    return tuple(one["message"] for one in found)
