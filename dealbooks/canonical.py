"""One way to write a value as bytes, so that equal contents have equal hashes."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and no floats that we made: the same content is always the same text."""
    return _CANONICAL.encode(value)


def compact_json(value: Any) -> str:
    """JSON with no spaces, keys in their own order (entries keep the order of a golden case)."""
    return _COMPACT.encode(value)


def _refuse(value: object) -> Any:
    raise TypeError(f"{type(value).__name__} has no canonical form; write it as text first")


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_refuse)
_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_refuse)


def sha256_hex(text: str) -> str:
    """SHA-256 of a text (UTF-8), in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
