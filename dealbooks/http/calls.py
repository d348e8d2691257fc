"""A call to a platform and its end. Values only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

_A_DAY = 86_400.0  # seconds: no limit of a platform is longer


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` starts at the connection's base address. `body` is sent as it is; `what` names the call for
    a person ("create invoice 1042"); `writes` says that a repetition could do it twice."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    what: str = ""
    writes: bool = False

    @classmethod
    def get(cls, path: str, params: Mapping[str, str] | None = None, *, what: str = "") -> Call:
        """A read."""
        return cls("GET", path, params or {}, {"accept": "application/json"}, what=what)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that came whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body; numbers with a point as exact decimals. None when it is not JSON."""
        try:
            return json.loads(self.body, parse_float=Decimal)
        except ValueError:
            return None

    @property
    def retry_after(self) -> float | None:
        """Seconds that the platform asks us to wait, a day at most, when it says so in seconds (RFC 9110 section
        10.2.3)."""
        value = self.headers.get("retry-after", "")
        return min(float(value), _A_DAY) if value.isascii() and value.isdigit() else None


@dataclass(frozen=True, slots=True)
class NoReply:
    """No whole answer came. `sent`: the request may have reached the platform, so it may have been done."""

    sent: bool
    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was said and answered, kept for `trace`, with secrets taken out."""

    at: str
    what: str
    method: str
    url: str
    request: str
    status: int  # 0: no answer
    response: str
    seconds: float
    effect: str = ""
