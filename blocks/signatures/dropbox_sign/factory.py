"""From the settings in dealbooks.yaml to a reader of Dropbox Sign's contracts. The registry names this function."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import httpx

from blocks.settings import checked, needed
from blocks.signatures.dropbox_sign.reader import DropboxSignatures
from blocks.signatures.dropbox_sign.settings import DropboxSignSettings
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace


def build(name: str, settings: Mapping[str, Any]) -> DropboxSignatures:
    """The reader; `settings` are those of `DropboxSignSettings`. Raises ConfigError."""
    return connect(name, checked(DropboxSignSettings, f"signatures.{name}", settings, ("base_url",)), RealPace())


def connect(
    name: str, settings: DropboxSignSettings, pace: Pace, *, transport: httpx.BaseTransport | None = None
) -> DropboxSignatures:
    """The reader; `transport` and `pace` stand in for the network and the time. Raises ConfigError."""
    whose = "It is made in Dropbox Sign, under API."
    (key,) = needed(f"signatures.{name}", settings, "api_key", fix=whose, variable="DROPBOX_SIGN_KEY")
    pair = base64.b64encode(f"{key}:".encode()).decode()
    headers = {"authorization": f"Basic {pair}"}
    client = httpx.Client(
        base_url=settings.base_url.rstrip("/"), timeout=httpx.Timeout(settings.timeout, connect=20.0),
        transport=transport,
    )  # fmt: skip
    budget = Budget([Limit("minute", settings.calls_per_minute, 60.0)], concurrent=2, pace=pace)
    return DropboxSignatures(
        Connection(name, client, budget, pace, authorise=lambda: headers, secrets=lambda: (key, pair))
    )
