"""What stands in dealbooks.yaml under `ledger:` for a book in Xero, or in its Prefect block.

What Xero does not state in its contract, and we know only by hearsay, is a setting here: limits, waits, and the words
by which a refusal is told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from blocks.settings import checked, needed

# The granular scopes of apps made since 2 March 2026 (developer.xero.com, scopes; second hand).
SCOPES = (
    "offline_access accounting.invoices accounting.payments accounting.banktransactions accounting.manualjournals "
    "accounting.contacts accounting.settings"
)


class Tracking(BaseModel):
    """Which of Xero's tracking categories (two at most) hold what; an empty one is written into descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    location: str = Field("", description="Tracking category of locations, such as Site.")
    department: str = Field("", description="Tracking category of departments.")
    departments: Mapping[str, str] = Field({}, description="Department -> its option in Xero; by default its own name.")


class Words(BaseModel):
    """Parts of Xero's messages, in small letters, by which a refusal is told apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    taken: tuple[str, ...] = Field(("must be unique",), description="The number of a document is in use.")
    name_taken: tuple[str, ...] = Field(
        ("is already assigned to another contact",), description="A contact of that name or number exists."
    )
    locked: tuple[str, ...] = Field(("lock date",), description="The date falls in a closed period.")
    again: tuple[str, ...] = Field(("try again",), description="Nothing was saved, and a later attempt may do.")
    other_request: tuple[str, ...] = Field(
        ("used with a different request",), description="The key was used with other content."
    )
    exceeds: tuple[str, ...] = Field(
        ("exceeds the amount outstanding",), description="A payment is above what the document leaves open."
    )


class XeroSettings(BaseModel):
    """The settings of one organisation."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tenant_id: str = Field("", description="The organisation; not needed by a custom connection.")
    client_id: str = Field("", description="Client id of the app that is registered with Xero.")
    client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    grant: Literal["code", "secret"] = Field(
        "code", description="`code`: a person gives consent. `secret`: a custom connection, without consent."
    )
    scope: str = Field(SCOPES, description="What is asked for.")
    base_url: str = Field("https://api.xero.com/api.xro/2.0", description="Address of the accounting API.")
    token_url: str = Field("https://identity.xero.com/connect/token", description="Where tokens are given.")
    authorize_url: str = Field(
        "https://login.xero.com/identity/connect/authorize", description="Where a person gives consent."
    )
    tax_codes: Mapping[str, str] = Field({}, description="Our tax code -> Xero's TaxType, from GET /TaxRates.")
    no_tax: str = Field("NONE", description="TaxType of lines without tax; in Australia BASEXCLUDED.")
    tracking: Tracking = Field(Tracking(), description="Tracking categories.")
    per_minute: int = Field(60, ge=1, description="Calls a minute that an organisation takes.")
    per_day: int = Field(5000, ge=1, description="Calls a day; 1,000 for apps of the Starter tier.")
    concurrent: int = Field(5, ge=1, description="Calls at the same time.")
    key_seconds: float = Field(360.0, ge=0, description="How long Xero keeps an Idempotency-Key.")
    settle_seconds: float = Field(
        900.0,
        ge=0,
        description="After this long, what is not found was not done: longest request, and lag of searches.",
    )
    timeout: float = Field(110.0, gt=0, description="Seconds to wait for an answer.")
    page_size: int = Field(1000, ge=1, le=1000, description="Documents on a page of a list.")
    words: Words = Field(Words(), description="How refusals are told apart.")

    @classmethod
    def read(cls, book: str, data: Mapping[str, Any]) -> XeroSettings:
        """The settings of a book.

        Raises:
            ConfigError: naming the one that is missing, unknown or wrong.
        """
        where = f"books.{book}.ledger"
        found = checked(cls, where, data, ("base_url", "token_url", "authorize_url"))
        own = ("client_id", "client_secret") if found.grant == "secret" else ("tenant_id", "client_id", "client_secret")
        needed(
            where, found, *own,
            fix="The id and the secret are those of your app at developer.xero.com; tenant_id is the organisation.",
            variable="XERO_CLIENT_SECRET",
        )  # fmt: skip
        return found
