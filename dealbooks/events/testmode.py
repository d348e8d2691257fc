"""Whether an event says by itself that it is of its sender's test mode. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEPTH = 3


def says_test(body: Any, depth: int = _DEPTH) -> bool:
    """`livemode: false` (Stripe, and senders of our own form), `test_mode: true` (Dropbox Sign), not deep inside."""
    if not isinstance(body, Mapping) or not depth:
        return False
    live, test = str(body.get("livemode", "")).lower(), str(body.get("test_mode", "")).lower()
    return live == "false" or test in ("true", "1") or any(says_test(part, depth - 1) for part in body.values())
