"""From a book and the settings in dealbooks.yaml to an Odoo ledger. The registry names this function."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from blocks.ledgers.odoo.ledger import OdooLedger
from blocks.ledgers.odoo.settings import OdooSettings
from blocks.odoo.server import KEY_IS_MADE
from blocks.settings import checked, needed
from dealbooks.book import Book
from dealbooks.errors import ConfigError
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace
from dealbooks.registry import Services

_LONGEST_CALL = 150.0  # seconds; the server ends a call after 120 [R]


def settings_of(book: str, given: Mapping[str, Any]) -> OdooSettings:
    """Read the settings of a book's ledger.

    Raises:
        ConfigError: naming the one that is missing, unknown or wrong.
    """
    where = f"books.{book}.ledger"
    read = checked(OdooSettings, where, given, ("url",))
    needed(where, read, "database", "api_key", fix=KEY_IS_MADE, variable="ODOO_API_KEY")
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
    key = settings.api_key.get_secret_value().strip()
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
