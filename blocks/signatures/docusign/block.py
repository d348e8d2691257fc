"""The Prefect block of a DocuSign account whose contracts are read: its app and key, editable in the Prefect UI."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from blocks.bases import SignaturesBlock


class DocuSign(SignaturesBlock):
    """Envelopes of a DocuSign account, read again when an event tells that one is signed.

    Example, in dealbooks.yaml, under signatures:
        contracts: {platform: docusign, block: docusign/main, hook: contracts}

    Example, in a flow of your own:
        reader = (await DocuSign.load("main")).build("main")
    """

    _block_type_name = "DocuSign"
    _block_type_slug = "docusign"
    _description = (
        "The DocuSign account whose envelopes are read before a signature counts, and your app in it. dealbooks.yaml "
        "uses it under signatures: as block: docusign/NAME; a setting that stands in dealbooks.yaml itself wins."
    )
    _platform = "docusign"

    account_id: str = Field(default="", title="Account", description="API account id, under Apps and Keys.")
    client_id: str = Field(default="", title="Integration key", description="Of your app.")
    user_id: str = Field(default="", title="User", description="Id of the user whom the app reads as.")
    private_key: SecretStr = Field(
        default=SecretStr(""), title="Private key", description="RSA key of the app, in PEM. Kept encrypted."
    )
    base_url: str = Field(
        default="https://www.docusign.net", title="Address", description="Of the API where the account is kept."
    )
    account_url: str = Field(
        default="https://account.docusign.com", title="Account address", description="Where tokens are given."
    )
    live: bool = Field(default=True, title="Live", description="Off: an account of the test mode.")
    more: dict[str, Any] = Field(
        default_factory=dict, title="Other settings", description="Any other setting of the entry, by its name."
    )
