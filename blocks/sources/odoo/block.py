"""The Prefect block of Odoo's sales orders as a source: its settings and its key, editable in the Prefect UI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from blocks.bases import RecordsBlock


class OdooSales(RecordsBlock):
    """Sales orders of an Odoo database, from which deals are taken.

    Example, in dealbooks.yaml:
        erp: {platform: odoo, block: odoo-sales/erp, books: {LEEDS: northgate}}

    Example, in a flow of your own:
        source = (await OdooSales.load("erp")).build("erp")
    """

    _block_type_name = "Odoo sales orders"
    _block_type_slug = "odoo-sales"
    _description = (
        "The Odoo database from whose sales orders deals are taken. dealbooks.yaml uses it as block: odoo-sales/NAME; "
        "a setting that stands in dealbooks.yaml itself wins over the block."
    )
    _platform = "odoo"
    _named: ClassVar[Mapping[str, str]] = {"fields_of_order": "fields"}

    url: str = Field(default="", title="Address", description="Address of the server, as https://erp.example.com.")
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
    timezone: str = Field(
        default="UTC", title="Time zone", description="In which Odoo's moments become days, as Europe/London."
    )
    take_when: Literal["confirmed", "locked", "invoiced"] = Field(
        default="confirmed", title="Completed when", description="When an order is a completed sale."
    )
    amounts: Literal["gross", "net"] = Field(
        default="gross", title="Amounts", description="Which amount of a line is taken: with its tax, or without."
    )
    store_code: str = Field(default="", title="Location", description="Location of orders that name none.")
    fields_of_order: dict[str, str] = Field(
        default_factory=dict, title="Fields", description="Name in the map and the field of the order that holds it."
    )
    kinds: dict[str, str] = Field(
        default_factory=dict,
        title="Kinds of lines",
        description="A product's reference, name or category, and what its line is: vehicle, accessory, fee, product, "
        "discount, trade_in or deposit.",
    )
    calls_per_second: int = Field(
        default=1, title="Calls a second", description="Odoo Online asks for one; a server of your own takes more."
    )
    more: dict[str, Any] = Field(
        default_factory=dict, title="Other settings", description="Any other setting of the source, by its name."
    )
