"""The Prefect block of a GoCardless organisation whose payments are read: its key, editable in the Prefect UI."""

from __future__ import annotations

from typing import Any, cast

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.payments.gocardless.reader import GoCardlessPayments
from dealbooks import registry
from dealbooks.errors import DealbooksError


class GoCardless(Block):
    """Payments of a GoCardless organisation, read again when an event tells of one.

    Example, in dealbooks.yaml, under payments:
        cards: {platform: gocardless, block: gocardless/main, hook: gocardless}

    Example, in a flow of your own:
        reader = (await GoCardless.load("main")).build("main")
    """

    _block_type_name = "GoCardless"
    _block_type_slug = "gocardless"
    _description = (
        "The GoCardless organisation whose payments are read before they are booked. dealbooks.yaml uses it "
        "under payments: as block: gocardless/NAME; a setting that stands in dealbooks.yaml itself wins over the block."
    )

    api_key: SecretStr = Field(
        default=SecretStr(""), title="Key", description="With read-only rights. Kept encrypted, never shown."
    )
    live: bool = Field(default=True, title="Live", description="Off: an account of the test mode.")
    base_url: str = Field(default="https://api.gocardless.com", title="Address", description="Of the API.")

    def settings(self) -> dict[str, Any]:
        """The settings as they would stand in dealbooks.yaml under the entry; what is left empty is left out."""
        values: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        values["api_key"] = self.api_key.get_secret_value()
        return {name: value for name, value in values.items() if value != ""}

    def build(self, name: str = "gocardless") -> GoCardlessPayments:
        """The reader. Raises ConfigError when the key is missing."""
        return cast(
            GoCardlessPayments, registry.payment_platform("gocardless").build(name=name, settings=self.settings())
        )

    def check(self) -> list[str]:
        """What is wrong with the connection, in words: asks GoCardless for a payment."""
        try:
            return self.build("check").problems()
        except DealbooksError as error:
            return [f"{error.message} {error.fix}".strip()]
