"""Stripe: `Stripe-Signature: t=..,v1=..`, the hex HMAC-SHA256 of "{t}.{body}" keyed with the whole whsec_ text.

Source: stripe/stripe-python, stripe/_webhook.py. v0 is not looked at. Amounts are in the currency's minor unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dealbooks.canonical import canonical_json
from dealbooks.config_told import HookConfig
from dealbooks.events import SAMPLE, Hint, Kind
from gateway.schemes.base import Headers, Malformed, Parsed, Refused
from gateway.schemes.proof import hmac_hex, need_fresh, need_header, need_match, whole
from gateway.schemes.values import from_minor, ids, joined, kept, key_of, moment, need_text, part, read_object, text

_KINDS: Mapping[str, Kind] = {
    "payment_intent.succeeded": "payment.received",
    "checkout.session.completed": "payment.received",
    "checkout.session.async_payment_succeeded": "payment.received",
    "charge.refunded": "payment.lost",
    "refund.updated": "payment.lost",
    "refund.failed": "payment.lost",
    "charge.refund.updated": "payment.lost",
    "charge.dispute.created": "payment.lost",
    "charge.dispute.closed": "payment.lost",
}
_OTHERS = ("payment_intent", "charge", "latest_charge", "invoice")
_AMOUNTS = ("amount_received", "amount_total", "amount_refunded", "amount")


def verify(headers: Headers, body: bytes, hook: HookConfig, now: datetime) -> None:
    """Raises Refused."""
    pairs = [one.strip().partition("=") for one in need_header(headers, "stripe-signature").split(",")]
    at = next((value for name, _, value in pairs if name == "t"), "")
    given = [value for name, _, value in pairs if name == "v1"]
    if not at or not given:
        raise Refused("unsigned", "The header Stripe-Signature has no t or no v1.")
    need_match(given, [hmac_hex(secret.encode(), at.encode(), b".", body) for secret in hook.secrets])
    need_fresh(whole(at), now)


def parse(_headers: Headers, body: bytes, hook: HookConfig) -> Parsed:
    """A payment that came or was lost, of the mode (live or test) that the hook is for. Raises Malformed."""
    event = read_object(body)
    key, name = need_text(event, "id"), need_text(event, "type")
    about = part(event, "data", "object")
    unpaid = name == "checkout.session.completed" and about.get("payment_status") != "paid"
    other_mode = bool(event.get("livemode")) is not hook.live
    other_account = bool(hook.account) and text(event.get("account")) != hook.account
    if name not in _KINDS or unpaid or other_mode or other_account:
        return Parsed((), ignored=1)
    if not about:
        raise Malformed("data.object is missing.")
    metadata = part(about, "metadata")
    amount = next((about[one] for one in _AMOUNTS if about.get(one) is not None), None)
    shown, currency = from_minor(amount, about.get("currency"))
    hint = Hint(
        kind=_KINDS[name],
        dedupe_key=key_of(key),
        body=kept(event),
        deal_ref=text(metadata.get("deal_ref")) or text(about.get("client_reference_id")),
        object_ids=_ids(about),
        occurred_at=moment(event.get("created")),
        text=joined(about.get("description"), about.get("statement_descriptor"), *metadata.values()),
        amount=shown,
        currency=currency,
    )
    return Parsed((hint,))


def sign(body: bytes, _hook: HookConfig, secret: str, now: datetime) -> dict[str, str]:
    """As Stripe does."""
    at = str(int(now.timestamp()))
    return {"Stripe-Signature": f"t={at},v1={hmac_hex(secret.encode(), at.encode(), b'.', body)}"}


def sample(hook: HookConfig, now: datetime) -> bytes:
    """A payment for the sample deal."""
    about = {"id": "pi_sample", "object": "payment_intent", "amount_received": 100, "currency": "usd"}
    event = {
        "id": f"evt_sample_{int(now.timestamp() * 1_000_000)}", "object": "event", "created": int(now.timestamp()),
        "type": "payment_intent.succeeded", "livemode": hook.live, "account": hook.account or None,
        "data": {"object": about | {"metadata": {"deal_ref": SAMPLE}}},
    }  # fmt: skip
    return canonical_json(event).encode()


def _ids(about: dict[str, Any]) -> dict[str, str]:
    """The object's own id, and those of the objects that it names (which may stand there whole)."""
    others = {name.removeprefix("latest_"): about[name] for name in _OTHERS if about.get(name)}
    named = {name: one.get("id") if isinstance(one, dict) else one for name, one in others.items()}
    own = text(about.get("object")).replace(".", "_") or "object"
    return ids(**(named | {own: about.get("id")}))
