"""Sync: everything that is new at the sources, through all stages, into the books.

    extract -> validate -> transform -> load

Then sources that show it to their people are told how their deals stand. Each stage can be killed and run again. A
source or a ledger that fails does not stop the others; the result says so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from dealbooks.errors import StopBatch, StopConnection
from dealbooks.house import House
from dealbooks.outbox import DrainResult
from dealbooks.pipeline.batches import open_batches, source_lease, take_batch
from dealbooks.pipeline.events import TakenEvents, take_events
from dealbooks.pipeline.extract import ExtractResult, extract
from dealbooks.pipeline.facts import link_facts
from dealbooks.pipeline.load import load
from dealbooks.pipeline.payments import TakenPayments, take_payments
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.signatures import TakenSignatures, take_signatures
from dealbooks.pipeline.standings import ToldBack, tell_standings
from dealbooks.pipeline.transform import TransformResult, transform
from dealbooks.pipeline.validate import ValidateResult
from dealbooks.store.tables import inbox


@dataclass(slots=True)
class SyncResult:
    """What a sync did. `failures` are sources, batches and ledgers that could not be worked on, in words. Facts and
    opening balances are counted as taken, and as refused."""

    extracted: list[ExtractResult] = field(default_factory=list)
    validated: list[ValidateResult] = field(default_factory=list)
    facts: int = 0
    openings: int = 0
    refused_facts: int = 0
    refused_openings: int = 0
    transformed: list[TransformResult] = field(default_factory=list)
    loaded: list[DrainResult] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    events: TakenEvents = field(default_factory=TakenEvents)
    payments: TakenPayments = field(default_factory=TakenPayments)
    signatures: TakenSignatures = field(default_factory=TakenSignatures)
    standings: list[ToldBack] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """What did not work and stops nothing, in words."""
        return [f"source {one.source}: how its deals stand was not written back. {one.failure}"
                for one in self.standings if one.failure]  # fmt: skip

    @property
    def exit_code(self) -> int:
        """0 when every row it saw is posted or already was, 3 when some are not (design.md section 6)."""
        held = any(one.held or one.notices for one in self.extracted) or any(one.quarantined for one in self.validated)
        stuck = any(one.held for one in self.transformed)
        refused = self.refused_facts or self.refused_openings or self.payments.review or self.signatures.review
        return 3 if self.failures or held or stuck or refused or not all(one.clean for one in self.loaded) else 0

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "exit_code": self.exit_code,
            "extracted": [one.as_json() for one in self.extracted],
            "validated": [one.as_json() for one in self.validated],
            "facts": self.facts,
            "opening_balances": self.openings,
            "refused_facts": self.refused_facts,
            "refused_opening": self.refused_openings,
            "transformed": [one.as_json() for one in self.transformed],
            "loaded": [one.as_json() for one in self.loaded],
            "failures": self.failures,
            "standings": [one.as_json() for one in self.standings],
            "events": self.events.as_json(),
            "payments": self.payments.as_json(),
            "signatures": self.signatures.as_json(),
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
            result.failures.append(f"source {source}: {error.words}")
    for source in names:
        try:
            take_batches(house, source, result, progress)
        except StopConnection as error:
            result.failures.append(f"source {source}: {error.words}")
    take_told(house, result)
    books = sorted({book for source in names for book in house.source_config(source).books.values()})
    for book in books:
        try:
            link_facts(house, book)
            result.transformed.append(transform(house, book, approve=approve, progress=progress))
            if post:
                result.loaded.append(load(house, book, progress=progress))
        except (StopConnection, StopBatch) as error:
            result.failures.append(f"book {book}: {error.words}")
    if post:
        result.standings = tell_standings(house, names)
    return result


def take_told(house: House, result: SyncResult) -> None:
    """Find the deals of what webhooks told, until nothing new is left, and read the contracts and payments among it at
    their providers. The records that they name were just swept."""
    try:
        while True:
            taken = take_events(house)
            result.events = result.events.and_then(taken)
            if not taken.more:
                break
        result.signatures = take_signatures(house)
        result.failures += result.signatures.failures
        result.events = result.events.and_then(result.signatures.events)
        result.payments = take_payments(house)
        result.failures += result.payments.failures
        for source in result.payments.sources:
            take_batches(house, source, result)
    except (StopConnection, StopBatch) as error:
        result.failures.append(f"events: {error.words}")


def take_batches(house: House, source: str, result: SyncResult, progress: Progress = silent) -> None:
    """Validate every batch of a source that waits, oldest first; facts and opening balances are taken on the way.

    Raises:
        LeaseLost: another process reads this source or judges its batches.
    """
    with source_lease(house, source):
        for batch in open_batches(house, source):
            try:
                taken = take_batch(house, source, batch, progress)
            except StopBatch as error:
                result.failures.append(f"batch {batch} of {source}: {error.words}")
                return
            result.facts += taken.facts
            result.openings += taken.openings
            refused = _refused(house, batch)
            result.refused_facts += refused.get("fact", 0)
            result.refused_openings += refused.get("opening", 0)
            if taken.deals is not None:
                result.validated.append(taken.deals)


def _refused(house: House, batch: int) -> dict[str, int]:
    """Rows of a batch that are no deals and went into quarantine: kind -> how many."""
    with house.store.read() as conn:
        chosen = (inbox.c.batch_id == batch) & (inbox.c.kind != "deal") & (inbox.c.state == "quarantined")
        query = select(inbox.c.kind, func.count().label("rows")).where(chosen).group_by(inbox.c.kind)
        return {row.kind: row.rows for row in conn.execute(query)}
