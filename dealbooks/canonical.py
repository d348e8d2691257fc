"""One way to write a value as bytes, so that equal contents have equal hashes.

Hashes are for ever, so the text is what Python's `json` writes. orjson writes the same text several times faster, but
for floats, large integers and a few types: those it is never given.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson

_DEEPEST = 50  # of lists and tables in each other
_SCALARS = frozenset((str, int, bool, type(None)))
_PLAIN = _SCALARS | {dict, list, tuple}
_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and no floats that we made: the same content is always the same text."""
    if _is_plain(value):
        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        except TypeError:  # keys that are no text, integers beyond 64 bits, halves of a surrogate pair
            return _CANONICAL.encode(value)
    return _CANONICAL.encode(value)


def compact_json(value: Any) -> str:
    """JSON with no spaces, keys in their own order (entries keep the order of a golden case)."""
    if _is_plain(value):
        try:
            return orjson.dumps(value).decode()
        except TypeError:  # as above
            return _COMPACT.encode(value)
    return _COMPACT.encode(value)


def canonical_text(value: Any) -> str:
    """`canonical_json` of a value that we made of nothing but texts, whole numbers, truth values, nulls, lists and
    tables: that it is so is not looked up again."""
    try:
        return orjson.dumps(value, option=_SORTED).decode()
    except TypeError:
        return _CANONICAL.encode(value)


def compact_text(value: Any) -> str:
    """`compact_json` of such a value."""
    try:
        return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()
    except TypeError:
        return _COMPACT.encode(value)


def read_json(text: str) -> Any:
    """What `json.loads` reads, quicker, and with one text for the same key in many values."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:  # halves of a surrogate pair, NaN
        return json.loads(text)
    return value if _is_plain(value) else json.loads(text)  # an integer beyond 64 bits has become a float


def _is_plain(value: Any, deepest: int = _DEEPEST) -> bool:
    """Whether a value is made of texts, whole numbers, truth values, nulls, lists and tables only, of exactly these
    types: orjson writes a float, an enumeration or a UUID otherwise than `json`, or where `json` would refuse."""
    kind = type(value)
    if kind is dict:
        value = value.values()
    elif kind is not list and kind is not tuple:
        return kind in _SCALARS
    kinds = set(map(type, value))
    if kinds <= _SCALARS:
        return True
    if not kinds <= _PLAIN or deepest == 0:
        return False
    return all([_is_plain(item, deepest - 1) for item in value if type(item) not in _SCALARS])  # noqa: C419 - quicker


def _refuse(value: object) -> Any:
    raise TypeError(f"{type(value).__name__} has no canonical form; write it as text first")


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_refuse)
_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_refuse)


def sha256_hex(content: str | bytes) -> str:
    """SHA-256 of a text (UTF-8), or of bytes, in hex."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
