"""The Prefect block of an Adobe Acrobat Sign account whose contracts are read: its key, editable in the Prefect UI."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from blocks.bases import SignaturesBlock


class AdobeSign(SignaturesBlock):
    """Agreements of an Adobe Acrobat Sign account, read again when an event tells that one is signed.

    Example, in dealbooks.yaml, under signatures:
        contracts: {platform: adobe_sign, block: adobe-sign/main, hook: contracts}

    Example, in a flow of your own:
        reader = (await AdobeSign.load("main")).build("main")
    """

    _block_type_name = "Adobe Acrobat Sign"
    _block_type_slug = "adobe-sign"
    _description = (
        "The Adobe Acrobat Sign account whose agreements are read before a signature counts. dealbooks.yaml uses it "
        "under signatures: as block: adobe-sign/NAME; a setting that stands in dealbooks.yaml itself wins."
    )
    _platform = "adobe_sign"

    token: SecretStr = Field(
        default=SecretStr(""),
        title="Integration key",
        description="With the scope agreement_read. Kept encrypted, never shown.",
    )
    base_url: str = Field(
        default="https://api.na1.adobesign.com", title="Address", description="Of the API where the account is kept."
    )
    more: dict[str, Any] = Field(
        default_factory=dict, title="Other settings", description="Any other setting of the entry, by its name."
    )
