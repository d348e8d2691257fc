"""Draws from a seed: the same on every machine, in every process and in every Python.

Only the raw bits of `random.Random` are used (the Mersenne Twister, whose stream the language keeps), and whole
numbers: what `choice` or `sample` make of a seed has changed between versions of Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from random import Random
from typing import TypeVar

_Item = TypeVar("_Item")
_BITS = 48
_WHOLE_SHARE = 10_000


class Dice:
    """Whole numbers, picks, amounts and days, drawn from one stream of bits."""

    __slots__ = ("_bits",)

    def __init__(self, source: Random) -> None:
        self._bits = source.getrandbits

    @classmethod
    def of(cls, seed: int | Random, salt: str) -> Dice:
        """Dice of a seed; `salt` keeps the streams of different uses apart. A Random is drawn from as it stands."""
        return cls(seed if isinstance(seed, Random) else Random(f"{salt}/{seed}"))

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + (self._bits(_BITS) * (high - low + 1) >> _BITS)

    def percent(self, chance: int) -> bool:
        """True in so many of a hundred draws."""
        return self.whole(1, 100) <= chance

    def pick(self, items: Sequence[_Item]) -> _Item:
        """One of them."""
        return items[self.whole(0, len(items) - 1)]

    def weighted(self, items: Sequence[_Item], weights: Sequence[int]) -> _Item:
        """One of them, each as often as its weight says."""
        left = self.whole(1, sum(weights))
        for item, weight in zip(items, weights, strict=True):
            left -= weight
            if left <= 0:
                return item
        return items[-1]

    def amount(self, low: int, high: int, digits: int) -> Decimal:
        """An amount between two whole amounts: a round one in four of ten draws, else exact to the minor unit."""
        if self.percent(40):
            return Decimal(self.whole(low, high)).scaleb(digits).scaleb(-digits)
        unit = 10**digits
        return Decimal(self.whole(low * unit, high * unit)).scaleb(-digits)

    def day(self, first: date, last: date) -> date:
        """A day from first to last, both included."""
        return date.fromordinal(self.whole(first.toordinal(), last.toordinal()))

    def after(self, day: date, fewest: int, most: int) -> date:
        """A day so many days later; negative numbers are days before."""
        return date.fromordinal(day.toordinal() + self.whole(fewest, most))

    def shares(self, people: int) -> list[Decimal]:
        """So many shares above nil, of four decimals, which add up to exactly 1."""
        left, found = _WHOLE_SHARE, []
        for others in range(people - 1, 0, -1):
            share = left // (others + 1) if self.percent(50) else self.whole(1, left - others)
            found.append(Decimal(share).scaleb(-4))
            left -= share
        return [*found, Decimal(left).scaleb(-4)]
