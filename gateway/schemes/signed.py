"""Our timestamped HMAC, for scripts inside a platform: X-Gateway-Timestamp (Unix seconds) and X-Gateway-Signature,
"sha256=" and the hex HMAC-SHA256 of "{timestamp}.{body}"."""

from __future__ import annotations

import hashlib
from datetime import datetime

from dealbooks.config_told import HookConfig
from gateway.schemes.base import Headers, Parsed
from gateway.schemes.own import read_event, sample
from gateway.schemes.proof import hmac_hex, need_fresh, need_header, need_match, whole
from gateway.schemes.values import key_of, read_object, text

__all__ = ["parse", "sample", "sign", "verify"]


def verify(headers: Headers, body: bytes, hook: HookConfig, now: datetime) -> None:
    """Raises Refused."""
    at = need_header(headers, "x-gateway-timestamp")
    given = need_header(headers, "x-gateway-signature")
    need_match([given], [_signature(secret, at, body) for secret in hook.secrets])
    need_fresh(whole(at), now)


def parse(_headers: Headers, body: bytes, _hook: HookConfig) -> Parsed:
    """The body's own `id` tells events apart; without one, its whole content. Raises Malformed."""
    event = read_object(body)
    return read_event(event, key_of(text(event.get("id")) or hashlib.sha256(body).hexdigest()))


def sign(body: bytes, _hook: HookConfig, secret: str, now: datetime) -> dict[str, str]:
    """As the script does."""
    at = str(int(now.timestamp()))
    return {"X-Gateway-Timestamp": at, "X-Gateway-Signature": _signature(secret, at, body)}


def _signature(secret: str, at: str, body: bytes) -> str:
    return f"sha256={hmac_hex(secret.encode(), at.encode(), b'.', body)}"
