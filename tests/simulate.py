"""Simulate the outbox against the sandboxes, as many seeds as you like.

uv run python tests/simulate.py odoo --seeds 1000
uv run python tests/simulate.py xero --first 4711 --seeds 1
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

_ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(_ROOT), str(_ROOT / "tests")]

from sim_life import Life, in_memory, live, live_in  # noqa: E402
from sim_worlds import ALL, WORLDS  # noqa: E402


def main() -> int:
    """Run seeds; the number of those that failed is told, and each with the command that repeats it."""
    parser = argparse.ArgumentParser(prog="tests/simulate.py", description="Simulate the outbox against the sandboxes.")
    parser.add_argument("ledgers", nargs="*", help=f"which ledgers: {', '.join(ALL)} (the first three)")
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds for each (100)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at the same time (1)")
    asked = parser.parse_args()
    unknown = [name for name in asked.ledgers if name not in ALL]
    if unknown:
        parser.error(f"no such ledger: {', '.join(unknown)}; there are {', '.join(ALL)}")
    seeds = range(asked.first, asked.first + asked.seeds)
    with (
        TemporaryDirectory(prefix="dealbooks-simulate-", dir=in_memory()) as folder,
        ProcessPoolExecutor(asked.jobs, initializer=live_in, initargs=(folder,)) as pool,
    ):
        failed = sum(_ledger(name, seeds, pool) for name in asked.ledgers or WORLDS)
    return 1 if failed else 0


def _ledger(name: str, seeds: range, pool: ProcessPoolExecutor) -> int:
    began = time.perf_counter()
    faults: Counter[str] = Counter()
    bad: list[Life] = []
    deaths = takeovers = 0
    for life in pool.map(partial(live, name), seeds, chunksize=5):
        faults.update({fault.value: count for fault, count in life.faults.items()})
        deaths, takeovers = deaths + life.deaths, takeovers + life.takeovers
        if not life.good:
            bad.append(life)
            sys.stdout.write(f"{life}\n")
    seconds = time.perf_counter() - began
    told = ", ".join(f"{kind} {count}" for kind, count in sorted(faults.items()))
    sys.stdout.write(
        f"{name}: {len(seeds)} lives, {len(bad)} bad, {len(seeds) / seconds:.1f} a second; {deaths} deaths, "
        f"{takeovers} take-overs; faults: {told}\n"
    )
    return len(bad)


if __name__ == "__main__":
    sys.exit(main())
