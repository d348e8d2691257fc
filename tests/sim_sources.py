"""A life of a source from a seed: people sell, correct, reopen and delete while sweeps run with faults and kills.

Afterwards the inbox must be the truth: of each record the contents that it had, each once, in their order, the last one
last; and of what is not sold any more one row that says so. Nothing missed, nothing twice.

python tests/sim_sources.py odoo --seeds 1000 [--first 1]
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

_ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(_ROOT), str(_ROOT / "tests")]

from conformance.sources.source_rig import NAMES, SourceRig, rig_of  # noqa: E402

from dealbooks.errors import StopConnection  # noqa: E402
from dealbooks.store import Tx  # noqa: E402
from sandbox.kit import Fault, FaultPlan  # noqa: E402

RATES = {
    Fault.REFUSED: 0.02, Fault.TIMEOUT_BEFORE: 0.02, Fault.SERVER_ERROR: 0.06, Fault.RESET: 0.02,
    Fault.LIMIT_SECOND: 0.02, Fault.TOKEN_EXPIRED: 0.02, Fault.SLOW: 0.01,
}  # fmt: skip
_STEPS = 30
_OPEN, _VOID = "open", "void"
_EXPIRES = "test_an_expired_cursor_compares_everything"
_LINES = "test_a_line_that_changes_without_its_deal_is_found"


@dataclass
class Truth:
    """What a record was, one after the other: `open`, a price, or `void`."""

    was: list[str]

    @property
    def now(self) -> str:
        """What it is."""
        return self.was[-1]


@dataclass
class Life:
    """How a seed ended."""

    platform: str
    seed: int
    wrong: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        command = f"python tests/sim_sources.py {self.platform} --first {self.seed} --seeds 1"
        return f"seed {self.seed}: {'; '.join(self.wrong)} ({command})"


class Killed(BaseException):
    """The process is gone."""


def live(platform: str, seed: int, folder: Path) -> Life:
    """Live one seed."""
    dice = random.Random(seed)
    faults = FaultPlan(seed, RATES if seed % 3 else {})
    rig: SourceRig = rig_of(platform)(folder, faults)
    people = _People(rig, dice)
    life = Life(platform, seed)
    for _ in range(_STEPS):
        for _ in range(dice.choice((0, 1, 1, 2, 5))):
            people.act()
        rig.clock.sleep(dice.choice((0.5, 1, 3, 30, 60, 3600, 86_400)))
        _sweep(rig, people, dice, life)
    rig.faults.calm()
    rig.restart()
    for _ in range(3):
        rig.sweep(90_000)
    life.wrong = _wrong(rig, people.records)
    life.happened += people.did
    rig.shop.close()
    return life


def _sweep(rig: SourceRig, people: _People, dice: random.Random, life: Life) -> None:
    """A sweep, into which people may act at every call, and which may be killed at a call or around a commit."""
    kill_at = rig.taken + dice.randint(1, 8) if dice.random() < 0.15 else 0
    commit = dice.randint(1, 4) if dice.random() < 0.2 else 0
    seal, commits = Tx.seal, 0

    def elsewhere() -> None:
        if rig.taken == kill_at:
            raise Killed
        if dice.random() < 0.1:
            people.act()

    def sealing(self: Tx) -> None:
        nonlocal commits
        mine = "read crm" in self._action
        commits += mine
        if mine and commits == commit:
            raise Killed
        seal(self)

    rig.each_call = elsewhere
    Tx.seal = sealing  # type: ignore[method-assign]
    try:
        rig.sweep(dice.choice((0, 1, 10)))
        life.happened["swept"] += 1
    except StopConnection:
        life.happened["stopped"] += 1
    except Killed:
        life.happened["killed"] += 1
        rig.restart()
    finally:
        rig.each_call = lambda: None
        Tx.seal = seal  # type: ignore[method-assign]


class _People:
    """Those who work in the platform, and what they know to be true."""

    def __init__(self, rig: SourceRig, dice: random.Random) -> None:
        self.records: dict[str, Truth] = {}
        self.did: Counter[str] = Counter()
        self._rig = rig
        self._dice = dice
        self._number = 0

    def act(self) -> None:
        """Somebody does something."""
        deeds: list[tuple[int, Callable[[], None]]] = [
            (6, self.sells), (2, self.quotes), (2, self.completes), (6, self.reprices), (1, self.touches),
            (1, self.reopens), (1, self.deletes), (1, self.sells_late), (1, self.sells_many),
        ]  # fmt: skip
        if _LINES not in self._rig.cannot:
            deeds.append((1, self.edits_a_line))
        if _EXPIRES not in self._rig.cannot:
            deeds.append((1, self._rig.expire_cursor))
        (deed,) = self._dice.choices([deed for _, deed in deeds], [weight for weight, _ in deeds])
        self.did[deed.__name__] += 1
        deed()

    def sells(self) -> None:
        price = self._price()
        self._number += 1
        self.records[self._rig.sell(self._number, price)] = Truth([_short(price)])

    def sells_many(self) -> None:
        for _ in range(self._dice.randint(2, 9)):
            self.sells()

    def sells_late(self) -> None:
        self._number += 1
        key = self._rig.sell_late(self._number, self._dice.uniform(0, self._rig.late()))
        self.records[key] = Truth(["10000"])

    def quotes(self) -> None:
        self._number += 1
        self.records[self._rig.quote(self._number)] = Truth([_OPEN])

    def completes(self) -> None:
        for key in self._some(_OPEN):
            self._rig.complete(key)
            self.records[key].was.append("10000")

    def reprices(self) -> None:
        for key in self._some(""):
            price = self._price()
            self._rig.reprice(key, price)
            self.records[key].was.append(_short(price))

    def touches(self) -> None:
        for key in self._some(""):
            self._rig.touch(key)

    def edits_a_line(self) -> None:
        for key in self._some(""):
            self._rig.edit_line(key)

    def reopens(self) -> None:
        for key in self._some(""):
            self._rig.reopen(key)
            self.records[key].was.append(_VOID)

    def deletes(self) -> None:
        for key in self._some("") if self._dice.random() < 0.8 else self._some(_OPEN):
            self._rig.delete(key)
            self.records[key].was.append(_VOID)

    def _price(self) -> str:
        return f"{self._dice.randint(9000, 9005)}.00"

    def _some(self, state: str) -> list[str]:
        """One record that is `state`, or sold; none where there is none."""
        known = [key for key, one in self.records.items() if (one.now == state if state else one.now.isdigit())]
        return [self._dice.choice(known)] if known else []


def _short(price: str) -> str:
    return price.removesuffix(".00")


def _wrong(rig: SourceRig, records: dict[str, Truth]) -> list[str]:
    """What the inbox does not say as it is."""
    taken: dict[str, list[str]] = {}
    for row in rig.rows():
        said = rig.price_of_row(row)
        taken.setdefault(row["natural_key"].rpartition(":")[2], []).append(said)
    wrong = [f"{key} is not known" for key in taken if key not in records]
    wrong += [f"{key} twice the same" for key in rig.twice()]
    for key, truth in records.items():
        wrong += [f"{key}: {text}" for text in _compared(truth, taken.get(key, []))]
    return wrong


def _compared(truth: Truth, taken: list[str]) -> list[str]:
    told = [one for place, one in enumerate(taken) if place == 0 or one != taken[place - 1] or one == _VOID]
    was = iter(truth.was)
    known = all(any(one == other for other in was) for one in _without_repeated_voids(told))
    if not known:
        return [f"{taken} is not a part of {truth.was}"]
    if truth.now == _OPEN:
        return [f"an open record was taken: {taken}"] if taken else []
    if truth.now == _VOID:
        return [f"it is gone, and {taken} does not say so"] if taken and taken[-1] != _VOID else []
    return [] if taken and taken[-1] == truth.now else [f"{taken} does not end with {truth.now}"]


def _without_repeated_voids(told: list[str]) -> list[str]:
    """Reopened and then deleted is told twice."""
    return [one for place, one in enumerate(told) if not (one == _VOID and place and told[place - 1] == _VOID)]


def main() -> int:
    """Run seeds; each that failed is told with the command that repeats it."""
    yaml.safe_load = partial(yaml.load, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    parser = argparse.ArgumentParser(prog="tests/sim_sources.py", description="Simulate the sweeps of a source.")
    parser.add_argument("sources", nargs="*", help=f"which: {', '.join(NAMES)}")
    parser.add_argument("--seeds", type=int, default=100, help="how many for each (100)")
    parser.add_argument("--first", type=int, default=1, help="the first (1)")
    asked = parser.parse_args()
    bad = 0
    for name in asked.sources or NAMES:
        happened: Counter[str] = Counter()
        for seed in range(asked.first, asked.first + asked.seeds):
            with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
                life = live(name, seed, Path(folder))
            happened += life.happened
            if life.wrong:
                bad += 1
                sys.stdout.write(f"{life}\n")
        sys.stdout.write(f"{name}: {asked.seeds} seeds, {bad} wrong; {dict(happened)}\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
