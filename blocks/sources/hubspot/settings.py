"""What stands in dealbooks.yaml for a source of HubSpot's deals, or in its Prefect block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from blocks.sources.api.sales import COUNTRIES, LineKind, TimeZone


class HubSpotSettings(BaseModel):
    """The settings of a source of HubSpot's deals."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    grant: Literal["token", "code"] = Field(
        "token",
        description="How our app authorises itself: token (a private app of the account) or code (a public app, to"
        " which a person gives consent).",
    )
    token: SecretStr = Field(SecretStr(""), description="Access token of the private app (pat-...).")
    client_id: str = Field("", description="Client id of the public app, for the grant code.")
    client_secret: SecretStr = Field(SecretStr(""), description="Client secret of the public app.")
    scope: str = Field(
        "oauth crm.objects.deals.read crm.objects.line_items.read crm.objects.contacts.read crm.objects.companies.read"
        " crm.schemas.deals.read crm.schemas.line_items.read",
        description="What a public app asks for.",
    )
    base_url: str = Field("https://api.hubapi.com", description="Address of the API.")
    token_url: str = Field("https://api.hubapi.com/oauth/v1/token", description="Where tokens are given.")
    authorize_url: str = Field("https://app.hubspot.com/oauth/authorize", description="Where consent is given.")
    objects_path: str = Field("/crm/v3/objects", description="Path of objects; dated releases have another.")
    associations_path: str = Field("/crm/v4/associations", description="Path of associations.")
    properties_path: str = Field("/crm/v3/properties", description="Path of the descriptions of properties.")
    pipelines_path: str = Field("/crm/v3/pipelines/deals", description="Path of pipelines of deals.")
    account_path: str = Field("/account-info/v3/details", description="Path of what the account is [recalled].")
    portal_id: str = Field("", description="Id of the account (Hub ID); another account than this is not read.")
    timezone: TimeZone = Field(
        "UTC", description="Time zone of the account, in which its moments become days, as Europe/London."
    )
    take_when: Literal["won", "stages"] = Field(
        "won", description="When a deal is a completed sale: won (hs_is_closed_won), or in one of `stages`."
    )
    stages: tuple[str, ...] = Field((), description="Ids or names of the stages of completed sales.")
    pipelines: tuple[str, ...] = Field((), description="Ids or names of the pipelines of vehicle sales; empty: all.")
    buyer: Literal["contact", "company", "company_first"] = Field(
        "contact",
        description="Who the customer is: the deal's contact, its company, or its company where it has one and else its"
        " contact.",
    )
    buyer_label: str = Field(
        "", description="Label of the association of the contact who is the buyer, where a deal has several."
    )
    amounts: Literal["gross", "net"] = Field(
        "gross", description="Whether prices of lines are with their tax, or without."
    )
    currency: str = Field("", description="Currency of deals that name none, as GBP.")
    store_code: str = Field("", description="Location of deals that name none.")
    fields: Mapping[str, str] = Field(
        {},
        description="Name in the map -> the property of the deal that holds it, where it is another: vin: vehicle_vin."
        " A property of the line item is written lines.line_type: lines.hs_type.",
    )
    without: tuple[str, ...] = Field(
        (),
        description="Properties that the map reads and this account does not have. Any other that is missing stops the"
        " source: HubSpot says nothing of a property that it does not know.",
    )
    line_type: str = Field("line_type", description="Property of the line item that says what kind it is, if any.")
    kinds: Mapping[str, LineKind] = Field(
        {},
        description="What a line is: the value of the property `line_type`, its SKU or its name -> vehicle, accessory,"
        " fee, product, discount, trade_in or deposit.",
    )
    other_lines: LineKind = Field("product", description="What a line is that none of `kinds` names.")
    countries: Mapping[str, str] = Field(COUNTRIES, description="Name of a country in addresses -> its code.")
    calls_per_ten_seconds: int = Field(
        100, ge=1, description="Calls in ten seconds: 100 Free and Starter [recalled], 190 Professional, Enterprise."
    )
    calls_per_day: int = Field(
        250_000, ge=1, description="Calls a day of the account: 250,000 Free and Starter [recalled], 650,000 and more."
    )
    searches_per_second: int = Field(4, ge=1, le=5, description="Searches a second: the account has five.")
    concurrent: int = Field(2, ge=1, description="Calls at a time.")
    page: int = Field(100, ge=1, le=100, description="Deals read at a time.")
    overlap_seconds: float = Field(
        300.0, ge=1, description="How far a sweep looks back behind the last one: what changed is searchable later."
    )
    behind_seconds: float = Field(60.0, ge=1, description="How far a sweep stays behind now.")
    lines_settle_seconds: float = Field(
        60.0,
        ge=0,
        description="A deal that changed less than so long ago and has no line items yet is not taken: they may be on"
        " their way.",
    )
    timeout: float = Field(40.0, gt=0, description="Seconds to wait for an answer.")
