"""One batch through everything that judges it: facts, opening balances, then deals. One process at a time a source."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from dealbooks.findings import Finding, Severity
from dealbooks.house import House
from dealbooks.pipeline.facts_taken import take_facts
from dealbooks.pipeline.opening import take_opening
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.validate import QuarantinedRow, ValidateResult, validate
from dealbooks.store import Lease, Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import batches, inbox, quarantine


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch. `deals` is None when it held none."""

    facts: int
    openings: int
    deals: ValidateResult | None


def source_lease(house: House, source: str) -> Lease:
    """Held by whoever reads a source or judges its batches: a batch is never judged while it is being filled."""
    return Lease(house.store, f"source:{source}")


def open_batches(house: House, source: str) -> list[int]:
    """Batches of a source that are extracted and not yet validated, oldest first."""
    with house.store.read() as conn:
        query = select(batches.c.id).where((batches.c.source == source) & (batches.c.state == "extracted"))
        return [row.id for row in conn.execute(query.order_by(batches.c.id))]


def take_batch(house: House, source: str, batch: int, progress: Progress = silent) -> Taken:
    """Judge every new row of a batch; whoever calls holds the source's lease.

    Raises:
        StopBatch: the batch could not be judged, or another process changed the same rows.
    """
    facts = take_facts(house, source, batch)
    openings = take_opening(house, source, batch)
    if _has_new_deals(house, batch):
        return Taken(facts, openings, validate(house, batch, progress=progress))
    with house.store.transaction(house.actor, f"finish batch {batch}") as tx:
        tx.update("batches", tx.rows(select(batches).where(batches.c.id == batch)), state="validated")
    return Taken(facts, openings, None)


def judge_again(
    house: House, source: str, who: str, action: str, prepare: Callable[[Tx], tuple[Sequence[Row], str]]
) -> ValidateResult:
    """Put rows of one source into a batch of their own and judge them again. `prepare` runs in the transaction that
    makes the batch, and gives the rows of the inbox and a note.

    Raises:
        LeaseLost: another process works on this source; nothing was changed.
    """
    with source_lease(house, source):
        with house.store.transaction(who, action) as tx:
            rows, note = prepare(tx)
            batch = _again(tx, source, rows, note)
        taken = take_batch(house, source, batch)
        return _outcome(house, source, batch, taken)


def _again(tx: Tx, source: str, rows: Sequence[Row], note: str) -> int:
    batch = tx.next_ids("batches")[0]
    fresh = tx.rows(select(inbox).where(inbox.c.id.in_([row["id"] for row in rows])))
    tx.insert(
        "batches",
        [
            {
                "id": batch, "source": source, "state": "extracted", "row_count": len(fresh),
                "summary": json.dumps({"note": note}), "created_at": tx.at,
            }
        ],
    )  # fmt: skip
    tx.update("inbox", fresh, state="new", batch_id=batch)
    return batch


def _has_new_deals(house: House, batch: int) -> bool:
    with house.store.read() as conn:
        new = (inbox.c.batch_id == batch) & (inbox.c.kind == "deal") & (inbox.c.state == "new")
        return conn.execute(select(inbox.c.id).where(new).limit(1)).first() is not None


def _outcome(house: House, source: str, batch: int, taken: Taken) -> ValidateResult:
    """The result of the deals, with the rows that are no deals counted in."""
    with house.store.read() as conn:
        others = (inbox.c.batch_id == batch) & (inbox.c.kind != "deal")
        rows = conn.execute(select(inbox.c.id, inbox.c.state).where(others)).all()
        waits = quarantine.c.inbox_id.in_([row.id for row in rows]) & (quarantine.c.state == "open")
        refused = conn.execute(select(quarantine).where(waits).order_by(quarantine.c.id)).all() if rows else []
    if not rows and taken.deals is not None:
        return taken.deals
    more = tuple(QuarantinedRow(row.deal_number, row.place, _errors(row.reasons)) for row in refused)
    deals = taken.deals or ValidateResult(batch, source, 0, 0, 0, 0, 0, 0, ())
    states = [row.state for row in rows]
    return ValidateResult(
        batch, source, deals.rows + len(rows), deals.accepted + states.count("applied"),
        deals.quarantined + states.count("quarantined"), deals.unchanged + states.count("unchanged"), deals.older,
        deals.warnings, deals.books, (*deals.refused, *more), deals.notices, deals.docs,
    )  # fmt: skip


def _errors(reasons: str) -> tuple[str, ...]:
    findings = [Finding.from_json(one) for one in json.loads(reasons)]
    return tuple(one.message for one in findings if one.severity is Severity.ERROR)
