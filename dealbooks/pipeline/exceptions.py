"""The life of exceptions over the runs of a reconciliation: first seen, still open, changed, gone and by what, back.

An exception is known by its id, in a book. It lies in the newest month in which it was found. A run of that month that
does not find it ends it; so does one of a later month, for what balances say (period-close.md section 3).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from dealbooks.canonical import canonical_text, sha256_hex
from dealbooks.config import BookConfig
from dealbooks.errors import UsageError
from dealbooks.pipeline.drift_found import acknowledge_signed
from dealbooks.pipeline.reconcile import ReconcileHouse, Reconciliation
from dealbooks.pipeline.since import local_day, since_of
from dealbooks.pipeline.solved import solved_by
from dealbooks.reconcile import ReconException, Severity
from dealbooks.reconcile.life import ACKNOWLEDGED, GONE, OPEN, Lived, lived
from dealbooks.reconcile.lists import KINDS
from dealbooks.reconcile.model import money_text
from dealbooks.reconcile.openitems import CARRIED
from dealbooks.store import Store, Tx
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import drift, exceptions

_CHUNK = 400


class ExceptionsHouse(Protocol):
    """What this module needs of a house."""

    @property
    def store(self) -> Store:
        """The store."""

    @property
    def actor(self) -> str:
        """Who or what runs this."""

    def book_config(self, name: str) -> BookConfig:
        """The settings of a book."""


class KeepingHouse(ReconcileHouse, Protocol):
    """A house that reconciles, and keeps what came of it."""

    @property
    def actor(self) -> str:
        """Who or what runs this."""


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """An exception and its life: `open`, `acknowledged` (by `who`, with `why`) or `gone` (`gone_by`, in words). `since`
    is the day when it was first seen, in the book's time zone; times are UTC; `back_at` is when it came again."""

    id: str
    code: str
    severity: str
    deal: str
    where: str
    what: str
    difference: str
    currency: str
    cure: str
    period: str
    state: str
    since: date
    first_seen: str
    first_run: int
    raised_at: str
    last_seen: str
    gone_at: str
    gone_by: str
    back_at: str
    who: str
    why: str

    @property
    def since_words(self) -> str:
        """Such as “since 2026-08-03, run 4; again since 2026-09-01”."""
        again = f"; again since {self.back_at[:10]}" if self.back_at else ""
        return f"{self.since.isoformat()}, run {self.first_run}{again}"

    def age(self, today: date) -> int:
        """For how many days it has been known."""
        return (today - self.since).days

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "id": self.id, "code": self.code, "severity": self.severity, "deal": self.deal, "where": self.where,
            "what": self.what, "difference": self.difference, "currency": self.currency, "cure": self.cure,
            "period": self.period, "state": self.state, "since": self.since.isoformat(),
            "first_seen": self.first_seen, "first_run": self.first_run, "raised_at": self.raised_at,
            "last_seen": self.last_seen, "gone_at": self.gone_at, "gone_by": self.gone_by, "back_at": self.back_at,
            "who": self.who, "note": self.why,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Looked:
    """A reconciliation that was kept: the number of the run, which exceptions (by id) are new, changed or back with it,
    and those that it ended."""

    rec: Reconciliation
    run: int
    raised: tuple[str, ...]
    ended: tuple[ExceptionRow, ...]


@dataclass(frozen=True, slots=True)
class _Living:
    """An exception in a month, as `lived` wants it."""

    found: ReconException
    period: str

    @property
    def id(self) -> str:
        return self.found.id

    @property
    def subject(self) -> str:
        return self.found.subject

    @property
    def code(self) -> str:
        return self.found.code

    @property
    def mark(self) -> str:
        one = self.found
        said = [one.code, one.ours, one.theirs, money_text(one.difference, one.currency), one.currency, self.period]
        return sha256_hex(canonical_text(said))[:20]

    def as_json(self) -> dict[str, Any]:
        return self.found.as_json()


def keep(house: KeepingHouse, rec: Reconciliation) -> Looked:
    """Keep what a run found: when each exception was first seen, which are gone and by what. Gives the reconciliation
    with it. A second run over the same books changes nothing but its number and when each was last seen."""
    book, zone = rec.book, house.book_config(rec.book).zone()
    with house.store.transaction(house.actor, f"keep the exceptions of {rec.period}") as tx:
        [run] = tx.next_ids(f"reconcile {book}")  # one run of a book at a time
        names = [f"{book}/{one.id}" for one in rec.exceptions]
        known = _known(tx, book, names)
        later = {name for name, row in known.items() if row["period"] > rec.period}
        found = [_Living(one, rec.period) for one in rec.exceptions if f"{book}/{one.id}" not in later]
        here = {name: row for name, row in known.items() if name not in later}
        unsettled = {item.deal for item in rec.cut_off} - {""}

        def looked_at(row: Row) -> bool:
            if json.loads(row["body"])["deal"] in unsettled:
                return False  # hidden: the deal itself waits for somebody
            of_list = str(row["subject"]).partition(" ")[0] in KINDS  # each month has its own
            return bool(row["period"] == rec.period or (row["code"] in CARRIED and not of_list))

        life = lived(book, here, found, looked_at, tx.at, fresh={"gone_by": ""})
        _write(tx, book, run, rec, life)
    with house.store.read() as conn:
        since = since_of(conn, book, [one.id for one in rec.exceptions], zone)
        over = [row["id"] for row, values in life.changed if values["state"] == GONE]
        ended = [row_of(row, zone) for row in _by_name(conn, over)]
    raised = tuple(name.removeprefix(f"{book}/") for name in life.raised)
    return Looked(replace(rec, since=since), run, raised, tuple(sorted(ended, key=_rank)))


