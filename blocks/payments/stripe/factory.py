"""From the settings in dealbooks.yaml to a reader of Stripe's payments. The registry names this function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from blocks.payments.stripe.reader import StripePayments
from blocks.payments.stripe.settings import StripeSettings
from blocks.settings import checked, needed
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace


def build(name: str, settings: Mapping[str, Any]) -> StripePayments:
    """The reader; `settings` are those of `StripeSettings`. Raises ConfigError."""
    return connect(name, checked(StripeSettings, f"payments.{name}", settings, ("base_url",)), RealPace())


def connect(
    name: str, settings: StripeSettings, pace: Pace, *, transport: httpx.BaseTransport | None = None
) -> StripePayments:
    """The reader; `transport` and `pace` stand in for the network and the time. Raises ConfigError."""
    whose = "It is a restricted key of your account at Stripe."
    (key,) = needed(f"payments.{name}", settings, "api_key", fix=whose, variable="STRIPE_KEY")
    headers = {"authorization": f"Bearer {key}", "stripe-version": settings.version}
    if settings.account:
        headers["stripe-account"] = settings.account
    client = httpx.Client(
        base_url=settings.base_url.rstrip("/"), timeout=httpx.Timeout(settings.timeout, connect=20.0),
        transport=transport,
    )  # fmt: skip
    limits = [Limit("second", settings.calls_per_second, 1.0)]
    budget = Budget(limits, concurrent=2, pace=pace)
    return StripePayments(
        Connection(name, client, budget, pace, authorise=lambda: headers, secrets=lambda: (key,))
    )  # fmt: skip
