"""What stands in dealbooks.yaml for contracts of an Adobe Acrobat Sign account, or in its Prefect block."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class AdobeSignSettings(BaseModel):
    """The settings of contracts at Adobe Acrobat Sign."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    token: SecretStr = Field(
        SecretStr(""),
        description="Integration key with the scope agreement_read, made by the user who sends the contracts; with"
        " agreement_read:account, by an administrator, for those of all users.",
    )
    base_url: str = Field(
        "https://api.na1.adobesign.com",
        description="Address of the API where your account is kept: na1, na2, na3, na4, eu1, eu2, au1, jp1 or in1, as"
        " in the address of your browser; dealbooks doctor says which it is.",
    )
    calls_per_minute: int = Field(60, ge=1, description="Calls in a minute; what Adobe allows depends on your plan.")
    timeout: float = Field(30.0, gt=0, description="Seconds to wait for an answer.")
