"""What differs between servers: the version's traits, and how this one is set up.

Every trait that is not confirmed by a recording or by the vendor's source is marked [recalled]; a test replaces it
with `Settings(traits=replace(traits_of(18), ...))`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

VERSIONS = (16, 17, 18, 19)


@dataclass(frozen=True, slots=True)
class Traits:
    """How one version behaves."""

    version: int
    json2: bool  # /json/2 since 19 [confirmed]
    web_version: bool  # GET /web/version; 19 confirmed, earlier ones [recalled]
    draft_name: str | bool  # a draft without a number: "/" up to 16 [recalled], empty since 17; 19 confirmed
    archived_accounts: str  # `deprecated` up to 18 [recalled], `active` in 19 [confirmed]
    account_companies: bool  # account.account.company_ids (19 confirmed, 18 [recalled]) or company_id
    tax_override: bool  # price_include_override (19 confirmed, 18 [recalled]) or price_include
    payment_memo: str  # `memo` (19 confirmed, 18 [recalled]) or `ref`
    payment_states: tuple[str, str, str]  # draft, done, cancelled: `in_process` since 18 [recalled for 18]
    order_taxes: str  # sale.order.line: `tax_ids` in 19 [confirmed], `tax_id` before [recalled]
    order_states: tuple[str, ...]  # `done` up to 16 [recalled]
    lock_dates: tuple[str, ...]  # 19 confirmed; sale, purchase and hard ones since 18 [recalled]
    refund_method: bool  # the reversal wizard asks for the method up to 16 [recalled]
    rpc_error_code: int  # `error.code` of JSON-RPC: 200 up to 18, 0 in 19 [recalled]
    formatted_groups: bool  # formatted_read_group, 19 [recalled]
    account_code_shown: bool  # an account's code before its name: not in 19 [confirmed], up to 18 [recalled]


@functools.cache
def traits_of(version: int) -> Traits:
    """The traits of one major version, 16 to 19.

    Raises:
        ValueError: another version.
    """
    if version not in VERSIONS:
        raise ValueError(f"the sandbox knows the versions {VERSIONS}, not {version}")
    locks = ("fiscalyear_lock_date", "tax_lock_date")
    modern = version >= 18
    return Traits(
        version=version,
        json2=version >= 19,
        web_version=version >= 17,
        draft_name="/" if version <= 16 else False,
        archived_accounts="active" if version >= 19 else "deprecated",
        account_companies=modern,
        tax_override=modern,
        payment_memo="memo" if modern else "ref",
        payment_states=("draft", "in_process", "canceled") if modern else ("draft", "posted", "cancel"),
        order_taxes="tax_ids" if version >= 19 else "tax_id",
        order_states=("draft", "sent", "sale", "done", "cancel")
        if version <= 16
        else ("draft", "sent", "sale", "cancel"),
        lock_dates=(*locks, "sale_lock_date", "purchase_lock_date", "hard_lock_date")
        if modern
        else (*locks, "period_lock_date"),
        refund_method=version <= 16,
        rpc_error_code=0 if version >= 19 else 200,
        formatted_groups=version >= 19,
        account_code_shown=version <= 18,
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server is set up. `custom_fields` says which x_ fields were made on a model, in the words of `schema`."""

    version: int = 19
    traits: Traits | None = None
    database: str = "books"
    login: str = "admin"
    password: str = "admin"
    currency: str = "GBP"
    rounding: str = "round_per_line"  # or round_globally
    edition: str = "community"  # an invoice that is paid but not seen at the bank is `paid` here, else `in_payment`
    outstanding_accounts: bool = True  # without them a payment since 18 makes no entry [recalled]
    per_second: int = 0  # calls a second that are let through; Odoo Online asks for one [recalled]; 0: no limit
    copies_custom_fields: bool = True  # a reversal has the original's custom fields too [recalled]
    xmlrpc_null_fault: bool = True  # a method that returns nothing is a Fault after it has been done [confirmed]
    custom_fields: Mapping[str, str] = field(
        default_factory=lambda: {
            "account.move": "x_deal_key:char x_vin:char",
            "account.payment": "x_deal_key:char",
        }
    )

    @property
    def of_version(self) -> Traits:
        """The traits in force."""
        return self.traits or traits_of(self.version)
