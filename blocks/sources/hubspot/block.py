"""The Prefect block of a HubSpot account as a source: its settings and its token, editable in the Prefect UI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from blocks.bases import RecordsBlock


class HubSpot(RecordsBlock):
    """Deals of a HubSpot account, from which deals are taken.

    Example, in dealbooks.yaml:
        crm: {platform: hubspot, block: hubspot/crm, books: {LEEDS: northgate}}

    Example, in a flow of your own:
        source = (await HubSpot.load("crm")).build("crm")
    """

    _block_type_name = "HubSpot"
    _block_type_slug = "hubspot"
    _description = (
        "The HubSpot account from whose deals deals are taken, and your private app in it. dealbooks.yaml uses it as "
        "block: hubspot/NAME; a setting that stands in dealbooks.yaml itself wins over the block."
    )
    _platform = "hubspot"
    _named: ClassVar[Mapping[str, str]] = {"fields_of_deal": "fields"}

    token: SecretStr = Field(
        default=SecretStr(""),
        title="Access token",
        description="Of your private app (pat-...). Kept encrypted, never shown.",
    )
    client_secret: SecretStr = Field(
        default=SecretStr(""), title="Client secret", description="Of a public app, which a person gives consent to."
    )
    portal_id: str = Field(default="", title="Hub ID", description="Another account than this is not read.")
    timezone: str = Field(
        default="UTC", title="Time zone", description="Of the account, in which its moments become days."
    )
    take_when: Literal["won", "stages"] = Field(
        default="won", title="Completed when", description="won, or in one of the stages below."
    )
    stages: list[str] = Field(
        default_factory=list, title="Stages", description="Ids or names of stages of completed sales."
    )
    pipelines: list[str] = Field(
        default_factory=list, title="Pipelines", description="Ids or names of those with vehicle sales; empty: all."
    )
    buyer: Literal["contact", "company", "company_first"] = Field(
        default="contact", title="Customer", description="The deal's contact, its company, or the company if any."
    )
    buyer_label: str = Field(
        default="", title="Label of the buyer", description="Of the association, where a deal has several contacts."
    )
    amounts: Literal["gross", "net"] = Field(
        default="gross", title="Amounts", description="Whether prices of lines are with their tax, or without."
    )
    currency: str = Field(default="", title="Currency", description="Of deals that name none, as GBP.")
    store_code: str = Field(default="", title="Location", description="Location of deals that name none.")
    fields_of_deal: dict[str, str] = Field(
        default_factory=dict, title="Properties", description="Name in the map and the property that holds it."
    )
    without: list[str] = Field(
        default_factory=list, title="Without", description="Properties that the map reads and this account has not."
    )
    kinds: dict[str, str] = Field(
        default_factory=dict,
        title="Kinds of lines",
        description="A line item's SKU or name, and what it is: vehicle, accessory, fee, product, discount, trade_in "
        "or deposit.",
    )
    calls_per_ten_seconds: int = Field(
        default=100, title="Calls in ten seconds", ge=1, description="190 for Professional and Enterprise."
    )
    more: dict[str, Any] = Field(
        default_factory=dict, title="Other settings", description="Any other setting of the source, by its name."
    )
