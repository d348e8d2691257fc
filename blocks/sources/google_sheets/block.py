"""The Prefect block of a spreadsheet as a source: its settings and its key, editable in the Prefect UI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SecretStr

from blocks.bases import RecordsBlock


class GoogleSheets(RecordsBlock):
    """A spreadsheet of Google Sheets, from whose rows deals are taken.

    Example, in dealbooks.yaml:
        sheet: {platform: google_sheets, block: google-sheets/sheet, books: {LEEDS: northgate}}

    Example, in a flow of your own:
        source = (await GoogleSheets.load("sheet")).build("sheet")
    """

    _block_type_name = "Google Sheets"
    _block_type_slug = "google-sheets"
    _description = (
        "The spreadsheet from whose rows deals are taken, and the service account that it is shared with. "
        "dealbooks.yaml uses it as block: google-sheets/NAME; a setting that stands in dealbooks.yaml itself wins over "
        "the block."
    )
    _platform = "google_sheets"

    spreadsheet: str = Field(
        default="", title="Spreadsheet", description="Its id: what stands in its address behind /d/."
    )
    tab: str = Field(default="Deals", title="Tab", description="Title of the tab with a row for each sale.")
    lines_tab: str = Field(default="", title="Tab of lines", description="Title of a tab with further lines, if any.")
    private_key: SecretStr = Field(
        default=SecretStr(""),
        title="Key",
        description="The JSON file of the service account as Google gave it. Kept encrypted, never shown.",
    )
    client_email: str = Field(
        default="", title="E-mail", description="Of the service account, where only its private key is given above."
    )
    take_when: list[str] = Field(
        default_factory=lambda: ["Delivered"],
        title="Completed when",
        description="What the status column says of a completed sale.",
    )
    columns: dict[str, str] = Field(
        default_factory=dict, title="Columns", description="Name in the map and the heading of its column."
    )
    without: list[str] = Field(
        default_factory=list, title="Without", description="Columns that the map reads and this spreadsheet has not."
    )
    timezone: str = Field(
        default="", title="Time zone", description="To which the spreadsheet must be set, as Europe/London."
    )
    currency: str = Field(default="", title="Currency", description="Of sales that name none, as GBP.")
    store_code: str = Field(default="", title="Location", description="Location of sales that name none.")
    amounts: Literal["gross", "net"] = Field(
        default="gross", title="Amounts", description="Whether prices are with their tax, or without."
    )
    kinds: dict[str, str] = Field(
        default_factory=dict,
        title="Kinds of lines",
        description="What a line says of itself, and what it is: vehicle, accessory, fee, product, discount, trade_in "
        "or deposit.",
    )
    standing_range: str = Field(
        default="",
        title="Range of standings",
        description="Name of a named range over one whole column, into which is written how each deal stands; empty: "
        "nothing is written.",
    )
    more: dict[str, Any] = Field(
        default_factory=dict, title="Other settings", description="Any other setting of the source, by its name."
    )
