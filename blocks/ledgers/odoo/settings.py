"""What stands in dealbooks.yaml under `ledger:` for a book that is kept in Odoo, or in its Prefect block."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from blocks.odoo.server import WireName


class Journals(BaseModel):
    """Which journals of Odoo are used, by their short codes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sales: str = Field("INV", description="Sales journal, for invoices and credit notes.")
    general: str = Field("MISC", description="General journal, for everything else.")
    money: str = Field(
        "",
        description="Journal for receipts, deposits and refunds; empty: the general one. A bank journal is not meant:"
        " the bank's own statement makes its entries.",
    )


class OdooSettings(BaseModel):
    """The settings of an Odoo ledger."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(repr=False, description="Address of the server, as https://books.example.com.")
    database: str = Field(description="The database's name.")
    user: str = Field("", description="Login of the user whose key is used; needed up to version 18.")
    api_key: SecretStr = Field(SecretStr(""), description="API key of that user; it lives three months at most.")
    company: str = Field("", description="The company's name or id; needed where the user sees more than one.")
    protocol: WireName = Field(
        "auto",
        description="How to talk to the server. `auto` asks for its version: JSON-2 from 19, JSON-RPC before.",
    )
    mode: Literal["A", "B", "D"] = Field(
        "A",
        description="How a sale is carried: A invoice and journal, B invoice with settlements on it, D journals only.",
    )
    journals: Journals = Field(Journals(), description="Which journals are used.")
    taxes: Mapping[str, str] = Field(
        {},
        description="Our tax code -> the name or the percentage of the sales tax in Odoo (`20% S` or `20`); empty: no"
        " tax, as for a car under the margin scheme.",
    )
    carry_up_to: Decimal = Field(
        Decimal(0),
        description="Largest difference between Odoo's tax and ours that is carried as rounding on an invoice; 0"
        " refuses every one.",
    )
    marker_field: str = Field(
        "x_deal_key",
        description="Text field of entries that holds our key. Where Odoo has no such field, the key stands in the"
        " reference.",
    )
    vin_field: str = Field("x_vin", description="Text field of entries for the VIN; not used where it is not there.")
    partner_field: str = Field("ref", min_length=1, description="Field of a contact that holds our customer id.")
    analytic: Mapping[Literal["location", "department", "stock_no"], str] = Field(
        {}, description="Dimension -> the analytic plan that holds it. What has no plan stands in the texts only."
    )
    calls_per_second: int = Field(
        1,
        ge=1,
        description="Calls a second. Odoo Online asks for one [recalled]; a server of your own takes more.",
    )
    settle_seconds: int = Field(
        900,
        ge=60,
        description="After so long a posting that cannot be found did not happen: longer than a proxy may hold a call"
        " back and the server then lets it run (limit_time_real, 120 seconds unless changed).",
    )
    page: int = Field(500, ge=10, le=2000, description="Entries read at a time.")
