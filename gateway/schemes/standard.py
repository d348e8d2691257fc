"""Standard Webhooks 1.0: HMAC-SHA256 over "{id}.{timestamp}.{body}", base64, version v1. Our default.

Source: standard-webhooks/standard-webhooks, spec/standard-webhooks.md. Senders built on Svix name their headers
svix-... and are otherwise the same [recalled].
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from dealbooks.config_told import HookConfig
from gateway.schemes.base import Headers, Parsed, Refused
from gateway.schemes.own import read_event, sample
from gateway.schemes.proof import hmac_base64, need_fresh, need_match, whole
from gateway.schemes.values import key_of, read_object

__all__ = ["parse", "sample", "sign", "verify"]


def verify(headers: Headers, body: bytes, hook: HookConfig, now: datetime) -> None:
    """Raises Refused."""
    signed_id, at, given = _header(headers, "id"), _header(headers, "timestamp"), _header(headers, "signature")
    signed = f"{signed_id}.{at}.".encode()
    wanted = [f"v1,{hmac_base64(_key(secret), signed, body)}" for secret in hook.secrets]
    need_match(given.split(" "), wanted)
    need_fresh(whole(at), now)


def parse(headers: Headers, body: bytes, _hook: HookConfig) -> Parsed:
    """Raises Malformed."""
    return read_event(read_object(body), key_of(_header(headers, "id")))


def sign(body: bytes, _hook: HookConfig, secret: str, now: datetime) -> dict[str, str]:
    """As the sender does."""
    at, signed_id = str(int(now.timestamp())), f"msg_{hashlib.sha256(body).hexdigest()[:24]}"
    signature = hmac_base64(_key(secret), f"{signed_id}.{at}.".encode(), body)
    return {"webhook-id": signed_id, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}


def _header(headers: Headers, name: str) -> str:
    value = headers.get(f"webhook-{name}") or headers.get(f"svix-{name}") or ""
    if not value:
        raise Refused("unsigned", f"The header webhook-{name} is missing.")
    return value


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_") + "==")
