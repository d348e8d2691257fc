"""What becomes of entries and deals when their effects change: derived here and nowhere else.

A deal's state follows from its effects: `posted` (or `unwound`) when every entry stands in the ledger, `disputed`,
`refused` or `unknown` when one of them is, `planned` while any is on its way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from dealbooks.outbox.states import EffectState
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import deal_versions, deals, effects, entries

_S = EffectState
# The worst state of a deal's effects is what a person should see.
_WORST_FIRST = (_S.DISPUTED, _S.REFUSED, _S.UNKNOWN)
_CHUNK = 400


def settle_deals(tx: Tx, changed: Sequence[Row]) -> None:
    """Bring entries, versions and deals in line with the effects that just changed."""
    entry_ids = sorted({row["entry"] for row in changed if row["state"] == _S.POSTED.value})
    _post_entries(tx, entry_ids)
    _settle(tx, sorted({row["deal_id"] for row in changed if row["state"] != _S.SENDING.value}))


def _post_entries(tx: Tx, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        open_ = effects.c.entry.in_(some) & effects.c.state.not_in([_S.POSTED.value, _S.SUPERSEDED.value])
        waiting = {row.entry for row in tx.conn.execute(select(effects.c.entry).where(open_).distinct())}
        done = [entry for entry in some if entry not in waiting]
        columns = [column for column in entries.c if column.name not in ("body", "facts")]
        rows = tx.rows(select(*columns).where(entries.c.id.in_(done) & (entries.c.state == "planned")))
        tx.update("entries", rows, state="posted")


def _settle(tx: Tx, deal_ids: Sequence[str]) -> None:
    for start in range(0, len(deal_ids), _CHUNK):
        some = deal_ids[start : start + _CHUNK]
        rows = {row["id"]: row for row in tx.rows(select(deals).where(deals.c.id.in_(some)))}
        states: dict[str, set[str]] = {deal: set() for deal in rows}
        query = select(effects.c.deal_id, effects.c.state, func.count()).where(effects.c.deal_id.in_(list(rows)))
        for deal, state, _count in tx.conn.execute(query.group_by(effects.c.deal_id, effects.c.state)):
            states[deal].add(state)
        versions = _versions(tx, list(rows))
        finished, moved = [], []
        for deal, row in rows.items():
            own = versions.get(deal, _Versions())
            new = _deal_state(row, states[deal], own)
            if new in ("posted", "unwound", "cancelled"):
                finished.append(deal)
            if new != row["state"]:
                posted = (own.planned or row["version"]) if new in ("posted", "unwound") else row["posted_version"]
                moved.append((row, {"state": new, "posted_version": posted, "updated_at": tx.at}))
        tx.change("deals", moved)
        if finished:
            columns = [column for column in deal_versions.c if column.name not in ("deal", "provenance", "warnings")]
            planned = deal_versions.c.deal_id.in_(finished) & (deal_versions.c.state == "planned")
            tx.update("deal_versions", tx.rows(select(*columns).where(planned)), state="posted")


@dataclass(slots=True)
class _Versions:
    """What is planned of a deal: the newest version that has entries (0: none), whether it takes the sale back, and
    whether a newer one waits to be planned."""

    planned: int = 0
    unwinds: bool = False
    waits: bool = False
    waiting_unwinds: bool = False


def _versions(tx: Tx, deal_ids: Sequence[str]) -> dict[str, _Versions]:
    found: dict[str, _Versions] = {}
    columns = (deal_versions.c.deal_id, deal_versions.c.version, deal_versions.c.state, deal_versions.c.note)
    query = select(*columns).where(deal_versions.c.deal_id.in_(deal_ids)).order_by(deal_versions.c.version)
    for row in tx.conn.execute(query):
        own = found.setdefault(row.deal_id, _Versions())
        if row.state in ("planned", "posted"):
            own.planned, own.unwinds, own.waits = row.version, row.note == "unwound", False
        elif row.state in ("accepted", "held"):
            own.waits, own.waiting_unwinds = True, row.note == "unwound"
    return found


def _deal_state(row: Row, states: set[str], versions: _Versions) -> str:
    for state in _WORST_FIRST:
        if state.value in states:
            return state.value
    if versions.waits:
        return "unwinding" if versions.waiting_unwinds else "accepted"
    unwinds = versions.unwinds if versions.planned else row["state"] in ("unwinding", "unwound")
    if states & {_S.HELD.value, _S.PENDING.value, _S.SENDING.value}:
        return "unwinding" if unwinds else "planned"
    if unwinds:
        return "unwound"
    return "posted" if row["state"] in _ON_THE_WAY else str(row["state"])


_ON_THE_WAY = ("planned", "posted", "accepted", "unwinding", *(state.value for state in _WORST_FIRST))
