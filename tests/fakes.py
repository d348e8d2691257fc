"""A ledger in memory whose answers a test decides, and postings for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from dealbooks.entries import Entry, Line
from dealbooks.errors import StopConnection
from dealbooks.http import Exchange
from dealbooks.ledger import (
    Capabilities,
    EffectSpec,
    Joins,
    Lookup,
    Outcome,
    Posting,
    PostingKey,
    Presence,
    Reading,
    Record,
    Request,
    Verdict,
)
from dealbooks.money import Money
from dealbooks.outbox import Planned

ENTITY = "NORTHGATE-MOTORS-LTD"


def entry(entry_id: str, amount: str = "100.00", day: str = "2026-09-30") -> Entry:
    """A balanced entry of two lines."""
    money = Money(Decimal(amount), "GBP")
    lines = (Line("payment", "cash.bank", money), Line("payment", "receivable.customer", -money))
    return Entry(entry_id, "payment.received", date.fromisoformat(day), ENTITY, "GBP", lines)


def posting(deal: str, subject: str = "P1", amount: str = "100.00", book: str = "northgate") -> Posting:
    """A receipt on its way."""
    return Posting(PostingKey(book, deal, "receipt", subject), entry(f"receipt-{subject}", amount), deal_number=deal)


def planned(ledger: FakeLedger, *postings: Posting) -> list[Planned]:
    """Postings with their effects."""
    return [Planned(one, ledger.effects(one)) for one in postings]


@dataclass
class FakeLedger:
    """Keeps documents by key. `script` holds, by effect key or "*", the verdicts of the next sends."""

    able: Capabilities = field(
        default_factory=lambda: Capabilities(
            key_length=64,
            safe_resend=False,
            native_key_seconds=None,
            searchable=True,
            settle_seconds=120,
            batch_size=10,
        )
    )
    documents: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    script: dict[str, list[Verdict | str]] = field(default_factory=dict)
    sends: list[str] = field(default_factory=list)
    steps: tuple[str, ...] = ("journal",)
    subject: str = ""  # what every effect makes
    hidden: set[str] = field(default_factory=set)  # keys that a search does not show
    altered: dict[str, str] = field(default_factory=dict)  # key -> total that a reading shows
    stopped: bool = False
    blind: bool = False  # a read fails

    @property
    def capabilities(self) -> Capabilities:
        return self.able

    def can(self, **changes: object) -> FakeLedger:
        """Change capabilities."""
        self.able = replace(self.able, **changes)  # type: ignore[arg-type]
        return self

    def effects(self, one: Posting) -> tuple[EffectSpec, ...]:
        total = format(one.entry.total_debit, "f")
        specs = []
        for index, step in enumerate(self.steps):
            specs.append(EffectSpec(step, {"total": total}, self.steps[:index][-1:], subject=self.subject))
        return tuple(specs)

    def send(self, requests: Sequence[Request]) -> list[Outcome]:
        if self.stopped:
            raise StopConnection("The ledger is away.")
        return [self._send(request) for request in requests]

    def _send(self, request: Request) -> Outcome:
        self.sends.append(request.key)
        script = self.script.get(request.key) or self.script.get("*") or []
        verdict = script.pop(0) if script else Verdict.HAPPENED
        happened = verdict in (Verdict.HAPPENED, "committed, then lost")
        if happened:
            kept = self.documents.setdefault(request.key, [])
            if not (self.able.safe_resend and kept):
                kept.append(dict(request.payload) | dict(request.refs))
        if verdict == "committed, then lost":
            return Outcome(Verdict.UNKNOWN, reason="No answer.")
        if verdict is Verdict.HAPPENED:
            return Outcome(Verdict.HAPPENED, ref=f"ref-{request.key}")
        return Outcome(Verdict(verdict), reason=f"It said {verdict}.")

    def find(self, requests: Sequence[Request]) -> list[Lookup]:
        return [
            Lookup(Presence.FOUND, f"ref-{request.key}")
            if self.documents.get(request.key) and request.key not in self.hidden
            else Lookup(Presence.ABSENT if self.able.searchable else Presence.UNDECIDED)
            for request in requests
        ]

    def get_ready(self) -> None:
        return

    def exchanges(self) -> list[Exchange]:
        return []

    def expected(self, request: Request) -> Mapping[str, str]:
        return {"total": str(request.payload["total"])}

    def joins(self, request: Request) -> Joins:
        return Joins()

    def read(self, refs: Sequence[str]) -> list[Reading]:
        if self.blind:
            raise StopConnection("The ledger does not answer.")
        found = []
        for ref in refs:
            key = ref.removeprefix("ref-")
            documents = self.documents.get(key)
            total = self.altered.get(key) or (documents[0]["total"] if documents else "")
            found.append(Reading(ref, {"total": total} if documents else None))
        return found

    def records(self, first: date, last: date) -> Iterable[Record]:
        return []

    def lock_date(self) -> date | None:
        return None

    def problems(self) -> list[str]:
        return []
