"""From a book and the settings in dealbooks.yaml to an Odoo ledger. The registry names this function."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError

from blocks.ledgers.odoo.ledger import OdooLedger
from blocks.ledgers.odoo.settings import OdooSettings
from dealbooks.book import Book
from dealbooks.errors import ConfigError
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace, check_addresses
from dealbooks.registry import Services

_LONGEST_CALL = 150.0  # seconds; the server ends a call after 120 [R]


def settings_of(book: str, given: Mapping[str, Any]) -> OdooSettings:
    """Read the settings of a book's ledger.

    Raises:
        ConfigError: naming the one that is missing, unknown or wrong.
    """
    try:
        read = OdooSettings.model_validate(dict(given))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in wrong["loc"])
        raise ConfigError(
            f"books.{book}.ledger, {field}: {wrong['msg'].lower()}.",
            fix=f"The settings are: {', '.join(OdooSettings.model_fields)}.",
        ) from error
    needed = {"database": read.database, "api_key": read.api_key.get_secret_value()}
    missing = [name for name, value in needed.items() if not value.strip()]
    if missing:
        raise ConfigError(
            f"books.{book}.ledger has no {' and no '.join(missing)}.",
            fix="The key is made in Odoo under Preferences, Account Security. Put it into an environment variable and "
            "write api_key: ${ODOO_API_KEY}, or use the Prefect block.",
        )
    check_addresses(f"books.{book}.ledger", {"url": read.url})
    return read


def build(
    book: Book,
    settings: Mapping[str, Any],
    title: str = "",
    locations: Mapping[str, str] | None = None,
    folder: Path | None = None,
    services: Services | None = None,
) -> OdooLedger:
    """The ledger of a book; `settings` are those of `OdooSettings`.

    Raises:
        ConfigError: a setting is missing or not known, or there is no key.
    """
    read = settings_of(book.name, settings)
    client = httpx.Client(base_url=read.url.rstrip("/"), timeout=httpx.Timeout(_LONGEST_CALL, connect=20.0))
    return connect(book, read, client, RealPace())


def connect(book: Book, settings: OdooSettings, client: httpx.Client, pace: Pace) -> OdooLedger:
    """The ledger over a client of one's own.

    Raises:
        ConfigError: the book has no chart.
    """
    key = settings.api_key.get_secret_value()
    if book.chart is None:
        raise ConfigError(
            f"The book {book.name} has no chart of accounts.",
            fix=f"Set books.{book.name}.chart to a chart that is shipped, or to a file of your own.",
        )
    headers = {"authorization": f"bearer {key}", "x-odoo-database": settings.database, "user-agent": "Dealbooks"}
    connection = Connection(
        book.name,
        client,
        Budget([Limit("second", settings.calls_per_second, 1.0)], concurrent=1, pace=pace),
        pace,
        authorise=lambda: headers,
        secrets=lambda: (key,),
    )
    return OdooLedger(connection, book, settings, key)
