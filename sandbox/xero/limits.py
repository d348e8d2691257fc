"""Rate limits: per organisation and per app, over rolling minutes and days."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from sandbox.kit import Answer, Clock
from sandbox.xero.settings import Settings

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(slots=True)
class _Window:
    span: timedelta
    calls: deque[datetime] = field(default_factory=deque)

    def left(self, now: datetime, limit: int) -> int:
        while self.calls and self.calls[0] <= now - self.span:
            self.calls.popleft()
        return limit - len(self.calls)

    def wait(self, now: datetime) -> int:
        return max(1, ceil((self.calls[0] + self.span - now).total_seconds())) if self.calls else 1


@dataclass(slots=True)
class Limits:
    """Counts calls. A call that is refused for a limit does not count. [R]"""

    settings: Settings
    clock: Clock
    _minutes: dict[str, _Window] = field(default_factory=dict)
    _days: dict[str, _Window] = field(default_factory=dict)
    _apps: dict[str, _Window] = field(default_factory=dict)

    def take(self, tenant: str, app: str) -> Answer | None:
        """Count a call; the refusal, where a limit is reached."""
        now = self.clock.now()
        minute, daily, whole = self._windows(tenant, app)
        if daily.left(now, self.settings.per_day) <= 0:
            return self.refused("day", daily.wait(now), tenant, app)
        if minute.left(now, self.settings.per_minute) <= 0:
            return self.refused("minute", minute.wait(now), tenant, app)
        if whole.left(now, self.settings.app_per_minute) <= 0:
            return self.refused("app", whole.wait(now), tenant, app)
        for window in (minute, daily, whole):
            window.calls.append(now)
        return None

    def refused(self, problem: str, seconds: int, tenant: str, app: str) -> Answer:
        """The answer 429 for `minute`, `day`, `app` or `concurrent`."""
        more = {"x-rate-limit-problem": self.settings.problems[problem], "retry-after": str(seconds)}
        return Answer(429, b"", {**self.headers(tenant, app), **more})

    def headers(self, tenant: str, app: str) -> dict[str, str]:
        """What every accounting answer says about what is left."""
        now = self.clock.now()
        minute, daily, whole = self._windows(tenant, app)
        return {
            "x-daylimit-remaining": str(max(0, daily.left(now, self.settings.per_day))),
            "x-minlimit-remaining": str(max(0, minute.left(now, self.settings.per_minute))),
            "x-appminlimit-remaining": str(max(0, whole.left(now, self.settings.app_per_minute))),
        }

    def _windows(self, tenant: str, app: str) -> tuple[_Window, _Window, _Window]:
        key = f"{app}|{tenant}"
        return (
            self._minutes.setdefault(key, _Window(MINUTE)),
            self._days.setdefault(key, _Window(DAY)),
            self._apps.setdefault(app, _Window(MINUTE)),
        )
