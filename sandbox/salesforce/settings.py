"""What a Salesforce sandbox is set to. What the fact sheet only recalls ([R]) is a field here: a test or an owner who
knows better changes it without touching code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Settings:
    """Defaults are the fact sheet's. Times are in seconds."""

    seed: int = 0
    organization: str = "00D5e000000AbCdEAK"
    domain: str = "https://northgate-motors.my.salesforce.com"  # what `instance_url` says
    audiences: tuple[str, ...] = ("https://login.salesforce.com", "https://northgate-motors.my.salesforce.com")
    username: str = "ledger.sync@northgate.example"
    client_id: str = "sandbox-consumer-key"
    client_secret: str = "sandbox-consumer-secret"
    public_key: str = ""  # PEM of the certificate's key, for the JWT bearer flow
    client_credentials: bool = True  # the app has the flow enabled and a user to run as
    assertion_life: float = 180  # [C] about three minutes
    token_life: float = 7200  # of a session [R]

    versions: tuple[str, ...] = tuple(f"{number}.0" for number in range(45, 68))
    calls_per_day: int = 15_000  # of a Developer org [R]
    batch: int = 2000  # rows an answer
    nested_batch: int = 2000  # rows of an answer to a question with questions inside
    lines_at_once: int = 200  # rows of a question inside another [R]
    locator_life: float = 2 * 86_400  # [R]
    locators: int = 10  # open at a time, of a user [R]
    recycle_bin: float = 15 * 86_400  # [C]
    longest_query: int = 100_000  # characters [C]
    longest_address: int = 16_000  # [C]

    multi_currency: bool = True  # CurrencyIsoCode is there
    person_accounts: bool = True  # IsPersonAccount is there
    country_codes: bool = False  # BillingCountryCode is there
    # Stage -> (closed, won)
    stages: Mapping[str, tuple[bool, bool]] = field(
        default_factory=lambda: {
            "Prospecting": (False, False), "Negotiation": (False, False), "Closed Won": (True, True),
            "Delivered": (True, True), "Closed Lost": (True, False),
        }
    )  # fmt: skip
    custom_fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # object -> field -> type
    hidden: frozenset[str] = frozenset()  # Object.Field that field-level security hides from our user
    server_errors: tuple[tuple[int, str], ...] = ((500, "UNKNOWN_EXCEPTION"), (503, "SERVER_UNAVAILABLE"))
