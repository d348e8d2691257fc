"""Addresses in the settings of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from dealbooks.errors import ConfigError


def check_addresses(where: str, addresses: Mapping[str, str]) -> None:
    """Check settings that are addresses: setting -> what it says. `where` is their place in dealbooks.yaml, as
    `books.northgate.ledger` or `sources.crm`. An address is not repeated in the error, since it may hold a password.

    Raises:
        ConfigError: naming the first one that is no http or https address with a host.
    """
    for setting, address in addresses.items():
        if not _is_address(address):
            raise ConfigError(
                f"{where}.{setting} is not the address of a server.",
                fix="Write it whole, with https:// and the server's name, such as https://books.example.com.",
            )


def _is_address(text: str) -> bool:
    if not text.isprintable() or " " in text:
        return False
    try:
        httpx.URL(text)
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, httpx.InvalidURL):  # each of the two refuses some that the other takes
        return False
