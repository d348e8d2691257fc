"""What the fast lane has to do again, and when. In memory: whatever is lost with it is found by the sweeps.

Pure, but for the clock that it is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

# A deal that its source does not show yet as it was told: a search that lags, a record that is not committed.
LATE_GAPS = (2.0, 8.0, 30.0)
# What cannot be worked on now: another process does, or a platform is away. After that it is left to the next sync.
BUSY_GAPS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0, 300.0)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: read a `record` of a source (`key`), sweep a `source`, plan and post a `book`, look into the
    `inbox` once more."""

    kind: Literal["record", "source", "book", "inbox"]
    name: str
    key: str = ""


@dataclass(slots=True)
class Agenda:
    """Items with the moment when each is due, and how often each was put off."""

    clock: Callable[[], float] = time.monotonic
    _at: dict[Item, float] = field(default_factory=dict)
    _tries: dict[Item, int] = field(default_factory=dict)

    def now(self, items: Iterable[Item]) -> None:
        """Have these done at once."""
        for item in items:
            self._at[item] = self.clock()

    def again(self, item: Item, gaps: Sequence[float]) -> bool:
        """Have it done again after the next of the gaps; False when it was tried often enough, and is given up."""
        tries = self._tries.get(item, 0)
        if tries >= len(gaps):
            self.done(item)
            return False
        self._tries[item] = tries + 1
        self._at[item] = self.clock() + gaps[tries]
        return True

    def done(self, item: Item) -> None:
        """It was done, or is being done for another reason."""
        self._tries.pop(item, None)
        self._at.pop(item, None)

    def due(self, most: int = 500) -> list[Item]:
        """Take out what is due, the longest due first."""
        now = self.clock()
        found = sorted((item for item, at in self._at.items() if at <= now), key=self._at.__getitem__)[:most]
        for item in found:
            del self._at[item]
        return found

    def seconds(self) -> float | None:
        """How long until something is due; None: nothing is."""
        return max(0.0, min(self._at.values()) - self.clock()) if self._at else None
