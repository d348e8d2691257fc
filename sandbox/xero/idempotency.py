"""Idempotency keys: the first answer to a key is given again for six minutes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.kit import Answer, Call, Clock
from sandbox.xero.settings import Settings


@dataclass(slots=True)
class Held:
    """A key in use. Without an answer, its first call is still under way, until `due`."""

    first: datetime
    print: str
    answer: Answer | None = None
    due: datetime | None = None


@dataclass(slots=True)
class Keys:
    """The keys of all apps."""

    settings: Settings
    clock: Clock
    _held: dict[tuple[str, str], Held] = field(default_factory=dict)

    def held(self, app: str, key: str) -> Held | None:
        """The key, where it was used in the last six minutes."""
        found = self._held.get((app, key))
        if found and found.answer and self.clock.now() - found.first >= timedelta(seconds=self.settings.key_life):
            del self._held[app, key]
            return None
        return found

    def claim(self, app: str, key: str, call: Call, due: datetime | None = None) -> Held:
        """Take a key for its first call."""
        held = self._held[app, key] = Held(self.clock.now(), fingerprint(call), None, due)
        return held

    def settle(self, app: str, key: str, answer: Answer) -> None:
        """The first call is answered; what is not kept frees the key."""
        if answer.status in self.settings.cached_statuses:
            self._held[app, key].answer = answer
        else:
            self._held.pop((app, key), None)


def fingerprint(call: Call) -> str:
    """What makes two requests the same: method, path, query, organisation and body."""
    parts = (call.method, call.path, str(sorted(call.query.items())), call.headers.get("xero-tenant-id", ""))
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + call.body).hexdigest()
