"""Passwords and keys taken out of texts that are shown, logged or stored. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

_MASK = "***"
# What stands before the host of an address (RFC 3986 section 3.2.1). A password may hold an @ of its own.
_USER_INFO = re.compile(r"://[^\s/?#]*@")
_PASSWORD = re.compile(r"://[^\s/?#:]*:([^\s/?#]+)@")
_SECRET_NAME = re.compile(r"pass|secret|token|key|sas|credential|connection|^auth$", re.IGNORECASE)
_SHORTEST = 4  # a shorter word would be found inside ordinary ones


def masked(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text with `***@` for the user and password of every address in it, and `***` for each of `secrets`.

    The same text always comes out the same, whatever the password: it can be compared and stored.
    """
    for secret in spellings(secrets):
        text = text.replace(secret, _MASK)
    return _USER_INFO.sub(f"://{_MASK}@", text)


def spellings(secrets: tuple[str, ...]) -> list[str]:
    """Secrets, the longest first, also as they are written in addresses and in JSON."""
    found = {secret for secret in secrets if secret}
    found |= {quote(secret, safe="") for secret in found}
    found |= {json.dumps(secret)[1:-1] for secret in found}
    return sorted(found, key=len, reverse=True)


def password_in(address: str) -> str:
    """The password that an address holds; empty when it holds none."""
    found = _PASSWORD.search(address)
    return found.group(1) if found else ""


def secrets_of(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Values of a connection's options that no text may show: those whose names say so, at any depth."""
    found: list[str] = []
    for name, value in options.items():
        if isinstance(value, Mapping):
            found += secrets_of(value)
        elif isinstance(value, str) and len(value) >= _SHORTEST and _SECRET_NAME.search(str(name)):
            found.append(value)
    return tuple(found)
