"""What stands in dealbooks.yaml for a source of Salesforce's opportunities, or in its Prefect block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from blocks.sources.api.sales import COUNTRIES, LineKind, TimeZone


class SalesforceSettings(BaseModel):
    """The settings of a source of Salesforce's opportunities."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(description="Address of the org's own domain, as https://northgate.my.salesforce.com.")
    client_id: str = Field(description="Consumer key of your connected app or external client app.")
    grant: Literal["secret", "jwt"] = Field(
        "secret",
        description="How our app authorises itself: secret (client credentials) or jwt (a signed assertion for a"
        " user, with a private key).",
    )
    client_secret: SecretStr = Field(SecretStr(""), description="Consumer secret of the app, for the grant secret.")
    private_key: SecretStr = Field(
        SecretStr(""), description="Private key in PEM whose certificate the app has, for the grant jwt."
    )
    username: str = Field("", description="The user for whom calls are made, for the grant jwt.")
    audience: str = Field(
        "https://login.salesforce.com",
        description="`aud` of the assertion: https://test.salesforce.com for a Salesforce sandbox, the address of the"
        " org's own domain for newer apps.",
    )
    organization_id: str = Field(
        "", description="Id of the org (15 or 18 characters); another org than this is not read."
    )
    version: str = Field("62.0", pattern=r"^\d{2,3}\.0$", description="Version of the REST API.")
    timezone: TimeZone = Field("UTC", description="Time zone in which Salesforce's moments, in UTC, become days.")
    take_when: Literal["won", "stages"] = Field(
        "won", description="When an opportunity is a completed sale: won (IsWon), or in one of `stages`."
    )
    stages: tuple[str, ...] = Field((), description="Names of the stages (StageName) of completed sales.")
    record_types: tuple[str, ...] = Field(
        (), description="Developer names of the record types that are vehicle sales; empty: all."
    )
    buyer: Literal["account", "contact"] = Field(
        "account", description="Who the customer is: the account, or the opportunity's primary contact."
    )
    amounts: Literal["gross", "net"] = Field(
        "gross", description="Whether prices of lines are with their tax, or without."
    )
    currency: str = Field("", description="Currency of opportunities in an org with one currency, as GBP.")
    store_code: str = Field("", description="Location of opportunities that name none.")
    fields: Mapping[str, str] = Field(
        {},
        description="Name in the map -> the field of the opportunity that holds it, where it is another:"
        " VIN__c: Vehicle_VIN__c. A field of the line is written lines.Line_Type__c: lines.Type__c.",
    )
    without: tuple[str, ...] = Field(
        (),
        description="Fields that the map reads and this org does not have. Any other that is missing stops the"
        " source: a field that our user may not see looks the same.",
    )
    line_type: str = Field("Line_Type__c", description="Field of the line that says what kind of line it is, if any.")
    kinds: Mapping[str, LineKind] = Field(
        {},
        description="What a line is: the value of the field `line_type`, the product's code, its name or its family ->"
        " vehicle, accessory, fee, product, discount, trade_in or deposit.",
    )
    other_lines: LineKind = Field("product", description="What a line is that none of `kinds` names.")
    countries: Mapping[str, str] = Field(
        COUNTRIES, description="Name of a country as written in addresses -> its code, where there is no code field."
    )
    calls_per_day: int = Field(
        15_000,
        ge=1,
        description="Calls in 24 hours that the org has [recalled: 15,000 Developer, 100,000 and more Enterprise].",
    )
    concurrent: int = Field(2, ge=1, le=25, description="Calls at a time.")
    page: int = Field(500, ge=1, le=2000, description="Opportunities read at a time.")
    overlap_seconds: float = Field(
        600.0,
        ge=1,
        description="How far a sweep looks back behind the last one: longer than the longest transaction of the org,"
        " whose records become visible at its end with times of its beginning.",
    )
    behind_seconds: float = Field(120.0, ge=1, description="How far a sweep stays behind now.")
    cursor_days: float = Field(
        14.0,
        gt=0,
        description="After so many days without a sweep everything is compared: deleted records can be read for 15"
        " days [recalled].",
    )
    timeout: float = Field(130.0, gt=0, description="Seconds to wait for an answer; a query may take 120 [recalled].")
