"""Those who work in a platform, and what they know to be true; and the webhooks that tell of their deeds."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.sources.source_rig import SourceRig
from sim_sources_worlds import Files

OPEN, REOPENED, GONE = "open", "reopened", "gone"
_EXPIRES = "test_an_expired_cursor_compares_everything"
_LINES = "test_a_line_that_changes_without_its_deal_is_found"


@dataclass
class Truth:
    """What a sale was, one after the other: `open`, a price (with `*` once its line has another text), `reopened` or
    `gone`."""

    number: int
    was: list[str]

    @property
    def now(self) -> str:
        """What it is."""
        return self.was[-1]

    @property
    def sold(self) -> bool:
        """Whether it is a completed sale now."""
        return self.now not in (OPEN, REOPENED, GONE)


class People:
    """What they do is drawn from dice. `told` are webhooks on their way: (key, number of the event)."""

    def __init__(self, rig: SourceRig, dice: random.Random) -> None:
        self.records: dict[str, Truth] = {}
        self.did: Counter[str] = Counter()
        self.told: list[tuple[str, int]] = []
        self._rig = rig
        self._dice = dice
        self._number = self._event = 0
        self._price = 1_000_000
        self._deeds: list[tuple[int, Callable[[], None]]] = [
            (5, self.sells), (6, self.reprices), (1, self.touches), (1, self.reopens), (2, self.sells_late),
            (1, self.sells_many),
        ]  # fmt: skip
        if isinstance(rig, Files):
            self._deeds.append((1, self.sells_slowly))
        else:
            self._deeds += [(2, self.quotes), (3, self.completes), (1, self.deletes)]
        if rig.restores:
            self._deeds.append((1, self.restores))
        if _LINES not in rig.cannot:
            self._deeds.append((1, self.edits_a_line))
        if _EXPIRES not in rig.cannot:
            self._deeds.append((1, rig.expire_cursor))

    def act(self) -> None:
        """Somebody does something."""
        (deed,) = self._dice.choices([deed for _, deed in self._deeds], [weight for weight, _ in self._deeds])
        self.did[deed.__name__] += 1
        deed()

    def sells(self) -> None:
        price = self._some_price()
        self._number += 1
        self._new(self._rig.sell(self._number, price), _short(price))

    def sells_many(self) -> None:
        for _ in range(self._dice.randint(2, 9)):
            self.sells()

    def sells_slowly(self) -> None:
        assert isinstance(self._rig, Files)
        price = self._some_price()
        self._number += 1
        self._new(self._rig.sell_slowly(self._number, price), _short(price))

    def sells_late(self) -> None:
        """Visible as late as the source promises to find it."""
        self._number += 1
        settings: Any = getattr(getattr(self._rig, "source", None), "settings", None)
        most = self._rig.late()
        if hasattr(settings, "overlap_seconds"):
            most = settings.overlap_seconds + settings.behind_seconds - 7  # of which searches may be behind by five
        seconds = self._dice.choice((self._dice.uniform(0, most), most, most))
        self._new(self._rig.sell_late(self._number, seconds), "10000")

    def quotes(self) -> None:
        self._number += 1
        self._new(self._rig.quote(self._number), OPEN)

    def completes(self) -> None:
        for key in self._some(OPEN, REOPENED):
            truth = self.records[key]
            (self._rig.complete if truth.now == OPEN else self._rig.complete_again)(key)
            self._is(key, next((one for one in reversed(truth.was) if one[0].isdigit()), "10000"))

    def reprices(self) -> None:
        for key in self._some_sold():
            price = self._some_price()
            star = "*" * self.records[key].now.endswith("*")
            self._rig.reprice(key, price)
            self._is(key, _short(price) + star)

    def touches(self) -> None:
        for key in self._some_sold():
            self._rig.touch(key)

    def edits_a_line(self) -> None:
        for key in self._some_sold():
            self._rig.edit_line(key)
            self._is(key, self.records[key].now.removesuffix("*") + "*")

    def reopens(self) -> None:
        for key in self._some_sold():
            self._rig.reopen(key)
            self._is(key, GONE if isinstance(self._rig, Files) else REOPENED)

    def deletes(self) -> None:
        for key in self._some_sold() if self._dice.random() < 0.7 else self._some(OPEN, REOPENED):
            self._rig.delete(key)
            self._is(key, GONE)

    def restores(self) -> None:
        for key in self._some(GONE):
            before = next((one for one in reversed(self.records[key].was) if one != GONE), "")
            if before:
                self._rig.restore(key)
                if self._rig.look(key) != GONE:
                    self._is(key, before)

    def _new(self, key: str, state: str) -> None:
        self.records[key] = Truth(self._number, [state])
        self._webhook(key)

    def _is(self, key: str, state: str) -> None:
        if self.records[key].now != state:
            self.records[key].was.append(state)
        self._webhook(key)

    def _webhook(self, key: str) -> None:
        self._event += 1
        self.told.append((key, self._event))

    def _some_price(self) -> str:
        if isinstance(self._rig, Files):  # the same row again is the same file again
            self._price += 1
            return f"{self._price / 100:.2f}"
        return f"{self._dice.randint(9995, 10_005)}.00"

    def _some(self, *states: str) -> list[str]:
        """One record that is in one of these states; none where there is none."""
        known = [key for key, one in self.records.items() if one.now in states]
        return [self._dice.choice(known)] if known else []

    def _some_sold(self) -> list[str]:
        known = [key for key, one in self.records.items() if one.sold]
        return [self._dice.choice(known)] if known else []


def _short(price: str) -> str:
    return price.removesuffix(".00")
