"""GoCardless: `Webhook-Signature`, the hex HMAC-SHA256 of the body; up to 250 events in one delivery.

Source: gocardless/gocardless-pro-python, webhooks.py. No time is signed; a repeat is known by its events' ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dealbooks.canonical import canonical_json
from dealbooks.config_told import HookConfig
from dealbooks.events import SAMPLE, Hint, Kind
from dealbooks.store.db import stamp
from gateway.schemes.base import Headers, Malformed, Parsed
from gateway.schemes.proof import hmac_hex, need_header, need_match
from gateway.schemes.values import each, ids, items, joined, kept, key_of, moment, need_text, part, read_object, text

_KINDS: Mapping[str, Kind] = {
    "confirmed": "payment.received",
    "paid_out": "payment.received",
    "failed": "payment.lost",
    "charged_back": "payment.lost",
    "late_failure_settled": "payment.lost",
    "cancelled": "payment.lost",
}


def verify(headers: Headers, body: bytes, hook: HookConfig, _now: datetime) -> None:
    """Raises Refused."""
    given = need_header(headers, "webhook-signature")
    need_match([given], [hmac_hex(secret.encode(), body) for secret in hook.secrets])


def parse(_headers: Headers, body: bytes, hook: HookConfig) -> Parsed:
    """Events of payments. One that cannot be read does not hold back the others. Raises Malformed."""
    return each(items(read_object(body).get("events"), "events"), lambda item: _event(item, hook))


def sign(body: bytes, _hook: HookConfig, secret: str, _now: datetime) -> dict[str, str]:
    """As GoCardless does."""
    return {"Webhook-Signature": hmac_hex(secret.encode(), body)}


def sample(hook: HookConfig, now: datetime) -> bytes:
    """A payment for the sample deal."""
    number = int(now.timestamp() * 1_000_000)
    event = {
        "id": f"EVsample{number}", "created_at": stamp(now), "resource_type": "payments", "action": "confirmed",
        "links": {"payment": "PMsample", "organisation": hook.account}, "resource_metadata": {"deal_ref": SAMPLE},
    }  # fmt: skip
    return canonical_json({"events": [event], "meta": {"webhook_id": f"WBsample{number}"}}).encode()


def _event(item: Any, hook: HookConfig) -> Hint | None:
    """An event of a payment of our organisation; None for any other."""
    if not isinstance(item, dict):
        raise Malformed("An event is not a JSON object.")
    links, action = part(item, "links"), need_text(item, "action")
    other = bool(hook.account) and text(links.get("organisation")) != hook.account
    if need_text(item, "resource_type") != "payments" or action not in _KINDS or other:
        return None
    metadata = part(item, "resource_metadata") | part(item, "metadata")
    return Hint(
        kind=_KINDS[action],
        dedupe_key=key_of(need_text(item, "id")),
        body=kept(item),
        deal_ref=text(metadata.get("deal_ref")),
        object_ids=ids(payment=need_text(links, "payment"), payout=links.get("payout"), refund=links.get("refund")),
        occurred_at=moment(item.get("created_at")),
        text=joined(part(item, "details").get("description"), *metadata.values()),
    )
