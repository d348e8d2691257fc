"""What stands in dealbooks.yaml for contracts of a DocuSign account, or in its Prefect block."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class DocuSignSettings(BaseModel):
    """The settings of contracts at DocuSign."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    account_id: str = Field("", description="API account id, as DocuSign shows it under Apps and Keys.")
    client_id: str = Field("", description="Integration key of your app.")
    user_id: str = Field(
        "", description="Id of the user whom our app reads as; the user has given the app consent once."
    )
    private_key: SecretStr = Field(SecretStr(""), description="RSA private key of the app, in PEM.")
    base_url: str = Field(
        "https://www.docusign.net",
        description="Address of the API where your account is kept (account base URI); https://demo.docusign.net is"
        " that of the test mode.",
    )
    account_url: str = Field(
        "https://account.docusign.com",
        description="Where tokens are given; https://account-d.docusign.com in the test mode.",
    )
    live: bool = Field(True, description="false: the account is one of the test mode, whatever its address.")
    calls_per_hour: int = Field(1000, ge=1, description="Calls in an hour; DocuSign allows 3,000 [recalled].")
    timeout: float = Field(30.0, gt=0, description="Seconds to wait for an answer.")

    @property
    def is_live(self) -> bool:
        """Whether envelopes bind: an envelope itself does not say it."""
        return self.live and "//demo." not in self.base_url and "//account-d." not in self.account_url