def _write(tx: Tx, book: str, run: int, rec: Reconciliation, life: Lived) -> None:
    watched = _watched(tx, [row["id"] for row in life.added])
    tx.insert(
        "exceptions",
        [
            row | {"first_run": run, "back_at": "", "first_seen": min(watched.get(row["id"], tx.at), tx.at)}
            for row in life.added
        ],
    )
    raised = set(life.raised)
    now = [one for one in rec.exceptions if f"{book}/{one.id}" in raised]
    alike: dict[tuple[str, ...], list[tuple[Row, Row]]] = {}
    for row, values in life.changed:
        new = dict(values)
        if new["state"] == GONE:
            new["gone_by"] = solved_by(row, rec, now)
        elif row["state"] == GONE:
            new["back_at"] = tx.at
        alike.setdefault(tuple(new), []).append((row, new))
    for pairs in alike.values():
        tx.change("exceptions", pairs)
    for some in _chunks(life.seen):
        tx.conn.execute(exceptions.update().where(exceptions.c.id.in_(some)).values(last_seen=tx.at))


def _known(tx: Tx, book: str, names: Sequence[str]) -> dict[str, Row]:
    """What is not gone in a book, and of what is gone that which was found again."""
    rows = tx.rows(select(exceptions).where((exceptions.c.book == book) & (exceptions.c.state != GONE)))
    return {row["id"]: row for row in (*rows, *_by_name(tx.conn, names))}


def _by_name(conn: Connection, names: Sequence[str]) -> list[Row]:
    return [
        row for some in _chunks(names) for row in read_rows(conn, select(exceptions).where(exceptions.c.id.in_(some)))
    ]


def _watched(tx: Tx, names: Sequence[str]) -> dict[str, str]:
    """When the drift watch saw the same for the first time."""
    return {
        row["id"]: row["first_seen"]
        for some in _chunks(names)
        for row in tx.rows(select(drift.c.id, drift.c.first_seen).where(drift.c.id.in_(some)))
    }


def _chunks(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + _CHUNK] for start in range(0, len(names), _CHUNK))


def row_of(row: Mapping[str, Any], zone: ZoneInfo) -> ExceptionRow:
    """A row of the store."""
    body = json.loads(row["body"])
    return ExceptionRow(
        row["finding"], row["code"], body["severity"], body["deal"], body["where"], body["what"], body["difference"],
        body["currency"], body["cure"], row["period"], row["state"], local_day(row["first_seen"], zone),
        row["first_seen"], row["first_run"], row["raised_at"], row["last_seen"], row["gone_at"], row["gone_by"],
        row["back_at"], row["who"], row["why"],
    )  # fmt: skip


def _rank(row: ExceptionRow) -> tuple[int, str, str]:
    """Worst first, then the oldest."""
    return (Severity(row.severity).rank, row.first_seen, row.id)


def exceptions_of(
    house: ExceptionsHouse, book: str, states: Collection[str] = (OPEN,), *, period: str = ""
) -> list[ExceptionRow]:
    """The exceptions of a book in some states, worst first; of one month, where it is given. Asks no ledger."""
    zone = house.book_config(book).zone()
    mine = (exceptions.c.book == book) & exceptions.c.state.in_(list(states))
    if period:
        mine &= exceptions.c.period == period
    with house.store.read() as conn:
        return sorted((row_of(row, zone) for row in read_rows(conn, select(exceptions).where(mine))), key=_rank)


def acknowledge(house: ExceptionsHouse, book: str, ids: Sequence[str], *, who: str, why: str) -> list[ExceptionRow]:
    """A person has looked at these exceptions, and says what is done about them. It accepts nothing: a close still
    asks. One that changes, or is still there in the next month, is open again.

    Raises:
        UsageError: there is no such open exception, or who or why is missing.
    """
    who, why, zone = " ".join(who.split()), why.strip(), house.book_config(book).zone()
    if not who or not why:
        raise UsageError("An exception is acknowledged by somebody, with a note.", fix="Give --who and --note.")
    with house.store.transaction(house.actor, f"acknowledge exceptions of {book}") as tx:
        mine = (exceptions.c.book == book) & exceptions.c.finding.in_(list(ids)) & (exceptions.c.state == OPEN)
        rows = tx.rows(select(exceptions).where(mine))
        if unknown := sorted(set(ids) - {row["finding"] for row in rows}):
            raise UsageError(
                f"{book} has no open exception {', '.join(unknown)}.", fix=f"'dealbooks exceptions {book}' lists them."
            )
        changed = tx.update("exceptions", rows, state=ACKNOWLEDGED, who=who, why=why)
    return sorted((row_of(row, zone) for row in changed), key=_rank)


def closed_with(tx: Tx, book: str, period: str, accepted: Mapping[str, tuple[str, str]], who: str) -> None:
    """A month is locked: what is open of it was accepted (id -> who and why), or needed nobody's acceptance. What the
    drift watch has of the same is acknowledged with it."""
    mine = (exceptions.c.book == book) & (exceptions.c.period == period) & (exceptions.c.state != GONE)
    pairs: list[tuple[Row, Row]] = []
    for row in tx.rows(select(exceptions).where(mine)):
        if row["state"] == OPEN or row["finding"] in accepted:
            unasked = (who, "stood when the month was closed; nobody had to accept it")
            name, note = accepted.get(row["finding"], unasked)
            pairs.append((row, {"state": ACKNOWLEDGED, "who": name, "why": note}))
    tx.change("exceptions", pairs)
    acknowledge_signed(tx, book)
