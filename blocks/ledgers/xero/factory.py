"""From a book and the settings in dealbooks.yaml to a Xero ledger. The registry names this function."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from blocks.ledgers.xero.ledger import XeroLedger
from blocks.ledgers.xero.settings import XeroSettings
from dealbooks.book import Book
from dealbooks.errors import ConfigError
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace, Reply
from dealbooks.oauth import Client, Seal, TokenSource
from dealbooks.registry import Services

_LEFT = {"minute": "x-minlimit-remaining", "day": "x-daylimit-remaining"}


def build(
    book: Book,
    settings: Mapping[str, Any],
    title: str = "",
    locations: Mapping[str, str] | None = None,
    folder: Path | None = None,
    services: Services | None = None,
) -> XeroLedger:
    """The ledger of a book; `settings` as in `XeroSettings`. `locations` gives a location code its option of the
    tracking category, `services` keep the tokens.

    Raises:
        ConfigError: a setting is missing or wrong, or the book has no chart.
    """
    read = XeroSettings.read(book.name, settings)
    if services is None:
        raise ConfigError(
            f"The book {book.name} is kept in Xero, and there is no store here to keep its tokens in.",
            fix="Use it where dealbooks.yaml is read.",
        )
    return connected(book, read, services, locations=locations)


def connected(
    book: Book,
    settings: XeroSettings,
    services: Services,
    *,
    locations: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
    pace: Pace | None = None,
) -> XeroLedger:
    """The ledger with its connection; `transport` and `pace` stand in for the network and the time.

    Raises:
        ConfigError: the book has no chart.
    """
    if book.chart is None:
        raise ConfigError(
            f"The book {book.name} has no chart of accounts.",
            fix=f"Set books.{book.name}.chart to a chart that is shipped, or to a file of your own.",
        )
    clock = pace or RealPace()
    client = client_of(book.name, settings, transport)
    tokens = TokenSource(services.store, lambda: Seal.find(services.var), client, clock, grant=settings.grant)
    limits = (Limit("minute", settings.per_minute, 60.0), Limit("day", settings.per_day, 86_400.0))
    tenant = {"xero-tenant-id": settings.tenant_id} if settings.tenant_id else {}
    connection = Connection(
        book.name,
        httpx.Client(base_url=settings.base_url, timeout=settings.timeout, transport=transport),
        Budget(limits, concurrent=settings.concurrent, pace=clock),
        clock,
        authorise=lambda: {**tokens.headers(), **tenant},
        listen=_listen,
        secrets=tokens.secrets,
    )
    return XeroLedger(book, settings, connection, tokens=tokens, locations=locations)


def client_of(book: str, settings: XeroSettings, transport: httpx.BaseTransport | None = None) -> Client:
    """Our registration with Xero, under the name of the book."""
    return Client(
        book,
        settings.client_id,
        settings.client_secret.get_secret_value(),
        settings.token_url,
        settings.authorize_url,
        settings.scope if settings.grant == "code" else settings.scope.replace("offline_access", "").strip(),
        transport=transport,
    )


def _listen(reply: Reply, budget: Budget) -> None:
    """What an answer says is left (fact sheet section 7)."""
    for name, header in _LEFT.items():
        left = reply.headers.get(header, "")
        if left.isdigit():
            budget.told(name, int(left))
