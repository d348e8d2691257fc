"""From the settings in dealbooks.yaml to a source of HubSpot's deals. The registry names this function."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import httpx

from blocks.settings import checked, needed
from blocks.sources.hubspot.answers import listen
from blocks.sources.hubspot.settings import HubSpotSettings
from blocks.sources.hubspot.source import HubSpotDeals
from dealbooks.errors import ConfigError
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace
from dealbooks.oauth import Client, Seal, TokenSource
from dealbooks.registry import Services


def build(
    name: str,
    settings: Mapping[str, Any],
    folder: Path | None = None,
    services: Services | None = None,
    fields: Collection[str] = (),
) -> HubSpotDeals:
    """The source; `settings` are those of `HubSpotSettings`, `fields` the paths that its map reads, `services` keep the
    tokens of a public app.

    Raises:
        ConfigError: a setting is missing or not known, or there is no token.
    """
    return connect(name, settings_of(name, settings), RealPace(), fields, services=services)


def settings_of(name: str, settings: Mapping[str, Any]) -> HubSpotSettings:
    """The settings, checked. Raises ConfigError."""
    return checked(HubSpotSettings, f"sources.{name}", settings, ("base_url", "token_url", "authorize_url"))


def connect(
    name: str,
    settings: HubSpotSettings,
    pace: Pace,
    fields: Collection[str],
    *,
    services: Services | None = None,
    transport: httpx.BaseTransport | None = None,
) -> HubSpotDeals:
    """The source; `transport` and `pace` stand in for the network and the time.

    Raises:
        ConfigError: there is no token.
    """
    tokens = _tokens(name, settings, pace, services, transport) if settings.grant == "code" else None
    token = "" if tokens is not None else _private(name, settings)
    limits = [
        Limit("ten seconds", settings.calls_per_ten_seconds, 10.0),
        Limit("day", settings.calls_per_day, 86_400.0),
    ]
    connection = Connection(
        name,
        httpx.Client(
            base_url=settings.base_url.rstrip("/"),
            timeout=httpx.Timeout(settings.timeout, connect=20.0),
            transport=transport,
        ),
        Budget(limits, concurrent=settings.concurrent, pace=pace),
        pace,
        authorise=tokens.headers if tokens is not None else lambda: {"authorization": f"Bearer {token}"},
        listen=listen,
        secrets=tokens.secrets if tokens is not None else lambda: (token,),
    )
    searches = Budget([Limit("second", settings.searches_per_second, 1.0)], concurrent=1, pace=pace)
    return HubSpotDeals(
        connection, settings, frozenset(fields), searches=searches, now=pace.now, tokens=tokens
    )  # fmt: skip


def _private(name: str, settings: HubSpotSettings) -> str:
    whose = "It is the access token of your private app in HubSpot."
    (token,) = needed(f"sources.{name}", settings, "token", fix=whose, variable="HUBSPOT_TOKEN")
    return token


def _tokens(
    name: str,
    settings: HubSpotSettings,
    pace: Pace,
    services: Services | None,
    transport: httpx.BaseTransport | None,
) -> TokenSource:
    client_id, client_secret = needed(
        f"sources.{name}", settings, "client_id", "client_secret",
        fix="They are those of your public app in HubSpot; a private app has a token (grant: token).",
        variable="HUBSPOT_CLIENT_SECRET",
    )  # fmt: skip
    if services is None:
        raise ConfigError(
            f"sources.{name} uses a public app, and there is no store here to keep its tokens in.",
            fix="Use the source where dealbooks.yaml is read, or use a private app (grant: token).",
        )
    kept = services
    client = Client(
        name,
        client_id,
        client_secret,
        settings.token_url,
        settings.authorize_url,
        settings.scope,
        auth_method="client_secret_post",
        transport=transport,
    )
    return TokenSource(kept.store, lambda: Seal.find(kept.var), client, pace, grant="code")
