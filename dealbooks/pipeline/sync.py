"""Sync: everything that is new at the sources, through all stages, into the books.

    extract -> validate -> transform -> load

Each stage can be killed and run again. A source or a ledger that fails does not stop the others; the result says so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from dealbooks.errors import StopBatch, StopConnection
from dealbooks.house import House
from dealbooks.outbox import DrainResult
from dealbooks.pipeline.extract import ExtractResult, extract
from dealbooks.pipeline.facts import link_facts, take_facts
from dealbooks.pipeline.load import load
from dealbooks.pipeline.opening import take_opening
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.transform import TransformResult, transform
from dealbooks.pipeline.validate import ValidateResult, validate
from dealbooks.store.tables import batches, inbox


@dataclass(slots=True)
class SyncResult:
    """What a sync did. `failures` are sources, batches and ledgers that could not be worked on, in words."""

    extracted: list[ExtractResult] = field(default_factory=list)
    validated: list[ValidateResult] = field(default_factory=list)
    facts: int = 0
    openings: int = 0
    transformed: list[TransformResult] = field(default_factory=list)
    loaded: list[DrainResult] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 when every deal it saw is posted or already was, 3 when some are not (design.md section 6)."""
        held = any(one.held for one in self.extracted) or any(one.quarantined for one in self.validated)
        stuck = any(one.held for one in self.transformed)
        return 3 if self.failures or held or stuck or not all(one.clean for one in self.loaded) else 0

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "exit_code": self.exit_code,
            "extracted": [one.as_json() for one in self.extracted],
            "validated": [one.as_json() for one in self.validated],
            "facts": self.facts,
            "opening_balances": self.openings,
            "transformed": [one.as_json() for one in self.transformed],
            "loaded": [one.as_json() for one in self.loaded],
            "failures": self.failures,
        }


def sync(
    house: House,
    *,
    sources: Sequence[str] | None = None,
    since: date | None = None,
    approve: Collection[str] = (),
    post: bool = True,
    progress: Progress = silent,
) -> SyncResult:
    """Run all stages. `sources` defaults to all; `post=False` stops before anything is sent."""
    result = SyncResult()
    names = list(sources) if sources else list(house.config.sources)
    for source in names:
        try:
            result.extracted.append(extract(house, source, since=since, progress=progress))
        except (StopConnection, StopBatch) as error:
            result.failures.append(f"source {source}: {error.message}")
    for source in names:
        take_batches(house, source, result, progress)
    books = sorted({book for source in names for book in house.source_config(source).books.values()})
    for book in books:
        try:
            link_facts(house, book)
            result.transformed.append(transform(house, book, approve=approve, progress=progress))
            if post:
                result.loaded.append(load(house, book, progress=progress))
        except (StopConnection, StopBatch) as error:
            result.failures.append(f"book {book}: {error.message}")
    return result


def take_batches(house: House, source: str, result: SyncResult, progress: Progress = silent) -> None:
    """Validate every batch of a source that waits, oldest first; facts and opening balances are taken on the way."""
    for batch in open_batches(house, source):
        try:
            result.facts += take_facts(house, source, batch)
            result.openings += take_opening(house, source, batch)
            if _has_deals(house, batch):
                result.validated.append(validate(house, batch, progress=progress))
            else:
                _finish(house, batch)
        except StopBatch as error:
            result.failures.append(f"batch {batch} of {source}: {error.message}")
            return


def open_batches(house: House, source: str) -> list[int]:
    """Batches of a source that are extracted and not yet validated."""
    with house.store.read() as conn:
        query = select(batches.c.id).where((batches.c.source == source) & (batches.c.state == "extracted"))
        return [row.id for row in conn.execute(query.order_by(batches.c.id))]


def _has_deals(house: House, batch: int) -> bool:
    with house.store.read() as conn:
        query = select(inbox.c.id).where((inbox.c.batch_id == batch) & (inbox.c.kind == "deal")).limit(1)
        return conn.execute(query).first() is not None


def _finish(house: House, batch: int) -> None:
    with house.store.transaction(house.actor, f"finish batch {batch}") as tx:
        tx.update("batches", tx.rows(select(batches).where(batches.c.id == batch)), state="validated")
