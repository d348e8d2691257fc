"""One planted month from a seed: made, posted by the real pipeline, disturbed, reconciled, judged."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from plant_bank import give_lists, give_statements, lists_of
from plant_checker import Verdict, check
from plant_defects import DEFECTS, ONCE
from plant_honest import HARMLESS
from plant_ledger import Ledger, Plant, Planter
from plant_month import BOOKS, MONTH, PlantedHouse, make_group

from dealbooks.pipeline.reconcile import reconcile


@dataclass(slots=True)
class Outcome:
    """What a planted month came to. `seconds` by step; `reports` are what reconciling said, by book."""

    seed: int
    deals: int
    plants: list[Plant]
    harmless: dict[str, int]
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    again: bool = True

    @property
    def sound(self) -> bool:
        """Whether both books' reports are right, and say the same again."""
        return self.again and all(one.sound for one in self.verdicts.values())

    def __str__(self) -> str:
        planted = sum(one.planted for one in self.verdicts.values())
        found = sum(one.found for one in self.verdicts.values())
        false = sum(len(one.false) for one in self.verdicts.values())
        steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.seconds.items())
        said = f"seed {self.seed}: {self.deals} deals, planted {planted}, found {found}, false {false}; {steps}"
        bad = [str(one) for one in self.verdicts.values() if not one.sound]
        return "\n".join([said, *bad, *(() if self.again else ("  a second report says something else",))])


def run(
    folder: Path, seed: int, deals: int, *, each: int = 0, only: Sequence[str] = (), again: bool = False
) -> Outcome:
    """Plant and judge. `each` is how many of each kind are planted in each book; 0: one of each kind, in one of the
    books. `only` names kinds (nothing else is planted then); `again` reconciles twice."""
    rng = Random(f"{seed} kinds")
    planters: dict[str, Planter] = {}
    steps: list[tuple[Planter, Ledger]] = []
    for book in BOOKS:
        group = make_group(book, deals // len(BOOKS), seed)
        planters[book] = Planter(group, folder / "books" / book, str, Random(f"{seed} {book} planter"))
    clock = _Clock()
    house = PlantedHouse(folder)
    try:
        for book, planter in planters.items():
            ledger: Any = house.house.ledger(book)
            planter.name_of = partial(ledger.accounts.name_of, where="the planter")
        for number, (name, kind) in enumerate({**DEFECTS, **HARMLESS, **ONCE}.items()):
            if only and name not in only:
                continue
            books = list(BOOKS) if each else [BOOKS[(number + seed) % 2]]
            for book in books:
                for _ in range(1 if name in ONCE else max(1, each)):
                    step = kind(planters[book])
                    if step is not None:
                        steps.append((planters[book], step))
        rng.shuffle(steps)
        clock.step("make")
        for planter in planters.values():
            house.drop_first(planter.group)
        house.sync()
        for planter in planters.values():
            house.drop_later(planter.group)
        if any(planter.group.later for planter in planters.values()):
            house.sync()
        clock.step("post")
        for planter in planters.values():
            planter.index()
            planter.buy()
            give_statements(planter, house)
        lists = {book: lists_of(planter) for book, planter in planters.items()}
        for book, planter in planters.items():
            give_lists(planter, house, lists[book])
        for _, step in steps:
            step()
        for planter in planters.values():
            planter.write_down()
        clock.step("plant")
        outcome = Outcome(
            seed, sum(len(one.group.sales) for one in planters.values()),
            [plant for one in planters.values() for plant in one.plants],
            {kind: count for one in planters.values() for kind, count in one.harmless.items()},
        )  # fmt: skip
        for book in BOOKS:
            text = json.dumps(reconcile(house.house, book, MONTH).as_json())
            outcome.reports[book] = json.loads(text)
            clock.step(f"reconcile {book}")
            outcome.verdicts[book] = check(outcome.reports[book], outcome.plants)
            if again:
                outcome.again = outcome.again and json.dumps(reconcile(house.house, book, MONTH).as_json()) == text
                clock.step(f"again {book}")
        outcome.seconds = clock.seconds
        return outcome
    finally:
        house.close()


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def step(self, name: str) -> None:
        """So long did this take."""
        now = time.perf_counter()
        self.seconds[name], self._last = now - self._last, now
