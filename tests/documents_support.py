"""Cases and deals as documents: recorded stage by stage as the pipeline does, and read back from what was recorded."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from dealbooks.book import Book, Locks, Policies
from dealbooks.deal import Deal
from dealbooks.documents import Document, DocumentSet, InvoiceFacts, Mode, Target, documents_of, invoice_facts, lines_of
from dealbooks.entries import Entry, Line
from dealbooks.posting import History, post_deal
from dealbooks.posting.lifecycle import ended

CASES = sorted((Path(__file__).parent / "golden" / "cases").glob("*.json"))

TARGETS = {
    "A": Target(),
    "A with clearing": Target(settlement="clearing"),
    "A with taxes as lines, prices with tax": Target(taxes_on_top="lines", amounts="inclusive"),
    "A with one customer line a journal": Target(one_customer_line=True),
    "B": Target(mode=Mode.INVOICE_WITH_SETTLEMENTS),
    "B with clearing": Target(mode=Mode.INVOICE_WITH_SETTLEMENTS, settlement="clearing", taxes_on_top="lines"),
    "C": Target(mode=Mode.SALES_RECEIPT),
    "C with clearing": Target(mode=Mode.SALES_RECEIPT, settlement="clearing"),
    "D": Target(mode=Mode.JOURNAL_ONLY),
}


@dataclass(frozen=True)
class Recorded:
    """A deal's entries in the order in which they were recorded, each with the facts that were there at the time."""

    deal: Deal
    entries: tuple[tuple[Entry, InvoiceFacts | None], ...]

    def sets(self, target: Target, *, with_facts: bool = True) -> list[DocumentSet]:
        return [documents_of(entry, target, facts if with_facts else None) for entry, facts in self.entries]

    def entry(self, entry_id: str) -> tuple[Entry, InvoiceFacts | None]:
        return next(pair for pair in self.entries if pair[0].entry_id == entry_id)

    def documents(self, entry_id: str, target: Target) -> DocumentSet:
        return documents_of(*self._reordered(entry_id, target))

    def _reordered(self, entry_id: str, target: Target) -> tuple[Entry, Target, InvoiceFacts | None]:
        entry, facts = self.entry(entry_id)
        return entry, target, facts


def record(*stages: Deal, locks: Locks | None = None, **policies: Any) -> Recorded:
    """Post a deal's stages one after another; entries and facts pass through JSON, as in the store."""
    first = stages[0]
    kept = Policies.model_validate(policies)
    book = Book("book", first.legal_entity, first.base_currency, "us", policies=kept)
    history = History()
    found: list[tuple[Entry, InvoiceFacts | None]] = []
    of_sales: dict[str, InvoiceFacts] = {}
    standing: InvoiceFacts | None = None
    for stage in stages:
        posted = post_deal(stage, book=book, history=history, locks=(locks if stage is stages[-1] else None) or Locks())
        for entry in posted.new:
            if entry.event == "sale.posted":
                stored = json.loads(json.dumps(invoice_facts(posted, entry).as_json()))
                standing = of_sales[entry.entry_id] = InvoiceFacts.from_json(stored)
        for entry in posted.new:
            facts = of_sales.get(entry.reverses or entry.entry_id, standing)
            read = Entry.from_json(json.loads(json.dumps(entry.as_json())))
            found.append((read, facts))
        history = History.of(posted.entries)
    return Recorded(stages[-1], tuple(found))


def recorded_case(path: Path) -> Recorded:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    stages = [Deal.model_validate(case["deal"])]
    if "deal_amended" in case:
        stages.append(Deal.model_validate(case["deal_amended"]))
    if ended(stages[-1]) is not None:
        last = stages[-1]
        kept = tuple(event for event in last.lifecycle if event.event == "completed")
        stages[-1:] = [last.model_copy(update={"lifecycle": kept, "refunds": ()}), last]
    closed = case.get("scenario", {}).get("closed_through")
    return record(*stages, locks=Locks(None if closed is None else date.fromisoformat(closed)))


def case(name: str) -> Recorded:
    return recorded_case(next(path for path in CASES if path.stem.startswith(name)))


def counted(lines: Iterable[Line]) -> Counter[tuple[Any, ...]]:
    return Counter(
        (
            line.part,
            line.role,
            line.amount.amount,
            line.amount.currency,
            line.tax_code,
            tuple(sorted(line.dimensions.items())),
            None if line.base is None else line.base.amount,
        )
        for line in lines
    )


def by_role(sets: Iterable[DocumentSet], currency: str) -> dict[str, Decimal]:
    """What the documents post, clearing as it is."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for one in sets:
        for document in one.documents:
            for lines in lines_of(document).values():
                for line in lines:
                    if line.amount.currency == currency:
                        sums[line.role] += line.amount.amount
    return sums


def sales_documents(sets: Iterable[DocumentSet]) -> list[Document]:
    return [document for one in sets for document in one.documents if isinstance(document, Document)]
