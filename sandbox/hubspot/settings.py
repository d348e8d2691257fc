"""What a HubSpot sandbox is set to. What the fact sheet only recalls ([R]) is a field here: a test or an owner who
knows better changes it without touching code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ALL_SCOPES = frozenset(
    ("oauth", "crm.objects.deals.read", "crm.objects.deals.write", "crm.objects.line_items.read",
     "crm.objects.contacts.read", "crm.objects.companies.read", "crm.schemas.deals.read", "crm.schemas.line_items.read")
)  # fmt: skip


@dataclass(slots=True)
class Settings:
    """Defaults are the fact sheet's. Times are in seconds."""

    seed: int = 0
    portal: int = 4242
    timezone: str = "Europe/London"
    private_token: str = "pat-eu1-0f5c2d1e-sandbox-0000-4b1d"
    scopes: frozenset[str] = ALL_SCOPES  # of the private app
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"
    access_life: float = 1800  # [R]

    per_ten_seconds: int = 190  # [C] Professional
    per_day: int = 650_000  # [C]
    searches_per_second: int = 5  # [C]
    index_lag: float = 5.0  # how far searches are behind what is written
    association_lag: float = 0.0  # how far reads of associations are behind [C: by seconds]
    searched: int = 10_000  # results that one search can be paged through [C]
    search_page: int = 200  # [C]
    longest_search: int = 3000  # characters of a search [C]
    groups: int = 5  # filter groups [C]
    filters: int = 6  # in one group [C]
    filters_in_all: int = 18  # [C]
    page: int = 100  # of a list, and of a batch [C]
    association_inputs: int = 1000  # [R]
    association_page: int = 500  # [R]
    recycle_bin: float = 90 * 86_400  # [R]
    merged_answer: bool = True  # an id that was merged away answers with the survivor
    # Pipeline id -> (name, {stage id: (name, closed, won)})
    pipelines: Mapping[str, tuple[str, Mapping[str, tuple[str, bool, bool]]]] = field(
        default_factory=lambda: {
            "default": ("Sales", {
                "presentationscheduled": ("Test drive", False, False), "closedwon": ("Closed won", True, True),
                "closedlost": ("Closed lost", True, False),
            }),
            "7001": ("Service", {"900001": ("Booked", False, False), "900002": ("Done", True, True)}),
        }
    )  # fmt: skip
    custom_properties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # object -> name -> type
    server_errors: tuple[int, ...] = (500, 502, 503, 504)
