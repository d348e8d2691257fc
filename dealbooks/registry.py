"""The platforms that can be a source or a ledger: one line each. Nothing is imported until it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from dealbooks.errors import ConfigError
from dealbooks.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """What a connection over HTTP needs of the house: where its tokens are kept, and where the key to them is."""

    store: Store
    var: Path


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform: its name, and where its code is found (`module:attribute`, imported when used).

    A ledger's factory takes book, title, locations, settings, folder and services. A source's takes name, settings and
    folder; one of records (`kind`) also services, and `fields`: the paths that its field map reads, such as
    `customer.name` or `lines.amount`, so that it asks for no more than those.
    """

    name: str
    title: str
    factory: str
    default_map: str = ""
    kind: Literal["files", "records"] = "files"  # of a source: files that are dropped, or records over an API
    embedded: bool = False  # a ledger of our own making: it needs no shadow before it is live
    example: Mapping[str, str] = field(default_factory=dict)  # the settings that it cannot do without

    def build(self, **arguments: Any) -> Any:
        """Make the source or the ledger."""
        module, _, attribute = self.factory.partition(":")
        return getattr(import_module(module), attribute)(**arguments)


SOURCES = {
    platform.name: platform
    for platform in (
        Platform("csv_files", "CSV drop files", "blocks.sources.csv_files.factory:build", "csv_files"),
        Platform(
            "odoo",
            "Odoo sales orders",
            "blocks.sources.odoo.factory:build",
            "odoo",
            kind="records",
            example={"url": "https://odoo.example", "database": "erp", "api_key": "example"},
        ),
        Platform(
            "salesforce",
            "Salesforce opportunities",
            "blocks.sources.salesforce.factory:build",
            "salesforce",
            kind="records",
            example={
                "url": "https://northgate.my.salesforce.com",
                "client_id": "example",
                "client_secret": "example",
            },
        ),
        Platform(
            "hubspot",
            "HubSpot deals",
            "blocks.sources.hubspot.factory:build",
            "hubspot",
            kind="records",
            example={"token": "example"},
        ),
    )
}
LEDGERS = {
    platform.name: platform
    for platform in (
        Platform(
            "beancount",
            "Beancount, embedded",
            "blocks.ledgers.beancount.factory:build",
            embedded=True,
            example={"path": "any"},
        ),
        Platform(
            "quickbooks",
            "QuickBooks Online",
            "blocks.ledgers.quickbooks.factory:build",
            example={"realm_id": "1", "client_id": "example", "client_secret": "example"},
        ),
        Platform(
            "xero",
            "Xero",
            "blocks.ledgers.xero.factory:build",
            example={"tenant_id": "example", "client_id": "example", "client_secret": "example"},
        ),
        Platform(
            "odoo",
            "Odoo",
            "blocks.ledgers.odoo.factory:build",
            example={"url": "https://odoo.example", "database": "books", "api_key": "example"},
        ),
    )
}
# The data-quality engine, kept out of every import path that does not validate.
VALIDATOR = "expectations.validator:BatchValidator"


def source_platform(name: str) -> Platform:
    """A source by name.

    Raises:
        ConfigError: naming those there are.
    """
    return _pick(SOURCES, name, "source", "sources")


def ledger_platform(name: str) -> Platform:
    """A ledger by name.

    Raises:
        ConfigError: naming those there are.
    """
    return _pick(LEDGERS, name, "ledger", "ledgers")


def _pick(known: dict[str, Platform], name: str, kind: str, command: str) -> Platform:
    if name not in known:
        raise ConfigError(
            f"There is no {kind} called {name!r}; there is {', '.join(sorted(known))}.",
            fix=f"See 'dealbooks {command}'.",
        )
    return known[name]
