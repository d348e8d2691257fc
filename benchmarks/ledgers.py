"""How fast postings get into ledgers over HTTP: `python -m benchmarks.ledgers` alone, or as a part of `make bench`.

What a platform's limits allow and how much of it is used, beside a naive loop, in virtual time; many connections at
once in real time; what the outbox costs a posting.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT, run_module

DEALS = 2000
LEDGERS = ("quickbooks", "xero")
LOST_EACH = 100  # after so many writes one is done and its answer lost
POSTINGS, CONNECTIONS, AT_ONCE, EACH = 5000, 10, 10, 700
LEAST_SHARE, LEAST_TOGETHER, MOST_MS = 0.95, 0.70, 1.5
_RUNS = (("outbox", 0), ("outbox", LOST_EACH), ("naive", LOST_EACH))


def measure(work: Path, deals: int = DEALS) -> dict[str, Any]:
    """All of them. Prints the figures."""
    found: dict[str, Any] = {"ceiling": _ceiling(work, deals)}
    _print_ceiling(found["ceiling"], deals)
    found["together"] = together = _together(work)
    print(
        f"\n{CONNECTIONS} ledger connections of {AT_ONCE} calls at once, a stub that answers after 200 ms:"
        f" {together['calls_a_second']:.0f} of {together['ideal']:.0f} calls/s, {together['share']:.0%}"
        f" (aim: {LEAST_TOGETHER:.0%}); {together['cpu_ms_a_call']:.2f} ms of processor time a call"
    )
    found["overhead"] = overhead = run_module("benchmarks.ledgers_overhead", [str(POSTINGS), str(_fresh(work, "null"))])
    print(
        f"outbox alone, into a ledger that does nothing: {overhead['ms_a_posting']:.2f} ms a posting (aim: {MOST_MS});"
        f" {overhead['cpu_ms_a_posting']:.2f} ms of processor time"
    )
    return found


def _ceiling(work: Path, deals: int) -> list[dict[str, Any]]:
    """The ledgers side by side: the time in them is virtual."""
    runs = [(name, how, lost) for name in LEDGERS for how, lost in _RUNS]

    def one(run: tuple[str, str, int]) -> dict[str, Any]:
        name, how, lost = run
        folder = _fresh(work, f"{name}-{how}-{lost}")
        return {"how": how} | run_module("benchmarks.ledgers_ceiling", [name, str(deals), str(lost), how, str(folder)])

    with ThreadPoolExecutor(len(LEDGERS)) as pool:
        return list(pool.map(one, runs))


def _together(work: Path) -> dict[str, Any]:
    numbers = [str(number) for number in (CONNECTIONS, AT_ONCE, EACH)]
    return run_module("benchmarks.ledgers_together", [*numbers, str(_fresh(work, "together"))])


def _fresh(work: Path, name: str) -> Path:
    folder = work / f"ledgers-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _print_ceiling(runs: list[dict[str, Any]], deals: int) -> None:
    print(
        f"\n{deals} deals into sandboxes with the platforms' real limits, in virtual time; a write takes 0.4 to 1.2 s"
        " of it, a read 0.2 to 0.6 s\nshare of the ceiling: the least time that the limits allow for the calls made, of"
        f" the time taken (aim: {LEAST_SHARE:.0%}, no 429)"
    )
    for run in runs:
        print(f"  {run['ledger']:<10} {run['how']:<6} {_said(run)}")


def _said(run: Mapping[str, Any]) -> str:
    days = (
        f" over {len(run['days'])} days ({run['share_in_first_day']:.1%} in the first)" if len(run["days"]) > 1 else ""
    )
    lost = f"{run['lost_answers']} answers lost: " if run["lost_answers"] else ""
    left = {state: number for state, number in run.get("states", {}).items() if state not in ("posted", "superseded")}
    wrong = f", {run['refused']} refused or left" if run.get("refused") else f", left: {left}" if left else ""
    return (
        f"{run['share']:6.1%}{days}, {run['seconds'] / 60:6.0f} min, {run['calls_a_deal']:.2f} calls a deal,"
        f" {run['too_many']} times 429; {lost}{run['duplicates']} doubled documents,"
        f" {run['duplicate_customers']} doubled customers{wrong}"
    )


if __name__ == "__main__":
    _out = ROOT / "var" / "bench.json"
    _known = json.loads(_out.read_text(encoding="utf-8")) if _out.exists() else {}
    _known["ledgers"] = measure(ROOT / "var" / "bench", int(sys.argv[1]) if len(sys.argv) > 1 else DEALS)
    _out.parent.mkdir(parents=True, exist_ok=True)
    _out.write_text(json.dumps(_known, indent=2) + "\n", encoding="utf-8")
