"""Simulate the sources, as many seeds as you like: sweeps, webhooks and processes that die, up to the ledger.

python tests/sim_sources.py                          (all sources, 25 seeds each)
python tests/sim_sources.py hubspot --seeds 1000 --jobs 2
python tests/sim_sources.py files --first 4711 --seeds 1
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

_ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(_ROOT), str(_ROOT / "tests")]

from sim_sources_life import Life, live  # noqa: E402
from sim_sources_worlds import ALL  # noqa: E402


def lived(platform: str, seed: int) -> Life:
    """Live one seed in a folder of its own, in memory where that is possible."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        return live(platform, seed, Path(folder))


@dataclass
class Total:
    """What many lives added up to."""

    seeds: int = 0
    faults: int = 0
    kills: int = 0
    told: Counter[str] = field(default_factory=Counter)

    def add(self, life: Life) -> None:
        """One more life."""
        self.seeds += 1
        self.faults += life.faults.total()
        self.kills += life.kills
        self.told.update(one.kind for one in life.wrong)

    def __str__(self) -> str:
        told = ", ".join(f"{kind} {self.told[kind]}" for kind in ("missed", "doubled", "wrong"))
        return f"seeds {self.seeds}, faults {self.faults}, kills {self.kills}, {told}"


def main() -> int:
    """Run seeds; each that failed is told with the command that repeats it."""
    parser = argparse.ArgumentParser(prog="tests/sim_sources.py", description="Simulate the sources.")
    parser.add_argument("sources", nargs="*", help=f"which: {', '.join(ALL)} (all)")
    parser.add_argument("--seeds", type=int, default=25, help="how many for each (25)")
    parser.add_argument("--first", type=int, default=1, help="the first (1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at the same time (1)")
    asked = parser.parse_args()
    unknown = [name for name in asked.sources if name not in ALL]
    if unknown:
        parser.error(f"no such source: {', '.join(unknown)}; there are {', '.join(ALL)}")
    total = Total()
    with ProcessPoolExecutor(asked.jobs) as pool:
        for name in asked.sources or ALL:
            began, happened, bad = time.perf_counter(), Counter[str](), 0
            for life in pool.map(partial(lived, name), range(asked.first, asked.first + asked.seeds)):
                total.add(life)
                happened += life.happened
                if life.wrong:
                    bad += 1
                    sys.stdout.write(f"{life}\n")
            seconds = time.perf_counter() - began
            shown = ", ".join(f"{what} {count}" for what, count in sorted(happened.items()))
            sys.stdout.write(f"{name}: {asked.seeds} lives, {bad} bad, {seconds:.0f} seconds; {shown}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{total}\n")
    return 1 if total.told else 0


if __name__ == "__main__":
    sys.exit(main())
