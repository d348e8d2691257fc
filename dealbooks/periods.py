"""Accounting periods: calendar months, the states that they go through, and until when a book is closed. Pure.

    open -> closing -> locked -> reopened -> closing -> locked ...

A period without a state is open. Nothing may be dated on or before the last day of a locked period
(period-close.md PC-1, PC-4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dealbooks.errors import BrokenInvariant, UsageError

_WRITTEN = re.compile(r"([0-9]{4})-([0-9]{2})")
_YEARS = range(1900, 2200)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar month of a book."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read a period as people write it, such as 2026-03.

        Raises:
            UsageError: for anything else.
        """
        found = _WRITTEN.fullmatch(text.strip())
        if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) not in _YEARS:
            raise UsageError(f"“{text}” is not a period.", fix="Write year and month, such as 2026-03.")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Period:
        """The period that a day lies in."""
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.following.first - timedelta(days=1)

    @property
    def following(self) -> Period:
        """The period after it."""
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def preceding(self) -> Period:
        """The period before it."""
        return Period.of(self.first - timedelta(days=1))

    def __contains__(self, day: date) -> bool:
        return (day.year, day.month) == (self.year, self.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


class PeriodState(StrEnum):
    """Where a period stands. Into an open, closing or reopened one entries may be dated; into a locked one never."""

    OPEN = "open"
    CLOSING = "closing"
    LOCKED = "locked"
    REOPENED = "reopened"


_P = PeriodState
MOVES: dict[PeriodState, frozenset[PeriodState]] = {
    _P.OPEN: frozenset({_P.CLOSING}),
    _P.CLOSING: frozenset({_P.LOCKED, _P.OPEN, _P.REOPENED}),
    _P.LOCKED: frozenset({_P.REOPENED}),
    _P.REOPENED: frozenset({_P.CLOSING}),
}


def check_move(period: Period, old: PeriodState, new: PeriodState) -> None:
    """Raise BrokenInvariant when a period cannot go from one state to the other."""
    if new not in MOVES[old]:
        raise BrokenInvariant(
            f"Period {period} is {old.value} and cannot become {new.value}.",
            fix="Nothing was changed; 'dealbooks status' shows the periods of the book.",
        )


def closed_through(states: Mapping[Period, PeriodState]) -> date | None:
    """The last day on which nothing can be dated any more; None when nothing is closed.

    It is the end of the latest locked period that no period before it has been taken out of the lock.
    """
    unlocked = [period for period, state in states.items() if state is not PeriodState.LOCKED]
    first_open = min(unlocked, default=None)
    locked = [
        period
        for period, state in states.items()
        if state is PeriodState.LOCKED and (first_open is None or period < first_open)
    ]
    return max(locked).last if locked else None


def earliest_open_day(states: Mapping[Period, PeriodState]) -> date | None:
    """The first day on which something may be dated; None when any day may be."""
    closed = closed_through(states)
    return None if closed is None else closed + timedelta(days=1)
