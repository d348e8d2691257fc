"""The values of a bank matching: what we have booked as money, the windows it is looked for in, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from dealbooks.bank.model import ZERO, BankLine

Kind = Literal["receipt", "refund", "funding", "reserve", "payoff", "payout"]
LENDER: tuple[Kind, ...] = ("funding", "reserve")  # money of a finance company


@dataclass(frozen=True, slots=True)
class BankPolicy:
    """Windows of the matching (period-close.md R4, R5). `days` are business days between booking and bank; a named
    line may be `early` calendar days before and `late` after. `transit`: after so many business days money that is
    not at the bank is named. `short` is up to what a lender may pay less without an exception. Subsets are searched
    among at most `most` lines or items. `fee` is up to which share a card batch may be short for a suggestion."""

    days: int = 3
    early: int = 10
    late: int = 45
    transit: int = 4
    short: Decimal = Decimal("1.00")
    most: int = 10
    fee: Decimal = Decimal("0.04")


@dataclass(frozen=True, slots=True)
class BankItem:
    """Money that we have booked. `amount` is positive for money in. `names` are references of its own, `shared` those
    of its deal (number, stock number, VIN), `parties` who pays or is paid. `elsewhere`: the account that it is not
    on (a payout leaves it)."""

    key: str
    kind: Kind
    deal_id: str
    deal: str
    date: date
    amount: Decimal
    currency: str
    names: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    stock_no: str = ""
    method: str = ""
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class BankMatch:
    """Items and lines that are the same money. `fee` was kept back by the provider; `difference` is the bank's less
    ours, zero unless the tier is `difference`."""

    tier: str
    items: tuple[str, ...]
    lines: tuple[str, ...]
    reason: str
    fee: Decimal = ZERO
    difference: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class BankSuggestion:
    """Items and lines of equal amount that may be the same money. `surplus` is by how many there are more lines."""

    items: tuple[str, ...]
    lines: tuple[str, ...]
    reason: str
    surplus: int = 0


@dataclass(frozen=True, slots=True)
class BankResult:
    """`undecided` are those of which the number of lines and items says that the money is there, or how much of it is;
    `hints` are other likenesses. `named`: line -> ids of the deals that it names."""

    matches: tuple[BankMatch, ...]
    differences: tuple[BankMatch, ...]
    undecided: tuple[BankSuggestion, ...]
    hints: tuple[BankSuggestion, ...]
    items: tuple[BankItem, ...]
    lines: tuple[BankLine, ...]
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)
    amounts: Mapping[str, tuple[Decimal, str]] = field(default_factory=dict)  # of all lines: amount and currency


def business_day(day: date) -> int:
    """The number of a business day; Saturday and Sunday count as the Friday before."""
    weeks, weekday = divmod(day.toordinal() - 1, 7)
    return weeks * 5 + min(weekday, 4)
