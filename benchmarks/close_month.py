"""A month closed against Beancount: `python -m benchmarks.close_month post FOLDER DEALS`, then `... close FOLDER`.

The first takes the deals in from drop files and posts them, the second shows the month, signs and locks it with its
pack; each in a process of its own. Both print JSON: seconds of each step, and the peak of memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.process import ROOT, Stages, forget_peak, memory_mib, peak_mib
from dealbooks.config import load_config
from dealbooks.house import House
from dealbooks.pack import close_with_pack, verify_pack
from dealbooks.pipeline.close import CloseResult

if str(ROOT / "tests") not in sys.path:  # a month of deals, as its source drops them
    sys.path.insert(0, str(ROOT / "tests"))

BOOK, SEED = "northgate", 6
_IN_MONTH = 0.9  # the others of such a month are delivered before or after it
# What a step is made of: a function as its caller knows it. What one calls of another counts for that one only.
STEPS: tuple[tuple[str, str, str], ...] = (
    ("what we expect", "dealbooks.pipeline.reconcile", "expected_of_period"),
    ("what we expect", "dealbooks.pipeline.reconcile", "_with_strangers"),
    ("read the ledger, add it up", "dealbooks.pipeline.reconcile", "_pull"),
    ("receipts of others", "dealbooks.pipeline.reconcile", "others_receipts"),
    ("receipts of others", "dealbooks.pipeline.reconcile", "match_receipts"),
    ("names and balances", "dealbooks.pipeline.reconcile", "standing_of"),
    ("match", "dealbooks.pipeline.reconcile", "match"),
    ("single documents", "dealbooks.pipeline.reconcile", "told_by_documents"),
    ("open items", "dealbooks.pipeline.reconcile", "derived"),
    ("other books", "dealbooks.pipeline.reconcile", "mirror"),
    ("since when", "dealbooks.pipeline.reconcile", "since_of"),
    ("cut-off", "dealbooks.pipeline.reconcile", "cut_off"),
    ("bank and lists", "dealbooks.pipeline.reconcile", "bank_side"),
    ("bank and lists", "dealbooks.pipeline.reconcile", "lists_held"),
    ("both sides as lines", "dealbooks.pipeline.reconcile", "both_sides"),
    ("totals", "dealbooks.reconcile.totals.LedgerSums", "account_totals"),
    ("matrix", "dealbooks.pipeline.reconcile", "matrix"),
    ("reports", "dealbooks.pipeline.close", "write_report"),
    ("obstacles", "dealbooks.pipeline.close", "obstacles"),
    ("pack: gather", "dealbooks.pack.make", "gather"),
    ("pack: files", "dealbooks.pack.make", "pack_files"),
    ("pack: write", "dealbooks.pack.make", "write_pack"),
    ("show", "dealbooks.pipeline.close", "show"),
    ("lock and certificate", "dealbooks.pipeline.close", "lock"),
)


class Watch:
    """Seconds of each step by the clock on the wall and by the processor, without those of the steps inside it."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self._inside: list[list[float]] = []

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, counted as a step."""

        @wraps(function)
        def counted(*arguments: Any, **named: Any) -> Any:
            with self.step(name):
                return function(*arguments, **named)

        return counted

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """What runs inside is a step."""
        wall, cpu = time.perf_counter(), time.process_time()
        self._inside.append([0.0, 0.0])
        try:
            yield
        finally:
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            inner = self._inside.pop()
            self.wall[name] = self.wall.get(name, 0.0) + wall - inner[0]
            self.cpu[name] = self.cpu.get(name, 0.0) + cpu - inner[1]
            if self._inside:
                self._inside[-1][0] += wall
                self._inside[-1][1] += cpu


def watch_steps(watch: Watch) -> None:
    """Count the steps of a close, in this process and for good."""
    for step, place, name in STEPS:
        module, _, kind = place.rpartition(".") if place.rpartition(".")[2][0].isupper() else (place, "", "")
        holder = getattr(import_module(module), kind) if kind else import_module(module)
        setattr(holder, name, watch.timed(step, getattr(holder, name)))


def post(folder: Path, deals: int) -> dict[str, Any]:
    """Take a month of deals in and post it, with the purchases that the bookkeeper typed."""
    from plant_ledger import Planter
    from plant_month import BEFORE, PlantedHouse, in_month, make_group

    from dealbooks.pipeline.extract import extract
    from dealbooks.pipeline.facts import link_facts
    from dealbooks.pipeline.load import load
    from dealbooks.pipeline.sync import SyncResult, take_batches
    from dealbooks.pipeline.transform import transform
    from expectations.validator import BatchValidator

    group = make_group(BOOK, round(deals / _IN_MONTH), SEED)
    place = PlantedHouse(folder, BatchValidator(docs=folder / "data_docs"))
    house, source = place.house, f"{BOOK}_drop"
    stages, result = Stages(), SyncResult()
    try:
        ledger: Any = house.ledger(BOOK)
        place.drop_first(group)
        house.validator.get_ready()  # start-up, as everywhere
        forget_peak()
        with stages.timed("extract"):
            result.extracted.append(extract(house, source))
        with stages.timed("validate"):
            take_batches(house, source, result)
        with stages.timed("transform"):
            link_facts(house, BOOK)
            result.transformed.append(transform(house, BOOK))
        with stages.timed("load"):
            result.loaded.append(load(house, BOOK))
        peak = peak_mib()
        name_of = partial(ledger.accounts.name_of, where="the benchmark")
        planter = Planter(group, folder / "books" / BOOK, name_of, Random(SEED))
        planter.buy()
        planter.write_down()
        _closed(house, BEFORE.strftime("%Y-%m"))
    finally:
        place.close()
    return stages.as_json() | {
        "deals": len(group.sales), "in_month": len(in_month(group.sales)),
        "entries": sum(one.posted for one in result.loaded), "peak_mib": round(peak, 1),
    }  # fmt: skip


def _closed(house: House, month: str) -> CloseResult:
    """A month shown, what is open accepted, signed and locked."""
    shown = close_with_pack(house, BOOK, month)
    accept = [f"{one.id}=open at the month's end" for one in shown.obstacles]
    done = close_with_pack(house, BOOK, month, sign="Ann Lee", accept=accept)
    if not done.closed:
        raise SystemExit(f"{month} was not closed: {[one.what for one in done.obstacles]} {done.changed}")
    return done


def close(folder: Path) -> dict[str, Any]:
    """Show the month, accept what is open, sign, lock, and check the pack."""
    from plant_month import _TODAY, MONTH

    watch = Watch()
    watch_steps(watch)
    idle = memory_mib()
    forget_peak()
    with House.open(load_config(folder / "dealbooks.yaml"), actor="benchmark", clock=lambda: _TODAY) as house:
        with watch.step("the rest"):
            done = _closed(house, MONTH)
        peak = peak_mib()
    with watch.step("verify the pack"):
        verdict = verify_pack(done.pack or folder)
    if not verdict.intact:
        raise SystemExit(f"the pack is not as it was signed: {verdict.as_json()}")
    return {
        "wall_seconds": {name: round(value, 3) for name, value in watch.wall.items()},
        "cpu_seconds": {name: round(value, 3) for name, value in watch.cpu.items()},
        "counts": dict(done.reconciliation.counts), "accepted": len(done.accepted), "idle_mib": round(idle, 1),
        "peak_mib": round(peak, 1),
    }  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """One of the two."""
    what, folder = arguments[0], Path(arguments[1]).absolute()
    print(json.dumps(post(folder, int(arguments[2])) if what == "post" else close(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
