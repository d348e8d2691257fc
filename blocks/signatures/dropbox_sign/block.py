"""The Prefect block of a Dropbox Sign account whose contracts are read: its key, editable in the Prefect UI."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from blocks.bases import SignaturesBlock


class DropboxSign(SignaturesBlock):
    """Contracts of a Dropbox Sign account, read again when an event tells that one is signed.

    Example, in dealbooks.yaml, under signatures:
        contracts: {platform: dropbox_sign, block: dropbox-sign/main, hook: contracts}

    Example, in a flow of your own:
        reader = (await DropboxSign.load("main")).build("main")
    """

    _block_type_name = "Dropbox Sign"
    _block_type_slug = "dropbox-sign"
    _description = (
        "The Dropbox Sign account whose contracts are read before a signature counts. dealbooks.yaml uses it under "
        "signatures: as block: dropbox-sign/NAME; a setting that stands in dealbooks.yaml itself wins over the block."
    )
    _platform = "dropbox_sign"

    api_key: SecretStr = Field(
        default=SecretStr(""), title="Key", description="API key of the account. Kept encrypted, never shown."
    )
    base_url: str = Field(default="https://api.hellosign.com", title="Address", description="Of the API.")
    more: dict[str, Any] = Field(
        default_factory=dict, title="Other settings", description="Any other setting of the entry, by its name."
    )
