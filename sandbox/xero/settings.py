"""What a Xero sandbox is set to. What the fact sheet only recalls ([R]) or has second hand ([C2]) is a field here, or a
text in `texts.py`: a test or an owner who knows better changes it without touching code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

OPEN_SCOPES = frozenset({"offline_access", "openid", "profile", "email"})

_TRANSACTIONS = "accounting.transactions"

# Which scope opens which resource: the granular one of apps made since March 2026, and the broad one of older apps.
# [C2] for the list; [R] for credit notes, prepayments, overpayments and reports.
_SCOPES: Mapping[str, tuple[str, ...]] = {
    "Invoices": ("accounting.invoices", _TRANSACTIONS),
    "CreditNotes": ("accounting.invoices", _TRANSACTIONS),
    "Payments": ("accounting.payments", _TRANSACTIONS),
    "Prepayments": ("accounting.payments", _TRANSACTIONS),
    "Overpayments": ("accounting.payments", _TRANSACTIONS),
    "BankTransactions": ("accounting.banktransactions", _TRANSACTIONS),
    "ManualJournals": ("accounting.manualjournals", _TRANSACTIONS),
    "Contacts": ("accounting.contacts",),
    "Accounts": ("accounting.settings",),
    "TaxRates": ("accounting.settings",),
    "TrackingCategories": ("accounting.settings",),
    "Organisation": ("accounting.settings",),
    "Currencies": ("accounting.settings",),
    "Journals": ("accounting.journals",),
    "Reports": ("accounting.reports", "accounting.reports.trialbalance"),
}

_WRITE = {name for names in _SCOPES.values() for name in names} | {"accounting.attachments"}
ALL_SCOPES = frozenset(_WRITE | {f"{name}.read" for name in _WRITE}) | OPEN_SCOPES


@dataclass(slots=True)
class Settings:
    """Defaults are the fact sheet's. Times are in seconds."""

    country: str = "GB"  # of the first organisation: GB, AU, NZ or US
    seed: int = 0  # of ids, codes and tokens
    latency: float = 0.0  # how long every accounting call takes

    # Identity
    access_token_life: float = 1800  # [C2]
    refresh_token_life: float = 60 * 86_400  # unused [C2]
    refresh_grace: float = 1800  # in which a used refresh token works again [R]
    code_life: float = 300  # [R]
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(_SCOPES))

    # Limits, per organisation but for the app's own [C]
    concurrent: int = 5
    per_minute: int = 60
    per_day: int = 5000  # 1,000 for apps of the Starter tier [C2]
    app_per_minute: int = 10_000
    concurrent_retry_after: int = 1  # [R]
    # [R] the words of X-Rate-Limit-Problem
    problems: Mapping[str, str] = field(
        default_factory=lambda: {
            "minute": "minute", "day": "day", "app": "appminute", "concurrent": "concurrent",
        }
    )  # fmt: skip

    # Idempotency
    key_length: int = 128  # [C]
    key_life: float = 360  # from the first call [C2]
    cached_statuses: frozenset[int] = frozenset({200, 400, 500})  # [C2] for 500; [R] for 400
    key_store_down: bool = False  # every keyed write is answered 500 [C2]
    late_inside: bool = True  # a call that commits late has its key and its limits taken at once; else when it commits
    server_errors: tuple[int, ...] = (500, 502, 503, 504)  # answered in turn by the fault 5xx

    # Reads
    page_size: int = 100
    max_page_size: int = 1000
    max_rows: int = 100_000  # [C2]
    unpaged_summary: bool = True  # lists without `page` have no lines [R]
    search_lag: float = 30.0  # how far a lagging search is behind
    premium: bool = False  # /Journals is open [C2]

    # Documents
    tax_override: Decimal | None = Decimal("0.05")  # how far a line's TaxAmount may be off [R]; None: any
    bank_tax_override: Decimal | None = Decimal(0)  # on bank transactions none is accepted [C2 XeroAPI/xero-node#768]
    total_mismatch: str = "ignore"  # a Total that does not add up: `ignore` [C contract] or `refuse`
    unknown_tracking: str = "refuse"  # or `drop` [R; complaints of XeroAPI/xero-node#516 say drop]
    sales_needs_revenue_rate: bool = True  # on sales documents a rate must have CanApplyToRevenue [R]
    all_or_nothing: bool = True  # one bad element, without summarizeErrors=false: nothing is saved [R]
    voided_number_taken: bool = True  # [R]
    deleted_number_free: bool = True  # [R]
    lock_drafts: bool = False  # lock dates hold for drafts too [R]
    approvals_a_month: int | None = None  # 20 for the legacy Early plan [C2]
    currencies: tuple[str, ...] = ()  # beside the organisation's own
    max_tracking: int = 2  # active categories, and categories on a line [C]
    closed_system: frozenset[str] = frozenset(
        {"DEBTORS", "CREDITORS", "RETAINEDEARNINGS", "UNPAIDEXPCLM", "REALISEDCURRENCYGAIN", "UNREALISEDCURRENCYGAIN",
         "BANKCURRENCYGAIN"}
    )  # fmt: skip  # system accounts that no line may name [C2 for the first three; R the rest]
    journal_closed_types: frozenset[str] = frozenset({"BANK", "INVENTORY"})  # in manual journals [C2]
    texts: Mapping[str, str] = field(default_factory=dict)  # in place of those of texts.py
