"""Rate limits: of the app in ten seconds, of the account in a day, and of searches in a second."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.hubspot.settings import Settings
from sandbox.hubspot.wire import too_many
from sandbox.kit import Answer, Clock

_TEXTS = {
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
    "DAILY": "You have reached your daily limit.",
}


@dataclass(slots=True)
class Limits:
    """Counts calls."""

    settings: Settings
    clock: Clock
    _calls: deque[datetime] = field(default_factory=deque)
    _searches: deque[datetime] = field(default_factory=deque)
    _today: tuple[str, int] = ("", 0)

    def take(self, *, search: bool) -> Answer | None:
        """Count a call; the refusal, where a limit is reached. A search has a limit of its own."""
        now = self.clock.now()
        day = f"{now:%Y-%m-%d}"
        if self._today[0] != day:
            self._today = (day, 0)
        if self._today[1] >= self.settings.per_day:
            return self.refused("DAILY")
        calls, span, most, policy = (
            (self._searches, 1, self.settings.searches_per_second, "SECONDLY")
            if search
            else (self._calls, 10, self.settings.per_ten_seconds, "TEN_SECONDLY_ROLLING")
        )
        while calls and calls[0] <= now - timedelta(seconds=span):
            calls.popleft()
        if len(calls) >= most:
            return self.refused(policy)
        calls.append(now)
        self._today = (day, self._today[1] + 1)
        return None

    def refused(self, policy: str) -> Answer:
        """The answer 429 of a policy. It does not say how long to wait."""
        return too_many(policy, _TEXTS[policy])

    def headers(self, *, search: bool, daily: bool) -> dict[str, str]:
        """What an answer says of what is left: nothing where it was a search, and nothing of the day to a public
        app."""
        if search:
            return {}
        found = {
            "x-hubspot-ratelimit-interval-milliseconds": "10000",
            "x-hubspot-ratelimit-max": str(self.settings.per_ten_seconds),
            "x-hubspot-ratelimit-remaining": str(max(0, self.settings.per_ten_seconds - len(self._calls))),
        }
        if daily:
            found["x-hubspot-ratelimit-daily"] = str(self.settings.per_day)
            found["x-hubspot-ratelimit-daily-remaining"] = str(max(0, self.settings.per_day - self._today[1]))
        return found
