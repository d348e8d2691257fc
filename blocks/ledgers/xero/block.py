"""The Prefect block of a Xero organisation: its settings and its secret, editable in the Prefect UI."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.ledgers.xero.ledger import XeroLedger
from blocks.ledgers.xero.settings import Tracking, XeroSettings
from dealbooks import registry
from dealbooks.book import Book
from dealbooks.errors import DealbooksError

_USUAL = XeroSettings()


class Xero(Block):
    """A Xero organisation that a book is kept in, and the app that is connected to it.

    Example, in dealbooks.yaml:
        ledger: {platform: xero, block: xero/northgate}

    Example, in a flow of your own:
        ledger = (await Xero.load("northgate")).build(book, services=services)
    """

    _block_type_name = "Xero organisation"
    _block_type_slug = "xero"
    _description = (
        "A Xero organisation, and your app at developer.xero.com that is connected to it. dealbooks.yaml uses it as "
        "block: xero/NAME; a setting that stands in dealbooks.yaml itself wins over the block."
    )

    tenant_id: str = Field(
        default="", title="Organisation", description="Its tenant id; not needed by a custom connection."
    )
    client_id: str = Field(default="", title="Client id", description="Of your app at developer.xero.com.")
    client_secret: SecretStr = Field(
        default=SecretStr(""), title="Client secret", description="Of your app. Kept encrypted, never shown."
    )
    grant: Literal["code", "secret"] = Field(
        default=_USUAL.grant,
        title="Consent",
        description="code: a person gives consent. secret: a custom connection, which needs none.",
    )
    scope: str = Field(default=_USUAL.scope, title="Scopes", description="What is asked for.")
    base_url: str = Field(default=_USUAL.base_url, title="Address of the API", description="Of the accounting API.")
    tax_codes: dict[str, str] = Field(
        default={}, title="Tax codes", description="Tax code of Dealbooks -> TaxType in Xero."
    )
    no_tax: str = Field(default=_USUAL.no_tax, title="Type without tax", description="NONE; in Australia BASEXCLUDED.")
    tracking: Tracking = Field(
        default=_USUAL.tracking,
        title="Tracking categories",
        description="Which of Xero's two tracking categories hold location and department; what has none is written "
        "into descriptions.",
    )
    per_minute: int = Field(
        default=_USUAL.per_minute, title="Calls a minute", ge=1, description="That the organisation takes."
    )
    per_day: int = Field(
        default=_USUAL.per_day, title="Calls a day", ge=1, description="1,000 for apps of the Starter tier."
    )
    more: dict[str, Any] = Field(
        default={}, title="Other settings", description="Any other setting of a Xero ledger, by its name."
    )

    def settings(self) -> dict[str, Any]:
        """The settings as they would stand in dealbooks.yaml under `ledger:`, the secret in clear; what is left as it
        usually is is left out."""
        found: dict[str, Any] = {}
        for name in XeroSettings.model_fields:
            value = getattr(self, name, None)
            if value is None or value == getattr(_USUAL, name):
                continue
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            found[name] = value.model_dump() if isinstance(value, Tracking) else value
        return found | dict(self.more)

    def build(
        self,
        book: Book,
        *,
        services: registry.Services,
        title: str = "",
        locations: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> XeroLedger:
        """The ledger for a book; `services` keep its tokens. Raises ConfigError for a wrong setting or chart."""
        built = registry.ledger_platform("xero").build(
            book=book,
            title=title or book.name,
            locations=locations or {},
            settings=self.settings(),
            folder=folder or Path(),
            services=services,
        )
        return cast(XeroLedger, built)

    def check(self, book: Book | None = None, services: registry.Services | None = None) -> list[str]:
        """What is wrong with the settings and, for a book and where tokens are kept, with the connection, in words;
        empty when all is well."""
        try:
            if book is None or services is None:
                XeroSettings.read("(block)", self.settings())
                return []
            return self.build(book, services=services).problems()
        except DealbooksError as error:
            return [f"{error.message} {error.fix}".strip()]
