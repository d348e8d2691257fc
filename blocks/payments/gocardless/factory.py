"""From the settings in dealbooks.yaml to a reader of GoCardless payments. The registry names this function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from blocks.payments.gocardless.reader import GoCardlessPayments
from blocks.payments.gocardless.settings import GoCardlessSettings
from blocks.settings import checked, needed
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace


def build(name: str, settings: Mapping[str, Any]) -> GoCardlessPayments:
    """The reader; `settings` are those of `GoCardlessSettings`. Raises ConfigError."""
    return connect(name, checked(GoCardlessSettings, f"payments.{name}", settings, ("base_url",)), RealPace())


def connect(
    name: str, settings: GoCardlessSettings, pace: Pace, *, transport: httpx.BaseTransport | None = None
) -> GoCardlessPayments:
    """The reader; `transport` and `pace` stand in for the network and the time. Raises ConfigError."""
    whose = "It is an access token of your organisation at GoCardless."
    (key,) = needed(f"payments.{name}", settings, "api_key", fix=whose, variable="GOCARDLESS_TOKEN")
    headers = {"authorization": f"Bearer {key}", "gocardless-version": settings.version}
    client = httpx.Client(
        base_url=settings.base_url.rstrip("/"), timeout=httpx.Timeout(settings.timeout, connect=20.0),
        transport=transport,
    )  # fmt: skip
    limits = [Limit("minute", settings.calls_per_minute, 60.0)]
    connection = Connection(
        name, client, Budget(limits, concurrent=2, pace=pace), pace, authorise=lambda: headers, secrets=lambda: (key,)
    )
    return GoCardlessPayments(connection, live=settings.is_live)
