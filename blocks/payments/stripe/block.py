"""The Prefect block of a Stripe account whose payments are read: its key, editable in the Prefect UI."""

from __future__ import annotations

from typing import Any, cast

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.payments.stripe.reader import StripePayments
from dealbooks import registry
from dealbooks.errors import DealbooksError


class Stripe(Block):
    """Payments of a Stripe account, read again when an event tells of one.

    Example, in dealbooks.yaml, under payments:
        cards: {platform: stripe, block: stripe/main, hook: stripe}

    Example, in a flow of your own:
        reader = (await Stripe.load("main")).build("main")
    """

    _block_type_name = "Stripe"
    _block_type_slug = "stripe"
    _description = (
        "The Stripe account whose payments are read with a key of ours before they are booked. dealbooks.yaml uses it "
        "under payments: as block: stripe/NAME; a setting that stands in dealbooks.yaml itself wins over the block."
    )

    api_key: SecretStr = Field(
        default=SecretStr(""),
        title="Key",
        description="Restricted (rk_...): may read payment intents, charges, checkouts. Kept encrypted.",
    )
    account: str = Field(
        default="", title="Connected account", description="acct_..., where the payments are of another account."
    )
    base_url: str = Field(default="https://api.stripe.com", title="Address", description="Of the API.")

    def settings(self) -> dict[str, Any]:
        """The settings as they would stand in dealbooks.yaml under the entry; what is left empty is left out."""
        values: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        values["api_key"] = self.api_key.get_secret_value()
        return {name: value for name, value in values.items() if value != ""}

    def build(self, name: str = "stripe") -> StripePayments:
        """The reader. Raises ConfigError when the key is missing."""
        return cast(StripePayments, registry.payment_platform("stripe").build(name=name, settings=self.settings()))

    def check(self) -> list[str]:
        """What is wrong with the connection, in words: asks Stripe for a payment."""
        try:
            return self.build("check").problems()
        except DealbooksError as error:
            return [f"{error.message} {error.fix}".strip()]
