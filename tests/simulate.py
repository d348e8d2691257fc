"""Simulate the outbox against the sandboxes, as many seeds as you like.

uv run python tests/simulate.py odoo --seeds 1000
uv run python tests/simulate.py xero --first 4711 --seeds 1
uv run python tests/simulate.py quickbooks --timeouts 10000
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

_ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(_ROOT), str(_ROOT / "tests")]

from sim_life import Life, live  # noqa: E402
from sim_store import in_memory, live_in  # noqa: E402
from sim_timeouts import endure  # noqa: E402
from sim_worlds import ALL, WORLDS  # noqa: E402


def main() -> int:
    """Run seeds; the number of those that failed is told, and each with the command that repeats it."""
    parser = argparse.ArgumentParser(prog="tests/simulate.py", description="Simulate the outbox against the sandboxes.")
    parser.add_argument("ledgers", nargs="*", help=f"which ledgers: {', '.join(ALL)} (the first three)")
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds for each (100)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at the same time (1)")
    parser.add_argument("--timeouts", type=int, default=0, help="instead: so many writes answered by a time-out")
    asked = parser.parse_args()
    unknown = [name for name in asked.ledgers if name not in ALL]
    if unknown:
        parser.error(f"no such ledger: {', '.join(unknown)}; there are {', '.join(ALL)}")
    if asked.timeouts:
        return 1 if sum(_timeouts(name, asked.timeouts) for name in asked.ledgers or WORLDS) else 0
    seeds = range(asked.first, asked.first + asked.seeds)
    with (
        TemporaryDirectory(prefix="dealbooks-simulate-", dir=in_memory()) as folder,
        ProcessPoolExecutor(asked.jobs, initializer=live_in, initargs=(folder,)) as pool,
    ):
        total = _Total()
        for name in asked.ledgers or WORLDS:
            _ledger(name, seeds, pool, total)
    sys.stdout.write(f"{total}\n")
    return 1 if total.bad else 0


def _timeouts(name: str, writes: int) -> int:
    """How much is wrong after so many writes whose answers were lost."""
    began = time.perf_counter()
    end = endure(name, writes)
    for verdict in end.wrong:
        sys.stdout.write(f"{verdict}\n")
    sys.stdout.write(
        f"{name}: {end.timeouts} writes answered by a time-out after they were done, {end.deals} deals, "
        f"{len(end.wrong)} wrong; effects {dict(end.states)}; {time.perf_counter() - began:.0f} seconds\n"
    )
    return len(end.wrong) + sum(count for state, count in end.states.items() if state != "posted")


@dataclass
class _Total:
    """What many lives added up to; `wrong` are those of any other kind than lost or doubled."""

    seeds: int = 0
    faults: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0

    def add(self, life: Life) -> None:
        """One more life."""
        told = [verdict.wrong for verdict in life.wrong]
        self.seeds += 1
        self.faults += sum(life.faults.values())
        self.kills += life.deaths
        self.lost += told.count("lost")
        self.doubled += sum(one.startswith("doubled") for one in told)
        self.wrong += sum(one != "lost" and not one.startswith("doubled") for one in told) or int(
            not told and not life.good
        )

    @property
    def bad(self) -> int:
        """How much is not as it should be."""
        return self.lost + self.doubled + self.wrong

    def __str__(self) -> str:
        return (
            f"seeds {self.seeds}, faults {self.faults}, kills {self.kills}, "
            f"lost {self.lost}, doubled {self.doubled}, wrong {self.wrong}"
        )


def _ledger(name: str, seeds: range, pool: ProcessPoolExecutor, total: _Total) -> None:
    began = time.perf_counter()
    faults: Counter[str] = Counter()
    bad = deaths = takeovers = 0
    for life in pool.map(partial(live, name), seeds, chunksize=5):
        total.add(life)
        faults.update({fault.value: count for fault, count in life.faults.items()})
        deaths, takeovers = deaths + life.deaths, takeovers + life.takeovers
        if not life.good:
            bad += 1
            sys.stdout.write(f"{life}\n")
    seconds = time.perf_counter() - began
    told = ", ".join(f"{kind} {count}" for kind, count in sorted(faults.items()))
    sys.stdout.write(
        f"{name}: {len(seeds)} lives, {bad} bad, {len(seeds) / seconds:.1f} a second; {deaths} deaths, "
        f"{takeovers} take-overs; faults: {told}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
