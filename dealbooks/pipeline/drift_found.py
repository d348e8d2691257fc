"""Findings of the drift watch, as people see them: shown, acknowledged, told."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, func, select

from dealbooks.drift import Finding
from dealbooks.errors import UsageError
from dealbooks.periods import PeriodState
from dealbooks.reconcile import Severity
from dealbooks.reconcile.life import ACKNOWLEDGED, GONE, OPEN
from dealbooks.store import Store, Tx
from dealbooks.store.db import read_rows
from dealbooks.store.tables import cursors, drift, exceptions, periods

_CHUNK = 400
_FIGURES = ("code", "ours", "theirs", "difference", "currency")


class DriftHouse(Protocol):
    """What this module needs of a house."""

    actor: str

    @property
    def store(self) -> Store:
        """The store."""


@dataclass(frozen=True, slots=True)
class DriftRow:
    """A finding and its life: `open`, `acknowledged` (by `who`, with `why`) or `gone`. Times are UTC."""

    finding: Finding
    state: str
    first_seen: str
    raised_at: str
    last_seen: str
    gone_at: str
    who: str
    why: str

    def rank(self) -> tuple[int, int, str, str]:
        """Worst first: closed months, then by severity, then the oldest."""
        return (not self.finding.closed, Severity(self.finding.severity).rank, self.first_seen, self.finding.id)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            **self.finding.as_json(), "state": self.state, "first_seen": self.first_seen, "raised_at": self.raised_at,
            "last_seen": self.last_seen, "gone_at": self.gone_at, "acknowledged_by": self.who, "note": self.why,
        }  # fmt: skip


def row_of(row: Mapping[str, Any]) -> DriftRow:
    """A row of the store."""
    return DriftRow(
        Finding.from_json(json.loads(row["body"])), row["state"], row["first_seen"], row["raised_at"],
        row["last_seen"], row["gone_at"], row["who"], row["why"],
    )  # fmt: skip


def findings(house: DriftHouse, book: str, states: Collection[str] = (OPEN,)) -> list[DriftRow]:
    """The findings of a book in some states, worst first. Asks no ledger."""
    with house.store.read() as conn:
        query = select(drift).where((drift.c.book == book) & drift.c.state.in_(list(states)))
        return sorted((row_of(row) for row in read_rows(conn, query)), key=DriftRow.rank)


def counts(conn: Connection, book: str) -> dict[str, int]:
    """How many findings of a book are in each state; those that are gone are not counted."""
    query = (
        select(drift.c.state, func.count())
        .where((drift.c.book == book) & (drift.c.state != GONE))
        .group_by(drift.c.state)
        .order_by(drift.c.state)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def last_look(conn: Connection, book: str) -> str:
    """When the ledger of a book was last looked at (UTC); empty: never."""
    return conn.execute(select(cursors.c.updated_at).where(cursors.c.source == f"drift {book}")).scalar() or ""


def acknowledge(house: DriftHouse, book: str, ids: Sequence[str], *, who: str, why: str) -> list[DriftRow]:
    """A person has seen these findings, and says why they may stand. One that changes later is open again.

    Raises:
        UsageError: there is no such open finding, or who or why is missing.
    """
    if not who.strip() or not why.strip():
        raise UsageError("A finding is acknowledged by somebody, with a note.", fix="Give --who and --note.")
    with house.store.transaction(house.actor, f"acknowledge drift of {book}") as tx:
        mine = (drift.c.book == book) & drift.c.finding.in_(list(ids)) & (drift.c.state == OPEN)
        rows = tx.rows(select(drift).where(mine))
        if unknown := sorted(set(ids) - {row["finding"] for row in rows}):
            raise UsageError(
                f"{book} has no open finding {', '.join(unknown)}.", fix=f"'dealbooks drift {book}' lists them."
            )
        changed = tx.update("drift", rows, state=ACKNOWLEDGED, who=who.strip(), why=why.strip())
    return sorted((row_of(row) for row in changed), key=DriftRow.rank)


def signed_with(conn: Connection, book: str, found: Sequence[Finding]) -> dict[str, tuple[str, str]]:
    """Of these findings those that stood in a month when it was signed, with the same figures, and which is closed: id
    -> who accepted it, and with which note. What changed after the lock is not among them."""
    by_id = {one.id: one for one in found}
    signed: dict[str, tuple[str, str]] = {}
    names = [f"{book}/{name}" for name in sorted(by_id)]
    of_month = (periods.c.book == exceptions.c.book) & (periods.c.period == exceptions.c.period)
    kept = (exceptions.c.state == ACKNOWLEDGED) & (periods.c.state == PeriodState.LOCKED.value)
    before = exceptions.c.raised_at <= periods.c.changed_at
    for start in range(0, len(names), _CHUNK):
        some = exceptions.c.id.in_(names[start : start + _CHUNK])
        query = select(exceptions).join(periods, of_month).where(some & kept & before)
        for row in read_rows(conn, query):
            then, now = json.loads(row["body"]), by_id[row["finding"]].as_json()
            if all(then[name] == now[name] for name in _FIGURES):
                signed[row["finding"]] = (row["who"], row["why"])
    return signed


def acknowledge_signed(tx: Tx, book: str) -> None:
    """What is open, and was signed as it stands when its month was closed, is acknowledged: with that signer's note."""
    rows = {
        row["finding"]: row for row in tx.rows(select(drift).where((drift.c.book == book) & (drift.c.state == OPEN)))
    }
    signed = signed_with(tx.conn, book, [row_of(row).finding for row in rows.values()])
    tx.change(
        "drift",
        [(rows[name], {"state": ACKNOWLEDGED, "who": who, "why": why}) for name, (who, why) in sorted(signed.items())],
    )


def untold(house: DriftHouse, book: str) -> list[DriftRow]:
    """Open findings that people were not told of as they stand now, worst first."""
    with house.store.read() as conn:
        open_ = (drift.c.book == book) & (drift.c.state == OPEN) & (drift.c.told != drift.c.mark)
        return sorted((row_of(row) for row in read_rows(conn, select(drift).where(open_))), key=DriftRow.rank)


def mark_told(house: DriftHouse, book: str, told: Sequence[DriftRow]) -> None:
    """People were told of these, as they stood."""
    with house.store.transaction(house.actor, f"told of drift of {book}") as tx:
        for one in told:
            own = (drift.c.id == f"{book}/{one.finding.id}") & (drift.c.mark == one.finding.mark)
            tx.conn.execute(drift.update().where(own).values(told=one.finding.mark))
