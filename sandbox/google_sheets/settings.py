"""What a Google Sheets sandbox is set to. What the fact sheet only recalls ([R]) is a field here: a test or an owner
who knows better changes it without touching code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Settings:
    """Defaults are the fact sheet's. Times are in seconds."""

    seed: int = 0
    spreadsheet: str = "1NorthgateDealsSandbox0000000000000000000000"
    title: str = "Northgate deals"
    timezone: str = "Europe/London"
    locale: str = "en_GB"
    client_email: str = "ledger-sync@northgate.iam.gserviceaccount.example"
    public_key: str = ""  # PEM of the service account's key
    audience: str = "https://oauth2.googleapis.com/token"
    assertion_life: float = 3600  # [R]
    skew: float = 300  # how far a clock may be wrong [R]
    token_life: int = 3599  # [R]
    shared: Mapping[str, str] = field(
        default_factory=lambda: {"ledger-sync@northgate.iam.gserviceaccount.example": "writer"}
    )  # e-mail -> reader or writer
    drive: bool = True  # the Drive API is enabled in the project
    reads_per_minute: int = 60  # of a user [C]
    writes_per_minute: int = 60  # of a user [C]
    rows: int = 1000  # of a new tab
    columns: int = 26
    server_errors: tuple[int, ...] = (500, 503)
