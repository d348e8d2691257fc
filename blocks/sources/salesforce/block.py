"""The Prefect block of a Salesforce org as a source: its settings and its secret, editable in the Prefect UI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from blocks.bases import RecordsBlock


class Salesforce(RecordsBlock):
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
    _platform = "salesforce"
    _named: ClassVar[Mapping[str, str]] = {"fields_of_opportunity": "fields"}

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
