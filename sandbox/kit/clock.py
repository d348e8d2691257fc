"""The time of a sandbox: the real one, or one that a simulation moves."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""


class RealClock:
    """The machine's time."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


class VirtualClock:
    """Time that passes only when somebody sleeps. What was put on the agenda happens on the way."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 9, 1, 8, tzinfo=UTC)
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._alone = threading.RLock()

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._now

    def __call__(self) -> datetime:
        """The same, for those who take a clock as a function."""
        return self._now

    def at(self, moment: datetime, happens: Callable[[], None]) -> None:
        """Put something on the agenda."""
        with self._alone:
            heapq.heappush(self._agenda, (moment, next(self._order), happens))

    def sleep(self, seconds: float) -> None:
        """Let time pass, and what is due happen in its order."""
        with self._alone:
            until = self._now + timedelta(seconds=seconds)
            while self._agenda and self._agenda[0][0] <= until:
                moment, _, happens = heapq.heappop(self._agenda)
                self._now = max(self._now, moment)
                happens()
            self._now = until
