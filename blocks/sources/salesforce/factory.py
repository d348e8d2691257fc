"""From the settings in dealbooks.yaml to a source of Salesforce's opportunities. The registry names this function."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import httpx

from blocks.settings import checked, needed
from blocks.sources.salesforce.answers import listen
from blocks.sources.salesforce.grant import SalesforceClient, Session
from blocks.sources.salesforce.settings import SalesforceSettings
from blocks.sources.salesforce.source import SalesforceSales
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
    return checked(SalesforceSettings, f"sources.{name}", settings, ("url",))


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
    where, username, client_secret, key = f"sources.{name}", "", "", ""
    if settings.grant == "secret":
        client_id, client_secret = needed(
            where, settings, "client_id", "client_secret",
            fix="They are the consumer key and the consumer secret of your app in Salesforce.",
            variable="SALESFORCE_CLIENT_SECRET",
        )  # fmt: skip
    else:
        client_id, username, key = needed(
            where, settings, "client_id", "username", "private_key",
            fix="client_id is the consumer key of your app in Salesforce, username the user whom calls are made for,"
            " private_key the key in PEM whose certificate the app has.",
            variable="SALESFORCE_PRIVATE_KEY",
        )  # fmt: skip
    return SalesforceClient(
        name,
        client_id,
        client_secret,
        f"{settings.url.rstrip('/')}/services/oauth2/token",
        auth_method="client_secret_basic" if settings.grant == "secret" else "none",
        transport=transport,
        username=username,
        audience=settings.audience,
        private_key=key,
    )
