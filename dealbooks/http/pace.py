"""Time as a connection sees it, so that a simulation can let hours pass in no time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Pace(Protocol):
    """Tells the time, and waits."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class RealPace:
    """The machine's time."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
