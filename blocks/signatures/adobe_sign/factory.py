"""From the settings in dealbooks.yaml to a reader of Adobe Sign's contracts. The registry names this function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from blocks.settings import checked, needed
from blocks.signatures.adobe_sign.reader import AdobeSignatures
from blocks.signatures.adobe_sign.settings import AdobeSignSettings
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace


def build(name: str, settings: Mapping[str, Any]) -> AdobeSignatures:
    """The reader; `settings` are those of `AdobeSignSettings`. Raises ConfigError."""
    return connect(name, checked(AdobeSignSettings, f"signatures.{name}", settings, ("base_url",)), RealPace())


def connect(
    name: str, settings: AdobeSignSettings, pace: Pace, *, transport: httpx.BaseTransport | None = None
) -> AdobeSignatures:
    """The reader; `transport` and `pace` stand in for the network and the time. Raises ConfigError."""
    whose = "It is an integration key, made in Acrobat Sign under API Information."
    (token,) = needed(f"signatures.{name}", settings, "token", fix=whose, variable="ADOBE_SIGN_KEY")
    headers = {"authorization": f"Bearer {token}"}
    address = settings.base_url.rstrip("/")
    client = httpx.Client(
        base_url=address, timeout=httpx.Timeout(settings.timeout, connect=20.0), transport=transport
    )  # fmt: skip
    budget = Budget([Limit("minute", settings.calls_per_minute, 60.0)], concurrent=2, pace=pace)
    connection = Connection(name, client, budget, pace, authorise=lambda: headers, secrets=lambda: (token,))
    return AdobeSignatures(connection, address)
