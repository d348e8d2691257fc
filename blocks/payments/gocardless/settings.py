"""What stands in dealbooks.yaml for payments of a GoCardless organisation, or in its Prefect block."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class GoCardlessSettings(BaseModel):
    """The settings of payments at GoCardless."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr = Field(SecretStr(""), description="Access token with read-only rights.")
    base_url: str = Field(
        "https://api.gocardless.com",
        description="Address of the API; https://api-sandbox.gocardless.com is that of the test mode.",
    )
    live: bool = Field(True, description="false: the account is one of the test mode, whatever its address.")
    version: str = Field("2015-07-06", description="Version of the API that is asked for.")
    calls_per_minute: int = Field(500, ge=1, description="Calls in a minute; GoCardless allows 1,000 [recalled].")
    timeout: float = Field(30.0, gt=0, description="Seconds to wait for an answer.")

    @property
    def is_live(self) -> bool:
        """Whether payments are real: a payment itself does not say it."""
        return self.live and "sandbox" not in self.base_url
