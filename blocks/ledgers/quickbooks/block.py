"""The Prefect block of a QuickBooks Online company: its settings and its secret, editable in the Prefect UI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SecretStr

from blocks.bases import LedgerBlock
from blocks.ledgers.quickbooks.settings import QuickBooksSettings, settings_of

_USUAL = QuickBooksSettings()


class QuickBooksOnline(LedgerBlock):
    """A company at QuickBooks Online that a book is kept in, and the app that is connected to it.

    Example, in dealbooks.yaml:
        ledger: {platform: quickbooks, block: quickbooks/northgate}

    Example, in a flow of your own:
        ledger = (await QuickBooksOnline.load("northgate")).build(book, services=services)
    """

    _block_type_name = "QuickBooks Online company"
    _block_type_slug = "quickbooks"
    _description = (
        "A company at QuickBooks Online, and your app at developer.intuit.com that is connected to it. dealbooks.yaml "
        "uses it as block: quickbooks/NAME; a setting that stands in dealbooks.yaml itself wins over the block."
    )
    _platform = "quickbooks"

    realm_id: str = Field(default="", title="Company id", description="Realm id, as the consent brought it.")
    client_id: str = Field(default="", title="Client id", description="Of your app at developer.intuit.com.")
    client_secret: SecretStr = Field(
        default=SecretStr(""), title="Client secret", description="Of your app. Kept encrypted, never shown."
    )
    base_url: str = Field(
        default=_USUAL.base_url, title="Address of the API",
        description="Without /v3; sandbox companies are at https://sandbox-quickbooks.api.intuit.com.",
    )  # fmt: skip
    minor_version: int = Field(default=_USUAL.minor_version, title="Minor version", ge=75, description="Of the API.")
    calls_per_minute: int = Field(
        default=_USUAL.calls_per_minute, title="Calls a minute", ge=1, description="For the company, by all apps."
    )
    calls_per_second: int = Field(
        default=_USUAL.calls_per_second, title="Calls a second", ge=1, description="For this company and app."
    )
    calls_at_once: int = Field(
        default=_USUAL.calls_at_once, title="Calls at once", ge=1, le=10,
        description="How many documents may be on their way at the same time.",
    )  # fmt: skip
    sales_receipts: bool = Field(
        default=_USUAL.sales_receipts, title="Sales receipts",
        description="A sale paid in full on its day is a sales receipt; otherwise always an invoice.",
    )  # fmt: skip
    items: dict[str, str] = Field(
        default={}, title="Products and services",
        description="Account role -> product or service. Left out: the one whose income account is the role's.",
    )  # fmt: skip
    tax_codes: dict[str, str] = Field(
        default={}, title="Tax codes",
        description="Tax code of Dealbooks -> tax code in QuickBooks, outside the United States.",
    )  # fmt: skip
    no_tax_code: str = Field(
        default=_USUAL.no_tax_code, title="Code without tax", description="Outside the United States."
    )
    sales_tax_code: str = Field(
        default="", title="Sales tax code", description="In the United States, without automated sales tax."
    )
    locations_as: Literal["department", "class", "nothing"] = Field(
        default=_USUAL.locations_as, title="Locations are", description="What a location is in QuickBooks."
    )
    departments_as: Literal["department", "class", "nothing"] = Field(
        default=_USUAL.departments_as, title="Departments are", description="What new and used are in QuickBooks."
    )
    custom_fields: dict[str, str] = Field(
        default={}, title="Custom fields", description="vin, stock_no, deal -> number (1 to 3) of the custom field."
    )
    more: dict[str, Any] = Field(
        default={}, title="Other settings", description="Any other setting of a QuickBooks ledger, by its name."
    )

    def check_settings(self) -> None:
        """See `LedgerBlock`."""
        settings_of("(block)", self.settings())
