"""From the settings in dealbooks.yaml to a source of Odoo's sales orders. The registry names this function."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError

from blocks.sources.odoo.settings import OdooSalesSettings
from blocks.sources.odoo.source import OdooSales
from dealbooks.errors import ConfigError
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace
from dealbooks.registry import Services

_LONGEST_CALL = 150.0  # seconds; the server ends a call after 120 [R]


def build(
    name: str,
    settings: Mapping[str, Any],
    folder: Path | None = None,
    services: Services | None = None,
    fields: Collection[str] = (),
) -> OdooSales:
    """The source; `settings` are those of `OdooSalesSettings`, `fields` the paths that its map reads.

    Raises:
        ConfigError: a setting is missing or not known, or there is no key.
    """
    try:
        read = OdooSalesSettings.model_validate(dict(settings))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in wrong["loc"])
        raise ConfigError(
            f"sources.{name}, {field}: {wrong['msg'].lower()}.",
            fix=f"The settings are: {', '.join(OdooSalesSettings.model_fields)}.",
        ) from error
    client = httpx.Client(base_url=read.url.rstrip("/"), timeout=httpx.Timeout(_LONGEST_CALL, connect=20.0))
    return connect(name, read, client, RealPace(), fields)


def connect(
    name: str, settings: OdooSalesSettings, client: httpx.Client, pace: Pace, fields: Collection[str]
) -> OdooSales:
    """The source over a client of one's own.

    Raises:
        ConfigError: there is no key.
    """
    key = settings.api_key.get_secret_value() or os.environ.get(settings.environment_variable, "")
    if not key:
        raise ConfigError(
            f"sources.{name} has no API key for Odoo.",
            fix="Put it into the Prefect block, or name one under environment_variable.",
        )
    headers = {"authorization": f"bearer {key}", "x-odoo-database": settings.database, "user-agent": "Dealbooks"}
    connection = Connection(
        name,
        client,
        Budget([Limit("second", settings.calls_per_second, 1.0)], concurrent=1, pace=pace),
        pace,
        authorise=lambda: headers,
        secrets=lambda: (key,),
    )
    return OdooSales(connection, settings, key, fields)
