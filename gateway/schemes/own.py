"""The event form of our own, for senders with none: {"type", "timestamp", "data": {...}} (Standard Webhooks' advice).

`data` names the deal by `deal_ref` (our reference), by `deal_id` (its id at the hook's source), by `object_ids` or by a
`reference` in words, and may have `occurred_at`, `amount` (text) and `currency`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from dealbooks.canonical import canonical_json
from dealbooks.events import KINDS, SAMPLE, Hint, Kind
from dealbooks.store.db import stamp
from gateway.schemes.base import Malformed, Parsed
from gateway.schemes.values import ids, joined, kept, moment, need_text, part, text


def read_event(event: dict[str, Any], dedupe_key: str) -> Parsed:
    """An event of our own form.

    Raises:
        Malformed: it has no type, or names no deal in any way.
    """
    kind = need_text(event, "type")
    if kind not in KINDS:
        return Parsed((), ignored=1)
    data = part(event, "data")
    named = part(data, "object_ids")
    object_ids = ids(**{name: value for name, value in named.items() if text(name) == name}, deal=data.get("deal_id"))
    deal_ref, words = text(data.get("deal_ref")), joined(data.get("reference"))
    if not (deal_ref or object_ids or words):
        raise Malformed("data names no deal: it needs deal_ref, deal_id, object_ids or reference.")
    return Parsed(
        (
            Hint(
                kind=cast(Kind, kind),
                dedupe_key=dedupe_key,
                body=kept(event),
                deal_ref=deal_ref,
                object_ids=object_ids,
                occurred_at=moment(data.get("occurred_at")) or moment(event.get("timestamp")),
                text=words,
                amount=text(data.get("amount"), 40),
                currency=text(data.get("currency"), 3),
            ),
        )
    )


def sample(_hook: object, now: datetime) -> bytes:
    """An event about the sample deal."""
    event = {"type": "deal.updated", "timestamp": stamp(now), "data": {"deal_ref": SAMPLE, "deal_id": SAMPLE}}
    return canonical_json(event).encode()
