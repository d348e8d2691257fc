"""The Prefect block of a Salesforce org as a source: its settings and its secret, editable in the Prefect UI."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, cast

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.sources.salesforce.source import SalesforceSales
from dealbooks import registry
from dealbooks.errors import DealbooksError
from dealbooks.mapping import FieldMap


class Salesforce(Block):
    """Opportunities of a Salesforce org, from which deals are taken.

    Example, in dealbooks.yaml:
        crm: {platform: salesforce, block: salesforce/crm, books: {LEEDS: northgate}}

    Example, in a flow of your own:
        source = (await Salesforce.load("crm")).build("crm")
    """

    _block_type_name = "Salesforce"
    _block_type_slug = "salesforce"
    _description = (
        "The Salesforce org from whose opportunities deals are taken, and your app in it. dealbooks.yaml uses it as "
        "block: salesforce/NAME; a setting that stands in dealbooks.yaml itself wins over the block."
    )

    url: str = Field(
        default="", title="Address", description="Of the org's own domain, as https://northgate.my.salesforce.com."
    )
    client_id: str = Field(default="", title="Consumer key", description="Of your app in the org.")
    grant: Literal["secret", "jwt"] = Field(
        default="secret",
        title="Authorisation",
        description="secret: client credentials. jwt: a signed assertion for a user, with a private key.",
    )
    client_secret: SecretStr = Field(
        default=SecretStr(""), title="Consumer secret", description="Of your app. Kept encrypted, never shown."
    )
    private_key: SecretStr = Field(
        default=SecretStr(""),
        title="Private key",
        description="In PEM, whose certificate the app has; for jwt. Kept encrypted, never shown.",
    )
    username: str = Field(default="", title="User", description="The user for whom calls are made; for jwt.")
    audience: str = Field(
        default="https://login.salesforce.com",
        title="Audience",
        description="Of the assertion: https://test.salesforce.com for a Salesforce sandbox, the org's own address for "
        "newer apps.",
    )
    organization_id: str = Field(default="", title="Org id", description="Another org than this is not read.")
    timezone: str = Field(
        default="UTC", title="Time zone", description="In which Salesforce's moments become days, as Europe/London."
    )
    take_when: Literal["won", "stages"] = Field(
        default="won", title="Completed when", description="won, or in one of the stages below."
    )
    stages: list[str] = Field(default_factory=list, title="Stages", description="Names of stages of completed sales.")
    record_types: list[str] = Field(
        default_factory=list, title="Record types", description="Developer names of those that are sales; empty: all."
    )
    buyer: Literal["account", "contact"] = Field(
        default="account", title="Customer", description="The account, or the opportunity's primary contact."
    )
    amounts: Literal["gross", "net"] = Field(
        default="gross", title="Amounts", description="Whether prices of lines are with their tax, or without."
    )
    currency: str = Field(default="", title="Currency", description="Of an org with one currency, as GBP.")
    store_code: str = Field(default="", title="Location", description="Location of opportunities that name none.")
    fields_of_opportunity: dict[str, str] = Field(
        default_factory=dict, title="Fields", description="Name in the map and the field that holds it."
    )
    without: list[str] = Field(
        default_factory=list, title="Without", description="Fields that the map reads and this org does not have."
    )
    kinds: dict[str, str] = Field(
        default_factory=dict,
        title="Kinds of lines",
        description="A product's code, name or family, and what its line is: vehicle, accessory, fee, product, "
        "discount, trade_in or deposit.",
    )
    more: dict[str, Any] = Field(
        default_factory=dict, title="Other settings", description="Any other setting of the source, by its name."
    )

    def settings(self) -> dict[str, Any]:
        """The settings as they would stand in dealbooks.yaml under the source; what is left empty is left out."""
        values: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        more = values.pop("more")
        for name in ("client_secret", "private_key"):
            values[name] = values[name].get_secret_value()
        values["fields"] = values.pop("fields_of_opportunity")
        return {name: value for name, value in values.items() if value} | dict(more)

    def build(
        self, name: str = "salesforce", *, fields: Collection[str] = (), folder: Path | None = None
    ) -> SalesforceSales:
        """The source; `fields` are the paths that its map reads, by default those of the shipped map. Raises
        ConfigError when a setting is missing."""
        platform = registry.source_platform("salesforce")
        wanted = fields or FieldMap.load(platform.default_map).reads()
        built = platform.build(
            name=name, settings=self.settings(), folder=folder or Path(), services=None, fields=wanted
        )
        return cast(SalesforceSales, built)

    def check(self) -> list[str]:
        """What is wrong with the connection and the settings, in words: asks Salesforce for a token, for the fields
        that the map reads, and for one opportunity."""
        try:
            return self.build("check").problems()
        except DealbooksError as error:
            return [f"{error.message} {error.fix}".strip()]
