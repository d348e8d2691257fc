"""From the settings in dealbooks.yaml to a source of Salesforce's opportunities. The registry names this function."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import httpx

from blocks.sources.api.settings import checked, secret
from blocks.sources.salesforce.answers import listen
from blocks.sources.salesforce.grant import SalesforceClient, Session
from blocks.sources.salesforce.settings import SalesforceSettings
from blocks.sources.salesforce.source import SalesforceSales
from dealbooks.errors import ConfigError
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace
from dealbooks.registry import Services


def build(
    name: str,
    settings: Mapping[str, Any],
    folder: Path | None = None,
    services: Services | None = None,
    fields: Collection[str] = (),
) -> SalesforceSales:
    """The source; `settings` are those of `SalesforceSettings`, `fields` the paths that its map reads.

    Raises:
        ConfigError: a setting is missing or not known, or there is no secret.
    """
    return connect(name, settings_of(name, settings), RealPace(), fields)


def settings_of(name: str, settings: Mapping[str, Any]) -> SalesforceSettings:
    """The settings, checked. Raises ConfigError."""
    return checked(SalesforceSettings, name, settings, ("url",))


def connect(
    name: str,
    settings: SalesforceSettings,
    pace: Pace,
    fields: Collection[str],
    *,
    transport: httpx.BaseTransport | None = None,
) -> SalesforceSales:
    """The source; `transport` and `pace` stand in for the network and the time.

    Raises:
        ConfigError: there is no secret.
    """
    session = Session(client_of(name, settings, transport), pace.now, organization_id=settings.organization_id)
    connection = Connection(
        name,
        httpx.Client(timeout=httpx.Timeout(settings.timeout, connect=20.0), transport=transport),
        Budget([Limit("day", settings.calls_per_day, 86_400.0)], concurrent=settings.concurrent, pace=pace),
        pace,
        authorise=session.headers,
        listen=listen,
        secrets=session.secrets,
    )
    return SalesforceSales(connection, settings, session, frozenset(fields))


def client_of(
    name: str, settings: SalesforceSettings, transport: httpx.BaseTransport | None = None
) -> SalesforceClient:
    """Our app in the org.

    Raises:
        ConfigError: what the grant needs is not there.
    """
    consumer_secret, key = "", ""
    if settings.grant == "secret":
        whose = "the consumer secret of your app in Salesforce"
        consumer_secret = secret(name, "client_secret", settings.client_secret, "SALESFORCE_CLIENT_SECRET", whose)
    else:
        whose = "the key in PEM whose certificate your app in Salesforce has"
        key = secret(name, "private_key", settings.private_key, "SALESFORCE_PRIVATE_KEY", whose)
    needed = {"client_id": settings.client_id} | ({"username": settings.username} if key else {})
    missing = [setting for setting, value in needed.items() if not value.strip()]
    if missing:
        raise ConfigError(
            f"sources.{name} has no {' and no '.join(missing)}.",
            fix="client_id is your app's consumer key; username, for the grant jwt, the user whom calls are made for.",
        )
    return SalesforceClient(
        name,
        settings.client_id,
        consumer_secret,
        f"{settings.url.rstrip('/')}/services/oauth2/token",
        auth_method="client_secret_basic" if settings.grant == "secret" else "none",
        transport=transport,
        username=settings.username,
        audience=settings.audience,
        private_key=key,
    )
