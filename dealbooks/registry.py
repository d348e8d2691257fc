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
        Platform(
            "google_sheets",
            "Google Sheets",
            "blocks.sources.google_sheets.factory:build",
            "google_sheets",
            kind="records",
            example={
                "spreadsheet": "1AbCdEfGhIjKlMnOpQrStUvWxYz",
                "client_email": "sync@example",
                "private_key": "example",
            },
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
# Where payments are read; a factory takes name and settings.
PAYMENTS = {
    platform.name: platform
    for platform in (
        Platform("stripe", "Stripe", "blocks.payments.stripe.factory:build", example={"api_key": "example"}),
        Platform(
            "gocardless", "GoCardless", "blocks.payments.gocardless.factory:build", example={"api_key": "example"}
        ),
    )
}
SIGNATURES = {
    platform.name: platform
    for platform in (
        Platform(
            "adobe_sign",
            "Adobe Acrobat Sign",
            "blocks.signatures.adobe_sign.factory:build",
            example={"token": "example"},
        ),
        Platform(
            "docusign",
            "DocuSign",
            "blocks.signatures.docusign.factory:build",
            example={"account_id": "example", "client_id": "example", "user_id": "example", "private_key": "example"},
        ),
        Platform(
            "dropbox_sign",
            "Dropbox Sign",
            "blocks.signatures.dropbox_sign.factory:build",
            example={"api_key": "example"},
        ),
    )
}
# The data-quality engine, kept out of every import path that does not validate.
VALIDATOR = "expectations.validator:BatchValidator"
# The first look over both sides of many months, in frames: kept out of every import path that does not need it.
FIRST_LOOK = "tasks.firstpass:FirstLook"
# Reads the rows of a bank statement in CSV; takes the path and the layout.
STATEMENT_ROWS = "blocks.sources.csv_files.statement:statement_rows"


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


def payment_platform(name: str) -> Platform:
    """A payment provider by name.

    Raises:
        ConfigError: naming those there are.
    """
    return _provider(PAYMENTS, name, "payment", "payments")


def signature_platform(name: str) -> Platform:
    """An e-signature provider by name.

    Raises:
        ConfigError: naming those there are.
    """
    return _provider(SIGNATURES, name, "e-signature", "signatures")


def _provider(known: dict[str, Platform], name: str, kind: str, section: str) -> Platform:
    if name not in known:
        raise ConfigError(
            f"There is no {kind} provider called {name!r}; there is {', '.join(sorted(known))}.",
            fix=f"Correct platform under {section}: in dealbooks.yaml.",
        )
    return known[name]


def _pick(known: dict[str, Platform], name: str, kind: str, command: str) -> Platform:
    if name not in known:
        raise ConfigError(
            f"There is no {kind} called {name!r}; there is {', '.join(sorted(known))}.",
            fix=f"See 'dealbooks {command}'.",
        )
    return known[name]
