"""What the fault tests share: an outbox full of deals, a ledger folder, and the worker that drains it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from blocks.ledgers.beancount import BeancountLedger
from dealbooks.book import Book
from dealbooks.charts import load_chart
from dealbooks.deal import Deal
from dealbooks.ledger import Posting
from dealbooks.outbox import Planned, enqueue
from dealbooks.pipeline.keys import deal_id, posting_key
from dealbooks.posting import post_deal
from dealbooks.store import Store
from dealbooks.store.audit import verify
from dealbooks.store.schema import ensure
from dealbooks.store.tables import effects

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "golden" / "cases"
WORKER = Path(__file__).with_name("drain_worker.py")
BOOK = Book("northgate", "NORTHGATE-MOTORS-LTD", "GBP", "uk", load_chart("uk"))


@lru_cache(maxsize=1)
def _patterns() -> tuple[dict[str, Any], ...]:
    return tuple(
        json.loads(next(CASES.glob(f"{name}*.json")).read_text("utf-8"))["deal"]
        for name in ("G09", "G10", "G11", "G13")
    )


def deals(count: int) -> list[Deal]:
    """UK deals of four kinds, each with a number, car and customer of its own."""
    made = []
    for number in range(count):
        data = json.loads(json.dumps(_patterns()[number % 4]))
        data["deal_id"] = f"UK-{number:05d}"
        data["vehicle"]["stock_no"] = f"S{number:05d}"
        made.append(Deal.model_validate(data))
    return made


def fill(url: str, folder: Path, count: int) -> int:
    """Put the postings of some deals into the outbox of a new store; returns how many."""
    store = Store(url)
    ensure(store)
    ledger = BeancountLedger(folder, "Northgate Motors", "GBP", BOOK.chart or load_chart("uk"))
    planned = []
    for deal in deals(count):
        own = deal_id("northgate", ("deal_number", "LEEDS", deal.deal_id))
        for entry in post_deal(deal, book=BOOK).entries:
            posting = Posting(
                posting_key("northgate", own, entry.entry_id), entry, deal.deal_id, deal.vehicle.vin,
                deal.vehicle.stock_no, deal.customer.name,
            )  # fmt: skip
            planned.append(Planned(posting, ledger.effects(posting)))
    with store.transaction("test", "fill") as tx:
        enqueue(tx, ledger, planned)
    store.close()
    return len(planned)


@dataclass
class Scene:
    """A store and a ledger folder that a worker drains."""

    folder: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'store.db'}"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger"

    def copy(self, to: Path) -> Scene:
        """The same scene again, in another folder."""
        shutil.copytree(self.folder, to)
        return Scene(to)

    def drain(self, **environment: str) -> int:
        """Run the worker; its exit code, -9 when it was killed."""
        env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
        done = subprocess.run(
            [sys.executable, str(WORKER), self.url, str(self.ledger)],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode not in (0, -9):
            raise AssertionError(f"the worker failed: {done.stderr[-2000:]}")
        return done.returncode

    def books(self) -> dict[str, str]:
        """Every ledger file with the hash of its bytes."""
        return {
            str(path.relative_to(self.ledger)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.ledger.rglob("*.beancount"))
        }

    def states(self) -> dict[str, str]:
        """Effect id -> state."""
        store = Store(self.url)
        with store.read() as conn:
            found = {row.id: row.state for row in conn.execute(select(effects.c.id, effects.c.state))}
        store.close()
        return found

    def between_effect_and_record(self) -> int:
        """Effects that stand in the ledger and are still `sending` in the store."""
        there = {path.stem for path in self.ledger.rglob("*.beancount")}
        return sum(state == "sending" and effect in there for effect, state in self.states().items())

    def proven(self) -> bool:
        """Whether the audit chains agree with every row."""
        store = Store(self.url)
        report = verify(store)
        store.close()
        assert report.breaks == ()
        return report.intact
