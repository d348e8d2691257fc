"""The Prefect block of a Stripe account whose payments are read: its key, editable in the Prefect UI."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from blocks.bases import PaymentsBlock


class Stripe(PaymentsBlock):
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
    _platform = "stripe"

    api_key: SecretStr = Field(
        default=SecretStr(""),
        title="Key",
        description="Restricted (rk_...): may read payment intents, charges, checkouts. Kept encrypted.",
    )
    account: str = Field(
        default="", title="Connected account", description="acct_..., where the payments are of another account."
    )
    base_url: str = Field(default="https://api.stripe.com", title="Address", description="Of the API.")
    more: dict[str, Any] = Field(
        default_factory=dict, title="Other settings", description="Any other setting of the entry, by its name."
    )
