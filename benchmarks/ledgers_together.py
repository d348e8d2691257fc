"""Many ledger connections at once, from one process.

`python -m benchmarks.ledgers_together LEDGERS AT_ONCE POSTINGS FOLDER`. Real sockets and real time against a stub in a
process of its own that answers each call after 200 ms. Each ledger is a book with its own drain in a thread, its own
connection and so many calls at once; all of them share one store, a SQLite file. Everything is ours but the platform:
outbox, base of the API ledgers, budget, exchanges kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from benchmarks.ledgers_overhead import posting
from benchmarks.process import ROOT, environment
from blocks.ledgers.api import ApiLedger
from dealbooks.http import Budget, Call, Connection, RealPace
from dealbooks.ledger import (
    Capabilities,
    EffectSpec,
    Lookup,
    Outcome,
    Posting,
    Presence,
    Reading,
    Record,
    Request,
    Verdict,
)
from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.pipeline.garbage import seldom_collected
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from dealbooks.store.tables import exchanges

DELAY = 0.2
_BATCH = 100


class StubLedger(ApiLedger):
    """The stub as a ledger: one call a document, read back together."""

    @property
    def capabilities(self) -> Capabilities:
        """As of a platform with keys that are not relied on."""
        return Capabilities(
            key_length=50, safe_resend=False, native_key_seconds=None, searchable=True, settle_seconds=900,
            batch_size=_BATCH,
        )  # fmt: skip

    def effects(self, posting: Posting) -> tuple[EffectSpec, ...]:
        """The entry as one document of about a kilobyte."""
        lines = [
            {"account": line.role, "amount": str(line.amount.amount), **line.dimensions} for line in posting.entry.lines
        ]
        return (EffectSpec("journal", {"date": posting.entry.accounting_date.isoformat(), "lines": lines}),)

    def kept_in(self) -> str:
        """Nothing has a name here."""
        return self.connection.name

    def write(self, request: Request) -> Outcome:
        """One POST."""
        body = json.dumps({"key": request.key, **request.payload}).encode()
        headers = {"content-type": "application/json", "idempotency-key": request.key}
        call = Call("POST", "/documents", {}, headers, body, "create journal", writes=True)
        end = self.call(call, effect=request.key)
        return end if isinstance(end, Outcome) else Outcome(Verdict.HAPPENED, ref=str(end.json()["id"]))

    def find(self, requests: Sequence[Request]) -> list[Lookup]:
        """Not asked for here."""
        return [Lookup(Presence.ABSENT) for _ in requests]

    def expected(self, request: Request) -> Mapping[str, str]:
        """Its status."""
        return {"status": "posted"}

    def read(self, refs: Sequence[str]) -> list[Reading]:
        """One GET for all."""
        shown = self.read_again(Call.get("/documents", {"ids": ",".join(refs)}, what="read back")).json()
        return [Reading(ref, {"status": one["status"]}) for ref, one in zip(refs, shown, strict=True)]

    def records(self, first: date, last: date) -> Iterable[Record]:
        """None."""
        return ()

    def problems(self) -> list[str]:
        """None."""
        return []


@seldom_collected()
def run(ledgers: int, at_once: int, postings: int, folder: Path) -> dict[str, Any]:
    """Calls a second, and the part of the ideal: every connection always with a call on its way."""
    command = [sys.executable, "-m", "benchmarks.ledgers_stub", str(DELAY * 1000)]
    stub = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert stub.stdout is not None
        return _measured(f"http://127.0.0.1:{int(stub.stdout.readline())}", ledgers, at_once, postings, folder)
    finally:
        stub.terminate()
        stub.wait()


def _measured(address: str, ledgers: int, at_once: int, postings: int, folder: Path) -> dict[str, Any]:
    store = Store(f"sqlite:///{folder / 'together.db'}")
    ensure(store)
    books = [f"book{number}" for number in range(ledgers)]
    drains = [Drain(store, book, _ledger(book, address, at_once)) for book in books]
    for book in books:
        ledger = _ledger(book, address, at_once)
        planned = [Planned(one, ledger.effects(one)) for one in (posting(book, number) for number in range(postings))]
        with store.transaction("benchmark", "enqueue") as tx:
            enqueue(tx, ledger, planned)
    clean: list[bool] = []
    threads = [threading.Thread(target=lambda one=one: clean.append(one.run().clean)) for one in drains]
    began, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    with store.read() as conn:
        calls = conn.execute(select(func.count()).select_from(exchanges)).scalar_one()
    store.close()
    ideal = ledgers * at_once / DELAY
    return {
        "ledgers": ledgers, "at_once": at_once, "postings": ledgers * postings, "calls": calls,
        "clean": len(clean) == ledgers and all(clean), "seconds": round(seconds, 2),
        "calls_a_second": round(calls / seconds, 1), "ideal": ideal, "share": round(calls / seconds / ideal, 3),
        "cpu_ms_a_call": round(cpu / calls * 1000, 3),
    }  # fmt: skip


def _ledger(book: str, address: str, at_once: int) -> StubLedger:
    pace = RealPace()
    connection = Connection(
        book, httpx.Client(base_url=address, timeout=30.0), Budget([], concurrent=at_once, pace=pace), pace,
        authorise=lambda: {"authorization": "Bearer stub"}, secrets=lambda: ("a-secret-of-the-stub",),
    )  # fmt: skip
    return StubLedger(connection, together=at_once)


if __name__ == "__main__":
    _ledgers, _at_once, _postings = (int(one) for one in sys.argv[1:4])
    print(json.dumps(run(_ledgers, _at_once, _postings, Path(sys.argv[4]))))
