"""From a book and the settings in dealbooks.yaml to its QuickBooks Online ledger. The registry names `build`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from blocks.ledgers.quickbooks.ledger import QuickBooksLedger
from blocks.ledgers.quickbooks.settings import QuickBooksSettings, settings_of
from dealbooks.book import Book
from dealbooks.errors import ConfigError
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace, Reply
from dealbooks.oauth import Client, Seal, TokenSource
from dealbooks.registry import Services

_TOO_MANY = 429


def build(
    book: Book,
    settings: Mapping[str, Any],
    title: str = "",
    locations: Mapping[str, str] | None = None,
    folder: Path | None = None,
    services: Services | None = None,
) -> QuickBooksLedger:
    """The ledger of a book; `settings` as in `QuickBooksSettings`, `locations` gives a location code its name.

    Raises:
        ConfigError: a setting is missing or wrong, or the book has no chart.
    """
    read = settings_of(book.name, settings)
    if services is None:
        raise ConfigError(
            f"The book {book.name} is kept in QuickBooks Online, and there is no store here to keep its tokens in.",
            fix="Use it where dealbooks.yaml is read.",
        )
    return connected(book, read, services, locations=locations)


def connected(
    book: Book,
    settings: QuickBooksSettings,
    services: Services,
    *,
    locations: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
    pace: Pace | None = None,
) -> QuickBooksLedger:
    """The ledger with its connection; `transport` and `pace` stand in for the network and the time."""
    if book.chart is None:
        raise ConfigError(
            f"The book {book.name} has no chart of accounts.",
            fix=f"Set books.{book.name}.chart to a chart that is shipped, or to a file of your own.",
        )
    time = pace or RealPace()
    secret = settings.client_secret.get_secret_value()
    client = Client(
        book.name, settings.client_id, secret, settings.token_url, settings.authorize_url, settings.scope,
        transport=transport,
    )  # fmt: skip
    tokens = TokenSource(services.store, lambda: Seal.find(services.var), client, time, grant="code")
    limits = [
        Limit("second", settings.calls_per_second, 1.0),
        Limit("minute", settings.calls_per_minute, 60.0),
    ]
    connection = Connection(
        book.name,
        httpx.Client(base_url=settings.base_url, timeout=settings.timeout, transport=transport),
        Budget(limits, concurrent=settings.calls_at_once, pace=time),
        time,
        authorise=tokens.headers,
        listen=_pausing(settings.pause),
        secrets=tokens.secrets,
    )
    return QuickBooksLedger(book, settings, connection, tokens=tokens, locations=locations)


def _pausing(seconds: float) -> Callable[[Reply, Budget], None]:
    """After 429, which comes without a time to wait, nobody calls for a while."""

    def listen(reply: Reply, budget: Budget) -> None:
        if reply.status == _TOO_MANY and reply.retry_after is None:
            budget.stop(seconds)

    return listen
