"""The values of a reconciliation: what we expect, how it is judged, and what did not agree."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from dealbooks.entries import Entry
from dealbooks.ledger import Record
from dealbooks.money import MoneyError, amount_text, minor_unit
from dealbooks.reconcile.accounts import AccountMap


class Severity(StrEnum):
    """How bad an exception is; all but `low` hold a close until they are mended or accepted."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Worst first."""
        return list(Severity).index(self)


_S = Severity
# period-close.md section 3: the classes that two sides, entries and a ledger, can show.
SEVERITIES: Mapping[str, Severity] = {
    "missing_in_ledger": _S.HIGH,
    "missing_in_source": _S.HIGH,
    "amount_mismatch": _S.HIGH,
    "duplicate": _S.CRITICAL,
    "wrong_period": _S.MEDIUM,
    "wrong_location": _S.MEDIUM,
    "wrong_tax_code": _S.HIGH,
    "wrong_account": _S.MEDIUM,
    "edited_after_posting": _S.HIGH,
    "deleted_in_ledger": _S.CRITICAL,
    "voided_in_ledger": _S.CRITICAL,
    "reversed_without_repost": _S.HIGH,
    "unwind_incomplete": _S.HIGH,
    "sold_in_stock": _S.HIGH,
    "negative_stock": _S.HIGH,
    "customer_balance": _S.MEDIUM,
    "cit_unpaid": _S.MEDIUM,
    "cit_over": _S.MEDIUM,
    "payoff_late": _S.HIGH,
    "unexplained_ledger_entry": _S.MEDIUM,
    "unpaid": _S.HIGH,
    "overpaid": _S.MEDIUM,
    "cit_short": _S.MEDIUM,
    "unexplained_bank_line": _S.MEDIUM,
    "statement_missing": _S.MEDIUM,
    "fx_residual": _S.LOW,
    "deposit_held": _S.LOW,
    "intercompany_unmatched": _S.MEDIUM,
    "list_difference": _S.MEDIUM,
    "floorplan_unpaid": _S.HIGH,
}
# Open items: the two sides agree, but somebody still owes, or a rounding wants to be looked at. They are shown, and do
# not make the sides disagree.
OPEN_ITEMS = frozenset(
    {
        "customer_balance", "cit_unpaid", "cit_short", "cit_over", "payoff_late", "fx_residual", "floorplan_unpaid",
        "deposit_held",
    }
)  # fmt: skip
# Roles that only deals move: what somebody else books there is named, unless it explains itself. A book may name its
# own (`owned:`). A name that ends in `*` stands for all that begin so.
OWNED: tuple[str, ...] = (
    "sales.*", "cost_of_sales.*", "income.*", "inventory.new_vehicle", "inventory.used_vehicle", "receivable.customer",
    "receivable.contracts_in_transit", "receivable.finance_company", "receivable.finance_reserve",
    "receivable.manufacturer", "interbranch.clearing", "clearing.settlement", "payable.customer_deposits",
    "payable.trade_payoff", "payable.government_fees", "payable.fi_provider", "payable.lessor", "payable.commission",
    "payable.sales_tax", "liability.chargeback_reserve", "tax.output", "tax.margin", "tax.lct", "rounding.difference",
    "fx.rounding",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expected:
    """An entry that we expect in the ledger.

    `key` is the wire key of its posting (entries.id); `effect_keys` those of its write calls, for ledgers that show
    them; `refs` the ledger's own ids where they are known. `state` is `posted`, `planned` (on its way: its absence is
    no exception here) or `superseded` (must not be there). `seen`: it was read in the ledger once, and equalled ours.
    """

    key: str
    entry: Entry
    state: Literal["posted", "planned", "superseded"] = "posted"
    seen: bool = True
    deal_id: str = ""
    deal_number: str = ""
    version: int = 0
    vin: str = ""
    stock_no: str = ""
    effect_keys: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()

    @property
    def deal(self) -> str:
        """The deal as people call it."""
        return self.deal_number or self.deal_id


@dataclass(frozen=True, slots=True, order=True)
class Delta:
    """By how much the ledger is more (debit) than we expect on one account, in one currency."""

    account: str
    currency: str
    amount: Decimal

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return {
            "account": self.account, "currency": self.currency, "amount": money_text(self.amount, self.currency),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Move:
    """By how much the ledger is more (debit) than we expect for one car on one account. `typed`: by hand."""

    account: str
    stock_no: str
    currency: str
    amount: Decimal
    typed: bool = False


@dataclass(frozen=True, slots=True)
class ReconException:
    """One disagreement, of a named class.

    `ours` and `theirs` are the two sides in words; `difference` is the ledger's less ours, in `currency`; `deltas`
    say on which accounts. `id` stays the same from run to run, so that a person can accept it by its id; `name` is
    what it is known by where `subject` (an entry, a reference, a deal and a car) does not last. `cure` is the
    command or the act that mends it. `moves` and `sold` say what a document does to the open items of its cars, and how
    many sales it counts for them.
    """

    code: str
    severity: Severity
    what: str
    where: str
    ours: str
    theirs: str
    difference: Decimal
    currency: str
    cause: str
    cure: str
    subject: str
    deal: str = ""
    stock_nos: tuple[str, ...] = ()
    deltas: tuple[Delta, ...] = ()
    moves: tuple[Move, ...] = ()
    sold: tuple[tuple[str, int], ...] = ()
    name: str = ""

    @property
    def id(self) -> str:
        """Ten characters that name this exception, in this and in every later run."""
        return exception_id(self.code, self.name or self.subject)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "id": self.id, "code": self.code, "severity": self.severity.value, "deal": self.deal, "where": self.where,
            "what": self.what, "ours": self.ours, "theirs": self.theirs, "currency": self.currency,
            "difference": money_text(self.difference, self.currency), "cause": self.cause, "cure": self.cure,
            "accounts": [delta.as_json() for delta in self.deltas],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry that is not in the ledger under its key, and a record typed by hand that looks like it. Never clears
    anything: a person decides."""

    key: str
    ref: str
    reason: str

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return {"key": self.key, "ref": self.ref, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class MatchPolicy:
    """How to match one period of one book: its first and last day, its base currency, its accounts, and how locations
    are called in the ledger (code -> dimension). `carried` names the dimensions that the ledger keeps; None: those that
    any of its records shows. `owned` are the roles that only deals move. `lasting`: the ledger's references of what
    somebody typed stay the same."""

    first: date
    last: date
    currency: str
    accounts: AccountMap = field(default_factory=AccountMap)
    locations: Mapping[str, str] = field(default_factory=dict)
    carried: frozenset[str] | None = None
    owned: tuple[str, ...] = OWNED
    lasting: bool = True

    def owns(self, role: str) -> bool:
        """Whether only deals move the account of a role."""
        return any(role.startswith(one[:-1]) if one.endswith("*") else role == one for one in self.owned)


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What agreed and what did not, in a stable order. `others` are records typed by hand that explain themselves
    (opening balances, banking, cars bought, what clears an open item, what lies on no account of ours), with the kind;
    they are shown, and are no exceptions. `explained` says of some of them, by reference, what they clear; `unnamed` is
    what they move on open items (role, car, currency) by lines that name no car themselves.
    `waiting` are entries on their way; `absent` those that should be there and are not, each named by an exception."""

    matched: tuple[tuple[Expected, tuple[Record, ...]], ...]
    exceptions: tuple[ReconException, ...]
    suggestions: tuple[Suggestion, ...]
    others: tuple[tuple[str, Record], ...]
    waiting: tuple[Expected, ...]
    absent: tuple[Expected, ...] = ()
    explained: Mapping[str, str] = field(default_factory=dict)
    unnamed: tuple[tuple[tuple[str, str, str], Decimal], ...] = ()


def exception_id(code: str, subject: str) -> str:
    """A short, stable name for an exception of a class about one thing."""
    return hashlib.sha256(json.dumps([code, subject]).encode()).hexdigest()[:10]


def sorted_exceptions(found: Iterable[ReconException]) -> tuple[ReconException, ...]:
    """Worst first, then by class and deal: the same exceptions always come in the same order."""
    return tuple(sorted(found, key=lambda item: (item.severity.rank, item.code, item.where, item.subject)))


def money_text(amount: Decimal, currency: str) -> str:
    """An amount in its currency's decimals; one with more (typed by hand) keeps them, rather than losing a fraction;
    so does one of what is no currency (a Beancount file may hold hours, or points)."""
    with suppress(MoneyError):
        if amount == amount.quantize(minor_unit(currency)):
            return amount_text(amount, currency)
    return format(amount.normalize(), "f")
