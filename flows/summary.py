"""What one run of deal sync did, added up over its sources, batches and books. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dealbooks.outbox import DrainResult
from dealbooks.pipeline.events import TakenEvents
from dealbooks.pipeline.extract import ExtractResult
from dealbooks.pipeline.payments import TakenPayments
from dealbooks.pipeline.signatures import TakenSignatures
from dealbooks.pipeline.standings import ToldBack
from dealbooks.pipeline.sweep import Reread
from dealbooks.pipeline.transform import TransformResult
from tasks.validate import Checked


@dataclass(slots=True)
class Summary:
    """Counts of deals and postings; `errors` are whole lines for a person, `busy` what another process works on,
    `not_told` the sources in which it could not be written how their deals stand."""

    books: list[str] = field(default_factory=list)
    rows: list[dict[str, str | int]] = field(default_factory=list)
    held_files: int = 0
    accepted: int = 0
    quarantined: int = 0
    postings: int = 0
    posted_count: int = 0
    shadow: int = 0
    held: int = 0
    refused: int = 0
    events: TakenEvents = field(default_factory=TakenEvents)
    review: int = 0
    errors: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    not_told: list[str] = field(default_factory=list)

    def add_books(self, books: Iterable[str]) -> None:
        """Note which books this run is about."""
        self.books += [book for book in books if book not in self.books]

    def took(self, taken: TakenEvents) -> None:
        """After the events of the inbox were taken."""
        self.events = self.events.and_then(taken)
        self.review += taken.review
        told = f"{taken.matched} matched, {taken.waiting} wait for their deal, {taken.review} need a person"
        if taken.matched or taken.waiting or taken.review or taken.ignored:
            self._row("take", "events", f"{told}, {taken.ignored} without effect")

    def took_payments(self, taken: TakenPayments) -> None:
        """After payments were read at their providers."""
        self.review += taken.review
        self.errors += taken.failures
        told = f"{taken.facts} new, {taken.known} known, {taken.pending} not confirmed yet, {taken.review} for a person"
        self._row("take", "payments", told)

    def took_signatures(self, taken: TakenSignatures) -> None:
        """After contracts were read at their providers."""
        self.review += taken.review
        self.errors += taken.failures
        told = f"{taken.confirmed} signed, {taken.pending} not signed by all yet, {taken.review} for a person"
        self._row("take", "signatures", told)
        self.took(taken.events)

    def read_some(self, source: str, found: Reread, again: int) -> None:
        """After some deals were read again; `again` of them will be once more."""
        swept = found.swept
        told = f"{swept.new} new, {swept.unchanged} unchanged, {swept.gone} gone, {swept.not_counted} no sales"
        late = f"; {again} may be late, and are read again" if again else ""
        self._row("read", source, f"{swept.read} records: {told}{late}")
        self.errors += swept.notices

    def read(self, result: ExtractResult) -> None:
        """After extract."""
        self.held_files += len(result.held)
        for file in result.files:
            reasons = f": {'; '.join(file.reasons)}" if file.reasons else ""
            self._row("read", file.name, f"{file.state}, {file.rows} rows{reasons}")
        if result.swept is not None:
            swept = result.swept
            told = f"{swept.new} new, {swept.unchanged} unchanged, {swept.gone} gone, {swept.not_counted} no sales"
            self._row("read", result.source, f"{swept.read} records: {told}")
            self.errors += swept.notices

    def checked(self, result: Checked) -> None:
        """After validate."""
        self.errors += result.failures
        for batch in result.batches:
            self.accepted += batch.accepted
            self.quarantined += batch.quarantined
            self._row(
                "check",
                f"batch {batch.batch}",
                f"{batch.rows} rows: {batch.accepted} accepted, {batch.quarantined} quarantined, "
                f"{batch.unchanged} unchanged, {batch.older} older, {batch.warnings} warnings",
            )
        self.quarantined += result.refused
        if result.facts or result.openings or result.refused:
            told = f"{result.facts} later facts, {result.openings} opening balances, {result.refused} quarantined"
            self._row("check", "other rows", told)

    def planned(self, result: TransformResult) -> None:
        """After transform."""
        self.postings += result.postings
        self.held += len(result.held)
        self._row(
            "plan",
            result.book,
            f"{result.deals} deals: {result.postings} postings, {result.amended} amended, "
            f"{len(result.held)} held, {len(result.waiting)} not ready",
        )

    def posted(self, result: DrainResult) -> None:
        """After load."""
        if result.shadow is not None:
            self.shadow += result.shadow
            self._row("post", result.book, f"shadow: {result.shadow} entries would be posted; nothing is sent")
            return
        self.posted_count += result.posted
        self.refused += result.refused + result.disputed + result.unknown
        self._row(
            "post",
            result.book,
            f"{result.posted} posted, {result.refused} refused, {result.disputed} disputed, "
            f"{result.unknown} not known, {result.retried} to be tried again",
        )

    def told_back(self, told: ToldBack) -> None:
        """After a source was told how its deals stand. What could not be written there fails nothing."""
        if told.failure:
            self.not_told.append(told.source)
            self._row("write back", told.source, f"not written, the next run does it: {told.failure}")
        elif told.written:
            self._row("write back", told.source, f"how {told.written} deals stand now")

    def in_words(self) -> str:
        """One line for the end of the run."""
        counts = (
            (self.quarantined, "quarantined"),
            (self.held_files, "files held"),
            (self.held, "held until a person approves"),
            (self.refused, "refused, disputed or not known"),
            (self.review, "events that need a person (dealbooks events)"),
        )
        told = [f"{count} {words}" for count, words in counts if count]
        if self.posted_count or not told:
            told.insert(0, f"{self.posted_count} posted" if self.posted_count else "nothing new to post")
        if self.shadow:
            told.append(f"shadow: {self.shadow} would post")
        if self.not_told:
            told.append(f"standings not written back to {', '.join(self.not_told)}")
        if self.busy:
            told.append(f"{', '.join(self.busy)} left to another run that works on it")
        return ", ".join(told)

    def _row(self, stage: str, what: str, result: str) -> None:
        self.rows.append({"stage": stage, "what": what, "result": result})
