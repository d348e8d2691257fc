"""The Prefect block of a Xero organisation: its settings and its secret, editable in the Prefect UI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SecretStr

from blocks.bases import LedgerBlock
from blocks.ledgers.xero.settings import Tracking, XeroSettings

_USUAL = XeroSettings()


class Xero(LedgerBlock):
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
    _platform = "xero"

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

    def check_settings(self) -> None:
        """See `LedgerBlock`."""
        XeroSettings.read("(block)", self.settings())
