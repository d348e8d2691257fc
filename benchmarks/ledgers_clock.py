"""Virtual time for several threads: it passes only when all of them wait, and one of them goes on at a time, so that
the same run comes out the same."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any

from sandbox.kit import VirtualClock


class TogetherClock(VirtualClock):
    """A virtual clock that several threads sleep by at once. `pool` makes what stands in for a ThreadPoolExecutor."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._awake = 1
        self._asleep: list[tuple[Any, int, threading.Event]] = []
        self._number = itertools.count()

    def sleep(self, seconds: float) -> None:
        """Wait; others go on meanwhile."""
        turn = threading.Event()
        with self._lock:
            heapq.heappush(self._asleep, (self._now + timedelta(seconds=seconds), next(self._number), turn))
            self._left()
        turn.wait()

    def pool(self, workers: int) -> _Pool:
        """Threads that share this clock."""
        return _Pool(self, workers)

    def joined(self, threads: int) -> None:
        """So many more are awake."""
        with self._lock:
            self._awake += threads

    def left(self) -> None:
        """One less is awake."""
        with self._lock:
            self._left()

    def _left(self) -> None:
        self._awake -= 1
        if self._awake == 0 and self._asleep:
            moment, _, turn = heapq.heappop(self._asleep)
            self._now = max(self._now, moment)
            self._awake = 1
            turn.set()


class _Pool:
    """Runs jobs in threads whose time is the clock's."""

    def __init__(self, clock: TogetherClock, workers: int) -> None:
        self._clock = clock
        self._workers = workers

    def __enter__(self) -> _Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return

    def map(self, job: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """The results in the order of the items. Raises what the first job raised."""
        waiting = deque(enumerate(items))
        results: dict[int, Any] = {}
        failed: list[BaseException] = []
        running = min(self._workers, len(waiting))
        lock = threading.Lock()

        def worker() -> None:
            nonlocal running
            self._clock.sleep(0.0)
            while waiting and not failed:
                place, item = waiting.popleft()
                try:
                    results[place] = job(item)
                except BaseException as error:  # noqa: BLE001 - the thread that waits raises it
                    failed.append(error)
            with lock:
                running -= 1
                if running:
                    self._clock.left()  # the last one hands its place to the thread that waits for all

        threads = [threading.Thread(target=worker, daemon=True) for _ in range(running)]
        self._clock.joined(len(threads))
        for thread in threads:
            thread.start()
        self._clock.left()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return iter([results[place] for place in sorted(results)])


def at_once(clock: TogetherClock, workers: int, job: Callable[[Any], None], items: Sequence[Any]) -> None:
    """Do a job for each item, so many at once."""
    clock.pool(workers).map(job, items)
