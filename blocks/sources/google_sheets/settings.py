"""What stands in dealbooks.yaml for a source that is a spreadsheet of Google Sheets, or in its Prefect block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from blocks.sources.api.sales import LineKind, TimeZone

# What kind of value a column of the shipped map holds; any other holds text.
AMOUNTS = frozenset((
    "vehicle_cost", "recon_cost", "stock_book_price", "sale_price", "contract_total", "vat_amount", "finance_amount",
    "commission", "trade_in_value", "trade_in_acv", "trade_in_payoff", "deposit", "bank_transfer_paid", "card_paid",
    "amount", "price", "cost",
))  # fmt: skip
DATES = frozenset(("sale_date", "delivery_date", "deposit_date", "payment_date", "first_registration"))
WHOLE = frozenset(("deal_id", "year", "odometer", "trade_in_year"))
FLAGS = frozenset(("price_includes_tax",))


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class GoogleSheetsSettings(BaseModel):
    """The settings of a source that is a spreadsheet. A column is named as in the map: deal_id is the one with the
    heading "Deal ID"; capitals, spaces and signs make no difference."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    spreadsheet: str = Field(
        pattern=r"^[A-Za-z0-9_-]{20,}$", description="Id of the spreadsheet: what stands in its address behind /d/."
    )
    tab: str = Field("Deals", description="Title of the tab with a row for each sale.")
    lines_tab: str = Field("", description="Title of a tab with further lines of the sales, if there is one.")
    header_row: int = Field(1, ge=1, description="Number of the row with the headings.")
    key_file: str = Field("", description="The service account's key, the JSON file as Google gave it.")
    client_email: str = Field("", description="E-mail address of the service account, where there is no key file.")
    private_key: SecretStr = Field(
        SecretStr(""), description="Its private key in PEM, or the whole JSON file that Google gave."
    )
    take_when: Words = Field(
        ("Delivered",),
        min_length=1,
        description="What the status column says of a completed sale; one word or several.",
    )
    status: str = Field("status", description="The column that says how far a sale is.")
    columns: Mapping[str, str] = Field(
        {},
        description="Name in the map -> the heading of its column, where it is another: vin: Chassis number. A column"
        " of the tab with lines is written lines.cost: Purchase price.",
    )
    without: tuple[str, ...] = Field(
        (),
        description="Columns that the map reads and this spreadsheet does not have. Any other that is missing stops the"
        " source: a heading that somebody changed looks the same.",
    )
    amounts_in: tuple[str, ...] = Field((), description="Further columns of amounts, for a map of your own.")
    dates_in: tuple[str, ...] = Field((), description="Further columns of dates, for a map of your own.")
    whole_numbers: tuple[str, ...] = Field(
        (), description="Further columns in which a whole number is as good as text."
    )
    extra_decimals: Literal["round", "refuse"] = Field(
        "round",
        description="What is done with an amount that has more decimals than its currency: round it half up, as the"
        " spreadsheet shows it, or set the row aside.",
    )
    amounts: Literal["gross", "net"] = Field("gross", description="Whether prices are with their tax, or without.")
    currency: str = Field("", pattern=r"^([A-Z]{3})?$", description="Currency of sales that name none, as GBP.")
    store_code: str = Field("", description="Location of sales that name none.")
    timezone: TimeZone | Literal[""] = Field(
        "", description="Time zone that the spreadsheet must be set to (File, Settings); another stops the source."
    )
    kinds: Mapping[str, LineKind] = Field(
        {},
        description="What a line is: what its Kind, Product or Name says -> vehicle, accessory, fee, product, discount,"
        " trade_in or deposit.",
    )
    other_lines: LineKind = Field("product", description="What a line is that none of `kinds` names.")
    drive: bool = Field(
        False,
        description="Whether the Drive API may be asked if anything changed, before everything is read. It must be"
        " enabled in the service account's project.",
    )
    reread_hours: float = Field(
        24.0,
        gt=0,
        description="After so long everything is read whatever Drive says: results of formulas are no change.",
    )
    standing_range: str = Field(
        "",
        pattern=r"^([A-Za-z_][A-Za-z0-9_.]{0,249})?$",
        description="Name of a named range over one whole column of the tab, into which is written how each deal"
        " stands; empty: nothing is written.",
    )
    page: int = Field(500, ge=1, le=5000, description="Sales handed on at a time.")
    calls_per_minute: int = Field(60, ge=1, description="Calls a minute that Google lets a service account make.")
    pause: float = Field(15.0, gt=0, description="Seconds without calls after Google said that there were too many.")
    timeout: float = Field(190.0, gt=0, description="Seconds to wait for an answer; a call may take 180 [recalled].")
    token_url: str = Field("https://oauth2.googleapis.com/token", description="Where tokens are given.")
    sheets_url: str = Field("https://sheets.googleapis.com", description="Where the Sheets API answers.")
    drive_url: str = Field("https://www.googleapis.com", description="Where the Drive API answers.")

    def kind(self, column: str) -> Literal["amount", "date", "whole", "flag", "text"]:
        """What kind of value a column holds."""
        if column in AMOUNTS or column in self.amounts_in:
            return "amount"
        if column in DATES or column in self.dates_in:
            return "date"
        if column in WHOLE or column in self.whole_numbers:
            return "whole"
        return "flag" if column in FLAGS else "text"
