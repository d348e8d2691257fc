"""Plant defects into months and reconcile them, as many seeds as you like.

uv run python tests/plant.py --seeds 20
uv run python tests/plant.py --first 4711 --seeds 1 --deals 5000 --each 4
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

_ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(_ROOT), str(_ROOT / "tests")]

from plant_run import Outcome, run  # noqa: E402


def main() -> int:
    """Run seeds; what each comes to is told, and the total at the end."""
    parser = argparse.ArgumentParser(prog="tests/plant.py", description="Plant defects into months and reconcile them.")
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds (10)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--deals", type=int, default=60, help="deals of a month, both books together (60)")
    parser.add_argument(
        "--each", type=int, default=1, help="how many of each kind in each book; 0: one in one book (1)"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes at the same time (1)")
    parser.add_argument("--kinds", nargs="*", default=(), help="plant only these (see tests/plant_defects.py)")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    one = partial(_one, deals=asked.deals, each=asked.each, only=tuple(asked.kinds))
    with ProcessPoolExecutor(asked.jobs, initializer=_fast_yaml) as pool:
        planted = found = false = bad = 0
        for outcome in pool.map(one, seeds):
            sys.stdout.write(f"{outcome}\n")
            sys.stdout.flush()
            planted += sum(one.planted for one in outcome.verdicts.values())
            found += sum(one.found for one in outcome.verdicts.values())
            false += sum(len(one.false) for one in outcome.verdicts.values())
            bad += not outcome.sound
    sys.stdout.write(f"{len(seeds)} months: planted {planted}, found {found}, false {false}; months not right: {bad}\n")
    return 1 if bad else 0


def _one(seed: int, *, deals: int, each: int, only: tuple[str, ...]) -> Outcome:
    with TemporaryDirectory(prefix="dealbooks-plant-") as folder:
        outcome = run(Path(folder), seed, deals, each=each, only=only)
        outcome.reports = {}
        return outcome


def _fast_yaml() -> None:
    yaml.safe_load = partial(yaml.load, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


if __name__ == "__main__":
    raise SystemExit(main())
