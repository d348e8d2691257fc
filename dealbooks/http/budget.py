"""What a connection may still spend: a call waits here until all of the platform's limits let it through.

The counting is pyrate-limiter's sliding window; what the platform says of the rest in its answers is taken as true.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pyrate_limiter import InMemoryBucket, Rate, RateItem

from dealbooks.http.pace import Pace

_SECOND = 1000  # the library counts in milliseconds
# A call counts on the platform when it arrives, later than when we count it, and not each by as much: a window is kept
# a tenth longer than the platform's, a second at most.
_LONGER, _LONGEST = 0.1, 1.0


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in so many seconds. `name` is what the platform calls it (`minute`, `day`)."""

    name: str
    calls: int
    seconds: float


class BudgetSpent(Exception):
    """The next call would have to wait longer than anybody waits for: come back after `seconds`."""

    def __init__(self, limit: Limit, seconds: float) -> None:
        spent = f"{limit.calls} calls a {limit.name} are spent" if limit.calls else "it asked for a pause"
        super().__init__(spent)
        self.limit = limit
        self.seconds = seconds


class Budget:
    """The limits of one connection, for all its threads."""

    def __init__(self, limits: Sequence[Limit], *, concurrent: int, pace: Pace, longest_wait: float = 90.0) -> None:
        self._pace = pace
        self._longest = longest_wait
        self._buckets = [(limit, InMemoryBucket([Rate(limit.calls, _window(limit))])) for limit in limits]
        self._together = threading.BoundedSemaphore(concurrent)
        self._alone = threading.Lock()
        self._blocked_until = 0

    @contextmanager
    def call(self) -> Iterator[None]:
        """Wait until one more call is within every limit, and hold a place for it while it runs.

        Raises:
            BudgetSpent: it would take longer than the longest wait.
        """
        with self._together:
            self._wait()
            yield

    def room(self) -> int | None:
        """How many more calls there may be before one has to wait longer than the longest wait; None: no limit of ours
        is as long as that."""
        with self._alone:
            now = self._now()
            if self._blocked_until - now > self._longest * _SECOND:
                return 0
            left = []
            for limit, bucket in self._buckets:
                if limit.seconds > self._longest:
                    bucket.leak(now)
                    left.append(max(0, limit.calls - bucket.count()))
            return min(left, default=None)

    def told(self, name: str, remaining: int) -> None:
        """The platform says that so many calls are left of a limit: others may use the same connection."""
        with self._alone:
            now = self._now()
            for limit, bucket in self._buckets:
                if limit.name != name:
                    continue
                bucket.leak(now)
                unknown = limit.calls - bucket.count() - remaining
                if unknown > 0:
                    bucket.put(RateItem("others", now, weight=unknown))

    def stop(self, seconds: float) -> None:
        """The platform refused a call and asks for a pause: nobody calls before it is over."""
        with self._alone:
            self._blocked_until = max(self._blocked_until, self._now() + int(seconds * _SECOND))

    def _wait(self) -> None:
        while True:
            with self._alone:
                wait, limit = self._next()
            if wait <= 0:
                return
            if wait > self._longest:
                raise BudgetSpent(limit, wait)
            self._pace.sleep(wait)

    def _next(self) -> tuple[float, Limit]:
        """Seconds to wait, and for which limit; when it is none, the call is counted."""
        now = self._now()
        pause = Limit("pause", 0, 0.0)
        if now < self._blocked_until:
            return (self._blocked_until - now) / _SECOND, pause
        for limit, bucket in self._buckets:
            bucket.leak(now)
            if bucket.count() >= limit.calls:
                oldest = bucket.peek(limit.calls - 1)
                since = oldest.timestamp if oldest is not None else now
                return max(0.001, (since + _window(limit) + 1 - now) / _SECOND), limit
        for _, bucket in self._buckets:
            bucket.put(RateItem("call", now))
        return 0.0, pause

    def _now(self) -> int:
        return int(self._pace.now().timestamp() * _SECOND)


def _window(limit: Limit) -> int:
    return int((limit.seconds + min(_LONGEST, limit.seconds * _LONGER)) * _SECOND)
