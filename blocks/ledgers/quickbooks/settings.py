"""What is set for a QuickBooks Online company, in dealbooks.yaml under `ledger:` or in the Prefect block.

Marks as in Intuit's own material: [C] confirmed in a public source of Intuit, [R] recalled. What is recalled is a
setting, so that it can be corrected without a release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from blocks.settings import checked, needed
from dealbooks.errors import ConfigError

# Names of the sales tax codes that QuickBooks sets up for a company in the United Kingdom [R]. A car under the margin
# scheme shows no VAT on its invoice: the margin's VAT is a journal.
UK_TAX_CODES: Mapping[str, str] = {
    "GB-S": "20.0% S",
    "GB-R": "5.0% R",
    "GB-Z": "0.0% Z",
    "GB-E": "Exempt",
    "GB-O": "No VAT",
    "GB-M": "No VAT",
}


class QuickBooksSettings(BaseModel):
    """The connection, the limits, and how the company's books are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    realm_id: str = Field("", description="The company's id (realm id) at Intuit, as the consent brought it.")
    client_id: str = Field("", description="Client id of your app at developer.intuit.com.")
    client_secret: SecretStr = Field(SecretStr(""), description="Client secret of your app.")
    base_url: str = Field(
        "https://quickbooks.api.intuit.com",
        description="Address of the API, without /v3; sandbox companies are at https://sandbox-quickbooks.api.intuit.com.",
    )  # [C] SDKs
    token_url: str = Field(
        "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer", description="Address of the token endpoint."
    )  # [C] SDKs
    authorize_url: str = Field(
        "https://appcenter.intuit.com/connect/oauth2", description="Address where a person gives consent."
    )  # [R]
    scope: str = Field("com.intuit.quickbooks.accounting", description="What the consent is for.")  # [C]
    minor_version: int = Field(75, ge=75, description="Minor version of the API.")  # [C] 75 is the base since 2025-08

    calls_per_minute: int = Field(500, ge=1, description="Calls a minute for the company, by all apps.")  # [C]
    calls_per_second: int = Field(10, ge=1, description="Calls a second for this company and app.")  # [C]
    calls_at_once: int = Field(10, ge=1, le=10, description="How many documents may be on their way at once.")
    timeout: float = Field(130.0, gt=0, description="Seconds to wait for an answer; QuickBooks ends a call after 120.")
    pause: float = Field(
        60.0, ge=1, description="Seconds without a call after QuickBooks said that they are too many."
    )  # [C]
    settle_seconds: float = Field(
        900.0, ge=120,
        description="A document that cannot be found so long after it was sent was not taken: longer than the longest"
        " call and the delay of a search.",
    )  # fmt: skip
    request_id_seconds: float | None = Field(
        None, ge=0,
        description="How long QuickBooks surely answers a repeated requestid with the first document. Not published:"
        " empty means that it is not relied on.",
    )  # fmt: skip

    sales_receipts: bool = Field(
        default=True, description="A sale paid in full on its day is a sales receipt; otherwise always an invoice."
    )
    items: dict[str, str] = Field(
        default_factory=dict,
        description="Account role -> name or id of the product or service that posts to its account. Left out, it is"
        " the one whose income account it is.",
    )
    tax_codes: dict[str, str] = Field(
        default_factory=dict,
        description="Tax code of Dealbooks -> name or id of the tax code in QuickBooks, outside the United States.",
    )
    no_tax_code: str = Field("No VAT", description="Tax code for lines without tax, outside the United States.")  # [R]
    sales_tax_code: str = Field(
        "", description="Tax code for sales tax, in a company in the United States without automated sales tax."
    )
    tax: Literal["stated", "computed"] = Field(
        "stated", description="Outside the United States: whether QuickBooks takes the VAT of each rate as stated."
    )  # [R]
    tax_rounding: Literal["document", "line"] = Field(
        "document", description="How QuickBooks rounds VAT that it works out itself."
    )  # [R]
    amounts: Literal["exclusive", "inclusive"] = Field(
        "exclusive", description="Whether line amounts are sent without VAT or with it, outside the United States."
    )
    locations_as: Literal["department", "class", "nothing"] = Field(
        "department", description="What a location is in QuickBooks: a location (department), a class, or not kept."
    )
    departments_as: Literal["department", "class", "nothing"] = Field(
        "class", description="What a department of the dealership (new, used) is in QuickBooks."
    )
    location_names: dict[str, str] = Field(
        default_factory=dict, description="Location code -> name in QuickBooks, where it is not that of dealbooks.yaml."
    )
    department_names: dict[str, str] = Field(
        default_factory=dict, description="Department (new, used) -> name in QuickBooks, where it is another."
    )
    custom_fields: dict[Literal["vin", "stock_no", "deal"], str] = Field(
        default_factory=dict, description="vin, stock_no, deal -> number (1 to 3) of the custom field of sales forms."
    )  # [C] three texts
    payment_methods: dict[str, str] = Field(
        default_factory=dict, description="How somebody paid (card, cash, ...) -> payment method in QuickBooks."
    )
    find_payments_by: Literal["PaymentRefNum", "CustomerRef"] = Field(
        "PaymentRefNum", description="What a payment is searched by."
    )  # [R] that PaymentRefNum can be asked for

    number_length: int = Field(21, ge=16, description="Longest document number.")  # [C] Finance.xsd
    note_length: int = Field(4000, ge=200, description="Longest memo.")  # [R]
    text_length: int = Field(4000, ge=50, description="Longest line description.")  # [R]
    name_length: int = Field(100, ge=30, description="Longest customer name.")  # [R]
    field_length: int = Field(31, ge=17, description="Longest text in a custom field.")  # [R]
    page_size: int = Field(1000, ge=1, le=1000, description="Rows of one page of a query.")  # [R] at most 1,000


def settings_of(book: str, given: Mapping[str, Any]) -> QuickBooksSettings:
    """Read the settings of a book's ledger.

    Raises:
        ConfigError: naming the book and the setting that is missing or wrong.
    """
    where = f"books.{book}.ledger"
    settings = checked(QuickBooksSettings, where, given, ("base_url", "token_url", "authorize_url"))
    if not settings.realm_id.strip().isdigit():
        raise ConfigError(
            f"{where} does not say which QuickBooks company the book is kept in.",
            fix='Add its id (realm id), in quotes, such as: realm_id: "9341453000000001"',
        )
    needed(
        where, settings, "client_id", "client_secret",
        fix="They are those of your app at developer.intuit.com, under Keys & credentials.",
        variable="QUICKBOOKS_CLIENT_SECRET",
    )  # fmt: skip
    return settings
