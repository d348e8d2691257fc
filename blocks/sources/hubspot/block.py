"""The Prefect block of a HubSpot account as a source: its settings and its token, editable in the Prefect UI."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, cast

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.sources.hubspot.source import HubSpotDeals
from dealbooks import registry
from dealbooks.errors import DealbooksError
from dealbooks.mapping import FieldMap


class HubSpot(Block):
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

    def settings(self) -> dict[str, Any]:
        """The settings as they would stand in dealbooks.yaml under the source; what is left empty is left out."""
        values: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        more = values.pop("more")
        for name in ("token", "client_secret"):
            values[name] = values[name].get_secret_value()
        values["fields"] = values.pop("fields_of_deal")
        return {name: value for name, value in values.items() if value} | dict(more)

    def build(
        self,
        name: str = "hubspot",
        *,
        fields: Collection[str] = (),
        folder: Path | None = None,
        services: registry.Services | None = None,
    ) -> HubSpotDeals:
        """The source; `fields` are the paths that its map reads, by default those of the shipped map; `services` keep
        the tokens of a public app. Raises ConfigError when a setting is missing."""
        platform = registry.source_platform("hubspot")
        wanted = fields or FieldMap.load(platform.default_map).reads()
        built = platform.build(
            name=name, settings=self.settings(), folder=folder or Path(), services=services, fields=wanted
        )
        return cast(HubSpotDeals, built)

    def check(self, services: registry.Services | None = None) -> list[str]:
        """What is wrong with the connection and the settings, in words: asks HubSpot for the properties that the map
        reads, and for one deal."""
        try:
            return self.build("check", services=services).problems()
        except DealbooksError as error:
            return [f"{error.message} {error.fix}".strip()]
