"""How many calls a company and an app may make. Source: Intuit's page on limits and throttles."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from sandbox.quickbooks.settings import Settings


class Limits:
    """Counts calls in sliding windows. A call that is refused does not count [R]."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._calls: dict[tuple[str, ...], deque[datetime]] = {}

    def allow(self, realm: str, client: str, now: datetime, *, batch: bool) -> bool:
        """Whether a call may go on; if so it is counted."""
        windows = [
            (("minute", realm), 60.0, self._settings.per_minute),
            (("second", realm, client), 1.0, self._settings.per_second),
        ]
        if batch:
            windows.append((("batch", realm, client), 60.0, self._settings.batches_per_minute))
        counted = []
        for name, seconds, most in windows:
            calls = self._calls.setdefault(name, deque())
            while calls and now - calls[0] >= timedelta(seconds=seconds):
                calls.popleft()
            if len(calls) >= most:
                return False
            counted.append(calls)
        for calls in counted:
            calls.append(now)
        return True
