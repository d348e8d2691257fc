"""What stands in dealbooks.yaml for contracts of a Dropbox Sign account, or in its Prefect block."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class DropboxSignSettings(BaseModel):
    """The settings of contracts at Dropbox Sign."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    api_key: SecretStr = Field(SecretStr(""), description="API key of the account that sends the contracts.")
    base_url: str = Field("https://api.hellosign.com", description="Address of the API.")
    calls_per_minute: int = Field(
        80, ge=1, description="Calls in a minute; Dropbox Sign allows 100, and 10 for requests in test mode."
    )
    timeout: float = Field(30.0, gt=0, description="Seconds to wait for an answer.")
