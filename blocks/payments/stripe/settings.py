"""What stands in dealbooks.yaml for payments of a Stripe account, or in its Prefect block."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class StripeSettings(BaseModel):
    """The settings of payments at Stripe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr = Field(
        SecretStr(""), description="Restricted key (rk_...) that may read payment intents, charges and checkouts."
    )
    account: str = Field("", description="Connected account (acct_...) that the payments are of, if any.")
    base_url: str = Field("https://api.stripe.com", description="Address of the API.")
    version: str = Field("2024-06-20", description="Version of the API that is asked for [recalled].")
    calls_per_second: int = Field(20, ge=1, description="Calls in a second; Stripe allows 100, and 25 in test mode.")
    timeout: float = Field(30.0, gt=0, description="Seconds to wait for an answer.")
