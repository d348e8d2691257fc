"""JSON as Xero reads and writes it: exact numbers, its dates, and our references in its fields. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

from dealbooks.http import Call, Reply

KEY_LENGTH = 20  # 80 bits: enough never to meet twice, and short enough to stand in a reference that people read
_KEY = re.compile(rf"([0-9a-f]{{{KEY_LENGTH}}})(?: |$)")
_MS = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/$")
_NUMBERS = frozenset({"UnitAmount", "TaxAmount", "LineAmount", "Amount", "CurrencyRate"})


def encoded(body: Any) -> bytes:
    """A body with its amounts, kept as text, written as numbers: never through float."""
    return orjson.dumps(_raw(body, ""))


def _raw(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _raw(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_raw(item, name) for item in value]
    if name in _NUMBERS and isinstance(value, str):
        return orjson.Fragment(format(Decimal(value), "f"))
    return value


def put(path: str, body: Any, key: str, *, what: str, params: Mapping[str, str] | None = None) -> Call:
    """A call that creates: PUT never overwrites, POST would (fact sheet section 1). Without a key, what may be done
    again: Xero would answer a key that it still keeps with what it did then, and do nothing."""
    headers = {"accept": "application/json", "content-type": "application/json"}
    if key:
        headers["idempotency-key"] = key
    return Call("PUT", path, params or {}, headers, encoded(body), what=what, writes=True)


def day(value: Any) -> date | None:
    """A day, from `/Date(1763596800000+0000)/` or `2026-11-20T00:00:00`; None for anything else."""
    text = str(value or "")
    if found := _MS.match(text):
        return datetime.fromtimestamp(int(found[1]) // 1000, UTC).date()
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def moment(value: Any) -> datetime | None:
    """A moment, from `/Date(1763596800000+0000)/`; None for anything else."""
    found = _MS.match(str(value or ""))
    return datetime.fromtimestamp(int(found[1]) // 1000, UTC) if found else None


def day_of(doc: Mapping[str, Any], name: str = "Date") -> date | None:
    """The day of a document, in the organisation's own calendar."""
    return day(doc.get(f"{name}String")) or day(doc.get(name))


def key_in(text: Any) -> str:
    """Our key, which stands first in a reference or narration; empty when there is none."""
    found = _KEY.match(str(text or ""))
    return found[1] if found else ""


def amount(value: Any) -> Decimal:
    """An amount as Xero shows it; nothing is nil."""
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


def listed(reply: Reply, name: str) -> list[dict[str, Any]]:
    """The documents of an answer; none when it holds none."""
    body = reply.json()
    found = body.get(name) if isinstance(body, Mapping) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def date_filter(first: date, last: date) -> str:
    """The part of a filter that picks a period, both days included."""
    return (
        f"Date>=DateTime({first.year},{first.month:02d},{first.day:02d}) AND "
        f"Date<=DateTime({last.year},{last.month:02d},{last.day:02d})"
    )
