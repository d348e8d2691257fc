"""The Prefect block of an Odoo ledger: its settings and its key, editable in the Prefect UI."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, SecretStr

from blocks.bases import LedgerBlock
from blocks.ledgers.odoo.factory import settings_of
from blocks.ledgers.odoo.settings import OdooSettings

_USUAL = OdooSettings(url="", database="")


class Odoo(LedgerBlock):
    """A company of an Odoo database in which a book is kept.

    Example, in dealbooks.yaml:
        ledger: {platform: odoo, block: odoo/northgate}

    Example, in a flow of your own:
        ledger = (await Odoo.load("northgate")).build(book)
    """

    _block_type_name = "Odoo books"
    _block_type_slug = "odoo"
    _description = (
        "The Odoo database and company in which a book is kept. dealbooks.yaml uses it as block: odoo/NAME; a setting "
        "that stands in dealbooks.yaml itself wins over the block."
    )
    _platform = "odoo"

    url: str = Field(default="", title="Address", description="Address of the server, as https://books.example.com.")
    database: str = Field(default="", title="Database", description="The database's name.")
    user: str = Field(
        default="", title="User", description="Login of the user whose key is used; needed up to version 18."
    )
    api_key: SecretStr = Field(
        default=SecretStr(""),
        title="API key",
        description="Made by that user in Odoo under Preferences, Account Security; it lives three months at most.",
    )
    company: str = Field(
        default="", title="Company", description="Name or id; needed where the user sees more than one company."
    )
    protocol: Literal["auto", "json2", "jsonrpc", "xmlrpc"] = Field(
        default="auto", title="Protocol", description="auto asks the server: JSON-2 from version 19, JSON-RPC before."
    )
    mode: Literal["A", "B", "D"] = Field(
        default="A",
        title="Documents",
        description="A: invoice and journal. B: invoice with settlements on it. D: journals only.",
    )
    journals: dict[str, str] = Field(
        default_factory=dict,
        title="Journals",
        description="Short codes of the journals: sales (INV unless said), general (MISC unless said), money.",
    )
    taxes: dict[str, str] = Field(
        default_factory=dict,
        title="Taxes",
        description="Our tax code and the name of the sales tax in Odoo; empty for no tax.",
    )
    carry_up_to: Decimal = Field(
        default=_USUAL.carry_up_to,
        title="Largest difference of tax",
        description="Between Odoo's tax and ours, that is carried as rounding on an invoice; 0 refuses every one.",
    )
    marker_field: str = Field(
        default=_USUAL.marker_field,
        title="Field for our key",
        description="Text field of entries. Where Odoo has no such field, the key stands in the reference.",
    )
    vin_field: str = Field(
        default=_USUAL.vin_field,
        title="Field for the VIN",
        description="Text field of entries; not used where it is not there.",
    )
    partner_field: str = Field(
        default=_USUAL.partner_field,
        title="Field for the customer id",
        description="Field of a contact that holds our customer id.",
    )
    analytic: dict[str, str] = Field(
        default_factory=dict,
        title="Analytic plans",
        description="location, department, stock_no: the analytic plan that holds it.",
    )
    calls_per_second: int = Field(
        default=_USUAL.calls_per_second,
        title="Calls a second",
        ge=1,
        description="Odoo Online asks for one; a server of your own takes more.",
    )
    settle_seconds: int = Field(
        default=_USUAL.settle_seconds,
        title="Seconds until absent",
        ge=60,
        description="After so long a posting that cannot be found did not happen.",
    )
    page: int = Field(
        default=_USUAL.page, title="Entries of a page", ge=10, le=2000, description="How many are read at a time."
    )

    def check_settings(self) -> None:
        """See `LedgerBlock`."""
        settings_of("(block)", self.settings())
