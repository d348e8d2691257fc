"""From a book and the settings in dealbooks.yaml to a Beancount ledger. The registry names this function."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blocks.ledgers.beancount.accounts import OPENING_ACCOUNT
from blocks.ledgers.beancount.ledger import BeancountLedger
from dealbooks.book import Book
from dealbooks.errors import ConfigError
from dealbooks.registry import Services

_KNOWN = ("path", "opening_account")


def build(
    book: Book,
    settings: Mapping[str, Any],
    title: str = "",
    locations: Mapping[str, str] | None = None,
    folder: Path | None = None,
    services: Services | None = None,
) -> BeancountLedger:
    """The ledger of a book. `settings` are `path` (a relative one starts at `folder`) and, if wanted,
    `opening_account`; `locations` gives a location code its name in the ledger.

    Raises:
        ConfigError: a setting is missing or not known, or the book has no chart or one that does not fit.
    """
    unknown = sorted(set(settings) - set(_KNOWN))
    if unknown:
        raise ConfigError(
            f"books.{book.name}.ledger has a setting that Beancount does not know: {', '.join(unknown)}.",
            fix=f"The settings are: {', '.join(_KNOWN)}.",
        )
    path = settings.get("path")
    if not isinstance(path, str | Path) or not str(path).strip():
        raise ConfigError(
            f"books.{book.name}.ledger does not say in which folder the ledger is kept.",
            fix=f"Add a path, such as: path: var/books/{book.name}",
        )
    if book.chart is None:
        raise ConfigError(
            f"The book {book.name} has no chart of accounts.",
            fix=f"Set books.{book.name}.chart to a chart that is shipped, or to a file of your own.",
        )
    return BeancountLedger(
        (folder or Path()) / path,
        title or book.legal_entity,
        book.currency,
        book.chart,
        str(settings.get("opening_account") or OPENING_ACCOUNT),
        locations=locations,
        book=book.name,
    )
