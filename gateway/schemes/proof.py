"""Signatures and times: compared in constant time, and only while they are fresh."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime

from gateway.schemes.base import Headers, Refused

WINDOW = 300  # seconds that a signed time may be off, to both sides (Standard Webhooks 1.0, Stripe and HubSpot: 5 min)
_WHOLE = re.compile(r"[0-9]{1,15}")


def hmac_hex(secret: bytes, *parts: bytes) -> str:
    """HMAC-SHA256 of the parts one after another, in hex."""
    return _hmac(secret, parts).hex()


def hmac_base64(secret: bytes, *parts: bytes) -> str:
    """HMAC-SHA256 of the parts one after another, in standard base64."""
    return base64.b64encode(_hmac(secret, parts)).decode()


def same(given: str, wanted: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def need_match(given: Iterable[str], wanted: Iterable[str]) -> None:
    """One of the signatures given must be one of those wanted; every pair is compared.

    Raises:
        Refused: none is.
    """
    offered = list(given)
    if not any([same(one, other) for other in wanted for one in offered]):  # noqa: C419 - no pair is left out
        raise Refused("signature", "The signature does not match.")


def need_header(headers: Headers, name: str) -> str:
    """A header that a delivery must have.

    Raises:
        Refused: it is missing.
    """
    value = headers.get(name, "")
    if not value:
        raise Refused("unsigned", f"The header {name} is missing.")
    return value


def whole(text: str) -> int:
    """A number as a header gives it.

    Raises:
        Refused: it is none.
    """
    if not _WHOLE.fullmatch(text):
        raise Refused("unsigned", "The time of the signature is not a number.")
    return int(text)


def need_fresh(seconds: float, now: datetime) -> None:
    """The signed time must be within five minutes of now, before or after.

    Raises:
        Refused: it is not.
    """
    if abs(now.timestamp() - seconds) > WINDOW:
        raise Refused("stale", "The signature's time is more than five minutes from now.")


def _hmac(secret: bytes, parts: Iterable[bytes]) -> bytes:
    made = hmac.new(secret, digestmod=hashlib.sha256)
    for part in parts:
        made.update(part)
    return made.digest()
