"""The parts of `dealbooks.yaml` about what others tell us beside the sources: webhooks, payments,
signatures, bank statements."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from dealbooks.config_section import Currency, Section, shown

SchemeName = Literal[
    "standard", "signed", "hubspot", "salesforce", "odoo", "docusign", "adobe_sign", "dropbox_sign", "stripe",
    "gocardless",
]  # fmt: skip
# What a scheme cannot do without; every other needs `secrets`.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "hubspot": ("secrets", "url"),
    "salesforce": ("organization_id",),
    "adobe_sign": ("client_id",),
}
_IN_ADDRESS = ("salesforce", "adobe_sign", "odoo")
_ADDRESS_SECRET = re.compile(r"[A-Za-z0-9_-]{16,200}")
_LEAST_SECRET = 16


def _is_standard_secret(secret: str) -> bool:
    try:
        return len(base64.b64decode(secret.removeprefix("whsec_") + "==", validate=False)) >= _LEAST_SECRET
    except ValueError:
        return False


def _pattern(value: str) -> str:
    try:
        found = re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from error
    if found.groups > 1:
        raise ValueError(f"{value!r} has more than one group; only one can be the deal number")
    return value


class HookConfig(Section):
    """Who may tell the gateway about deals, at POST /hooks/NAME, and how that is proven."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    scheme: SchemeName = Field(
        description="How the sender signs: its own way; `standard` is Standard Webhooks, `signed` our timestamped HMAC."
    )
    source: str = Field("", description="The source whose deals it tells about; empty: any.")
    secrets: tuple[str, ...] = Field(
        (),
        repr=False,
        description="Secrets shared with the sender; any of them proves a call. To change one, add the new one, change "
        "it at the sender, then take the old one out. For salesforce, adobe_sign and odoo, which sign nothing, it "
        "stands at the end of the address: /hooks/NAME/SECRET.",
    )
    url: str = Field("", description="The public address that the sender calls. Needed by hubspot, which signs it.")
    organization_id: str = Field("", description="salesforce: the id of your organisation (00D...).")
    client_id: str = Field("", description="adobe_sign: your application's id, which is sent back with every answer.")
    account: str = Field(
        "",
        description="Only events of this account count: hubspot's portal, docusign's and stripe's account, the "
        "organisation of gocardless.",
    )
    live: bool = Field(
        True,
        description="false: it brings events of the sender's test mode, which count for no live book. Of stripe only "
        "events of that mode are taken.",
    )
    legacy: bool = Field(
        False, description="hubspot: also take signature v2, which proves no time, from workflows that send no v3."
    )
    reference: Annotated[str, AfterValidator(_pattern)] = Field(
        "",
        description="A regular expression that finds a deal number in the words of an event; its first group is the "
        "number, without a group the whole of it. Example: `(?:DEAL|INV)[- ]?([A-Z0-9-]{4,20})`.",
    )
    per_minute: int = Field(6000, ge=1, description="Calls a minute from one address; more are told to wait.")
    most_bytes: int = Field(0, ge=0, description="Largest body; 0: 1 MiB, and 10 MiB for adobe_sign.")

    @property
    def limit(self) -> int:
        """Largest body in bytes."""
        return self.most_bytes or (10 if self.scheme == "adobe_sign" else 1) * 1024 * 1024

    @model_validator(mode="after")
    def _can_be_proven(self) -> HookConfig:
        needed = _NEEDED.get(self.scheme, ("secrets",))
        for name in needed:
            if not getattr(self, name):
                raise ValueError(f"{name} is missing, which {self.scheme} needs")
        for secret in self.secrets:
            if not secret.strip() or (self.scheme in _IN_ADDRESS and not _ADDRESS_SECRET.fullmatch(secret)):
                raise ValueError(
                    "secrets: one is empty"
                    if not secret.strip()
                    else "secrets: one that stands in an address has 16 to 200 letters, digits, '-' or '_'"
                )
            if self.scheme == "standard" and not _is_standard_secret(secret):
                raise ValueError("secrets: one is not whsec_ and base64 of at least 16 bytes")
        return self


class EventsConfig(Section):
    """What becomes of events that webhooks brought."""

    store_numbers: bool = Field(
        True,
        description="true: each store numbers its deals by itself, so an event, or a row of money, that gives a number "
        "without its store is for a person where the number may be another store's. false: no two deals of the whole "
        "group have the same number, so a number is enough.",
    )
    keep_days: int = Field(90, ge=1, description="How long an event waits for its deal; then it is set aside.")
    suggest_days: int = Field(
        30, ge=1, description="How far a deal's date may be from a payment for `dealbooks events show` to suggest it."
    )


class PaymentsConfig(BaseModel):
    """Where payments are read that webhooks tell about. Settings beyond these are the platform's own
    (docs/payments.md)."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    platform: Literal["stripe", "gocardless"] = Field(description="Which payment provider.")
    block: str | None = Field(None, description="A Prefect block that holds the settings, as `kind/name`.")
    hook: str = Field(description="The webhook, under hooks:, whose events tell of these payments.")
    receipts: Literal["post", "match"] | None = Field(
        None,
        description="post: a payment is posted as a receipt; match: the bank feed or the provider's own app books it, "
        "and we only count it. By default as the deal's book has it.",
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return shown(self)

    @property
    def settings(self) -> dict[str, Any]:
        """The platform's own settings."""
        return dict(self.model_extra or {})


class SignaturesConfig(BaseModel):
    """Where contracts are read that webhooks tell are signed. Settings beyond these are the platform's own
    (docs/signatures.md)."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    platform: Literal["adobe_sign", "docusign", "dropbox_sign"] = Field(description="Which e-signature provider.")
    block: str | None = Field(None, description="A Prefect block that holds the settings, as `kind/name`.")
    hook: str = Field(description="The webhook, under hooks:, whose events tell that these contracts are signed.")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return shown(self)

    @property
    def settings(self) -> dict[str, Any]:
        """The platform's own settings."""
        return dict(self.model_extra or {})


class BankAccountConfig(Section):
    """An account at a bank, or at a payment provider, whose statements are imported."""

    book: str = Field(description="The book that it belongs to.")
    role: str = Field("cash.bank", description="The account role that it is kept on in the ledger.")
    currency: Currency | None = Field(None, description="Its currency, ISO 4217; by default the book's.")
    number: str = Field(
        "", description="IBAN or account number, or its end, as its files state it; a file of another is held."
    )
    layout: str = Field(
        "bank",
        description="Layout of its CSV files: a shipped name (bank, bank_us, stripe_payouts) or the path of your own.",
    )
    owned: bool = Field(
        False,
        description="true: it is used for deals only, so a line that nothing explains is an exception. Otherwise only "
        "lines that name a deal are, and the rest is totalled.",
    )
