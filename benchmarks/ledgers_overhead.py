"""What the outbox costs a posting: `python -m benchmarks.ledgers_overhead POSTINGS FOLDER`.

Enqueue and drain into a ledger that does nothing and answers at once; the store is a SQLite file on this disk. A
posting is one effect. Postings are enqueued by the hundred, as the pipeline does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.process import Stages
from dealbooks.entries import Entry, Line
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
from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.pipeline.garbage import seldom_collected
from dealbooks.store import Store
from dealbooks.store.schema import ensure

BOOK = "null"
_CHUNK = 100
_LINES = 6


class NullLedger:
    """Takes everything, keeps nothing."""

    capabilities = Capabilities(
        key_length=64, safe_resend=False, native_key_seconds=None, searchable=True, settle_seconds=900, batch_size=100
    )

    def get_ready(self) -> None:
        """It is."""

    def effects(self, posting: Posting) -> tuple[EffectSpec, ...]:
        """The entry, as it is."""
        lines = [[line.role, str(line.amount.amount)] for line in posting.entry.lines]
        return (EffectSpec("journal", {"date": posting.entry.accounting_date.isoformat(), "lines": lines}),)

    def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """All of them happened."""
        return [Outcome(Verdict.HAPPENED, ref=request.key) for request in requests]

    def find(self, requests: Sequence[Request]) -> list[Lookup]:
        """Nothing is there."""
        return [Lookup(Presence.ABSENT) for _ in requests]

    def expected(self, request: Request) -> Mapping[str, str]:
        """Its status."""
        return {"status": "posted"}

    def joins(self, request: Request) -> Joins:
        """Nothing."""
        return Joins()

    def read(self, refs: Sequence[str]) -> list[Reading]:
        """As expected."""
        return [Reading(ref, {"status": "posted"}) for ref in refs]

    def records(self, first: date, last: date) -> Iterable[Record]:
        """None."""
        return ()

    def lock_date(self) -> date | None:
        """None."""
        return None

    def problems(self) -> list[str]:
        """None."""
        return []

    def exchanges(self) -> list[Exchange]:
        """None."""
        return []


def posting(book: str, number: int) -> Posting:
    """A sale of six lines."""
    deal = f"D{number:07d}"
    amounts = [Decimal(1000 + number % 97), Decimal(-200), Decimal(35), Decimal(-35), Decimal(12)]
    lines = [
        Line("sale", f"income.line_{place}", Money(amount, "GBP"), dimensions={"location": "LEEDS", "stock_no": deal})
        for place, amount in enumerate(amounts)
    ]
    lines.append(Line("sale", "receivable.customer", Money(-sum(amounts, Decimal(0)), "GBP")))
    entry = Entry("sale-v1", "sale.posted", date(2026, 9, 1), "ENTITY", "GBP", tuple(lines[:_LINES]))
    return Posting(PostingKey(book, deal, "sale", "", 1), entry, deal_number=deal, customer_name=f"Customer {number}")


@seldom_collected()
def run(count: int, folder: Path) -> dict[str, Any]:
    """Seconds of both steps; a first chunk is not counted."""
    store, ledger = Store(f"sqlite:///{folder / 'overhead.db'}"), NullLedger()
    ensure(store)
    _put(store, ledger, range(_CHUNK))
    Drain(store, BOOK, ledger).run()
    stages = Stages()
    for start in range(_CHUNK, count + _CHUNK, _CHUNK):
        some = range(start, start + _CHUNK)
        with stages.timed("enqueue"):
            _put(store, ledger, some)
    with stages.timed("drain"):
        result = Drain(store, BOOK, ledger).run()
    store.close()
    wall, cpu = sum(stages.wall.values()), sum(stages.cpu.values())
    return stages.as_json() | {
        "postings": count, "clean": result.clean, "ms_a_posting": round(wall / count * 1000, 3),
        "cpu_ms_a_posting": round(cpu / count * 1000, 3),
    }  # fmt: skip


def _put(store: Store, ledger: NullLedger, numbers: Iterable[int]) -> None:
    planned = [Planned(one, ledger.effects(one)) for one in (posting(BOOK, number) for number in numbers)]
    with store.transaction("benchmark", "enqueue") as tx:
        enqueue(tx, ledger, planned)


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), Path(sys.argv[2]))))
