"""Faults on demand, drawn from a seed: the same seed and the same calls give the same faults.

A fault counts as injected when it hit a live request, not when it was drawn.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Fault(StrEnum):
    """What can go wrong with a call. The first group happens before the platform has done anything."""

    REFUSED = "refused"  # no connection
    TIMEOUT_BEFORE = "timeout before commit"
    SERVER_ERROR = "5xx"
    ERROR_BODY_200 = "200 with an error body"
    LIMIT_SECOND = "429 second"
    LIMIT_MINUTE = "429 minute"
    LIMIT_DAY = "429 day"
    LIMIT_CONCURRENT = "429 concurrent"
    TOKEN_EXPIRED = "token expired"

    TIMEOUT_AFTER = "timeout after commit"
    RESET = "reset mid-body"
    SERVER_ERROR_AFTER = "5xx after commit"
    LATE_COMMIT = "commit long after the time-out"
    SLOW = "slow"
    TOKEN_LOST = "rotated token lost"
    LAGGING_SEARCH = "lagging search"


class FaultPlan:
    """Which fault the next call meets: first what was ordered, then what the dice say."""

    def __init__(self, seed: int = 0, rates: Mapping[Fault, float] | None = None) -> None:
        self._dice = random.Random(seed)
        self._rates = dict(rates or {})
        self._ordered: dict[str, deque[Fault | None]] = {}
        self.hits: Counter[Fault] = Counter()

    def order(self, faults: Iterable[Fault | None], kind: str = "write") -> None:
        """The next calls of a kind (`write`, `read`, `token`) meet these, one each; None is a call that goes well."""
        self._ordered.setdefault(kind, deque()).extend(faults)

    def calm(self) -> None:
        """From now on every call goes well."""
        self._ordered.clear()
        self._rates.clear()

    def draw(self, kind: str, possible: Iterable[Fault]) -> Fault | None:
        """The fault of a call, or None."""
        waiting = self._ordered.get(kind)
        if waiting:
            return waiting.popleft()
        if not self._rates:
            return None
        thrown = self._dice.random()
        for fault in possible:
            thrown -= self._rates.get(fault, 0.0)
            if thrown < 0:
                return fault
        return None

    def chance(self, low: float, high: float) -> float:
        """A number of seconds between the two."""
        return self._dice.uniform(low, high)

    def hit(self, fault: Fault) -> None:
        """It hit a live request."""
        self.hits[fault] += 1
