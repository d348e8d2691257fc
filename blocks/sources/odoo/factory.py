"""From the settings in dealbooks.yaml to a source of Odoo's sales orders. The registry names this function."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import httpx

from blocks.odoo.server import KEY_IS_MADE
from blocks.settings import checked, needed
from blocks.sources.odoo.settings import OdooSalesSettings
from blocks.sources.odoo.source import OdooSales
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
    read = checked(OdooSalesSettings, f"sources.{name}", settings, ("url",))
    client = httpx.Client(base_url=read.url.rstrip("/"), timeout=httpx.Timeout(_LONGEST_CALL, connect=20.0))
    return connect(name, read, client, RealPace(), fields)


def connect(
    name: str, settings: OdooSalesSettings, client: httpx.Client, pace: Pace, fields: Collection[str]
) -> OdooSales:
    """The source over a client of one's own.

    Raises:
        ConfigError: there is no key.
    """
    _, key = needed(f"sources.{name}", settings, "database", "api_key", fix=KEY_IS_MADE, variable="ODOO_API_KEY")
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
