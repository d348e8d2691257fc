"""The Prefect block of a GoCardless organisation whose payments are read: its key, editable in the Prefect UI."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from blocks.bases import PaymentsBlock


class GoCardless(PaymentsBlock):
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
    _platform = "gocardless"

    api_key: SecretStr = Field(
        default=SecretStr(""), title="Key", description="With read-only rights. Kept encrypted, never shown."
    )
    live: bool = Field(default=True, title="Live", description="Off: an account of the test mode.")
    base_url: str = Field(default="https://api.gocardless.com", title="Address", description="Of the API.")
    more: dict[str, Any] = Field(
        default_factory=dict, title="Other settings", description="Any other setting of the entry, by its name."
    )
