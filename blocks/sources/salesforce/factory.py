"""From the settings in dealbooks.yaml to a source of Salesforce's opportunities. The registry names this function."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError

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
    try:
        return SalesforceSettings.model_validate(dict(settings))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in wrong["loc"])
    raise ConfigError(
        f"sources.{name}, {field}: {wrong['msg'].lower()}.",
        fix=f"The settings are: {', '.join(SalesforceSettings.model_fields)}.",
    )


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
    given = os.environ.get(settings.environment_variable, "")
    secret = settings.client_secret.get_secret_value() or (given if settings.grant == "secret" else "")
    key = settings.private_key.get_secret_value() or (given if settings.grant == "jwt" else "")
    if settings.grant == "secret" and not secret:
        raise ConfigError(
            f"sources.{name} has no consumer secret for Salesforce.",
            fix="Put client_secret into the Prefect block, or name a variable under environment_variable.",
        )
    if settings.grant == "jwt" and not (key and settings.username):
        raise ConfigError(
            f"sources.{name} needs a private key and a username for the grant jwt.",
            fix="Put private_key into the Prefect block, or name a variable under environment_variable.",
        )
    return SalesforceClient(
        name,
        settings.client_id,
        secret if settings.grant == "secret" else "",
        f"{settings.url.rstrip('/')}/services/oauth2/token",
        auth_method="client_secret_basic" if settings.grant == "secret" else "none",
        transport=transport,
        username=settings.username,
        audience=settings.audience,
        private_key=key if settings.grant == "jwt" else "",
    )
