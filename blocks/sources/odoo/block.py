"""The Prefect block of Odoo's sales orders as a source: its settings and its key, editable in the Prefect UI."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, cast

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.sources.odoo.source import OdooSales as Source
from dealbooks import registry
from dealbooks.mapping import FieldMap


class OdooSales(Block):
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

    def settings(self) -> dict[str, Any]:
        """The settings as they would stand in dealbooks.yaml under the source; what is left empty is left out."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        values["api_key"] = self.api_key.get_secret_value()
        values["fields"] = values.pop("fields_of_order")
        return {name: value for name, value in values.items() if value}

    def build(self, name: str = "odoo", *, fields: Collection[str] = (), folder: Path | None = None) -> Source:
        """The source; `fields` are the paths that its map reads, by default those of the shipped map. Raises
        ConfigError when a setting is missing."""
        platform = registry.source_platform("odoo")
        wanted = fields or FieldMap.load(platform.default_map).reads()
        built = platform.build(
            name=name, settings=self.settings(), folder=folder or Path(), services=None, fields=wanted
        )
        return cast(Source, built)

    def check(self) -> list[str]:
        """What is wrong with the connection and the settings, in words: asks the server."""
        return self.build("check").problems()
