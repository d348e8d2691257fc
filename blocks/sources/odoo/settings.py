"""What stands in dealbooks.yaml for a source of Odoo's sales orders, or in its Prefect block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from blocks.odoo.server import WireName
from blocks.sources.api.sales import LineKind, TimeZone


class OdooSalesSettings(BaseModel):
    """The settings of a source of Odoo's sales orders."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(description="Address of the server, as https://erp.example.com.")
    database: str = Field(description="The database's name.")
    user: str = Field("", description="Login of the user whose key is used; needed up to version 18.")
    api_key: SecretStr = Field(SecretStr(""), description="API key of that user; it lives three months at most.")
    company: str = Field("", description="The company's name or id; needed where the user sees more than one.")
    protocol: WireName = Field(
        "auto",
        description="How to talk to the server. `auto` asks for its version: JSON-2 from 19, JSON-RPC before.",
    )
    timezone: TimeZone = Field("UTC", description="Time zone in which Odoo's moments, which are in UTC, become days.")
    take_when: Literal["confirmed", "locked", "invoiced"] = Field(
        "confirmed",
        description="When an order is a completed sale: confirmed (state sale, or done up to 16), locked (done up to"
        " 16), or confirmed and invoiced in full.",
    )
    amounts: Literal["gross", "net"] = Field(
        "gross", description="Which amount of a line is taken: with its tax, or without."
    )
    store_code: str = Field("", description="Location of orders that name none.")
    fields: Mapping[str, str] = Field(
        {},
        description="Name in the map -> the field of sale.order that holds it, for what Odoo itself has no field for:"
        " vin: x_studio_vin. What is not listed is looked for as x_ and its name (x_vin).",
    )
    kinds: Mapping[str, LineKind] = Field(
        {},
        description="What a line is: the product's internal reference, its name, or its category's name -> vehicle,"
        " accessory, fee, product, discount, trade_in or deposit.",
    )
    other_lines: LineKind = Field("product", description="What a line is that none of `kinds` names.")
    calls_per_second: int = Field(
        1, ge=1, description="Calls a second. Odoo Online asks for one [recalled]; a server of your own takes more."
    )
    page: int = Field(200, ge=1, le=2000, description="Orders read at a time.")
    overlap_seconds: float = Field(
        120.0,
        ge=1,
        description="How far a sweep looks back behind the last one: longer than the longest transaction of the server,"
        " whose changes become visible at its end with times of its beginning (limit_time_real, 120 seconds).",
    )
    behind_seconds: float = Field(2.0, ge=0, description="How far a sweep stays behind now.")
