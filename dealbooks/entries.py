"""Double-entry journal entries on account roles: what we expect to stand in a ledger.

Values only. An entry is in one currency; a line's amount is signed, debit positive. In a foreign-currency entry
each line also has its amount in the book's base currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from dealbooks.money import Money, amount_text


@lru_cache(maxsize=256)
def _nothing(currency: str) -> str:
    return amount_text(Decimal(0), currency)


_NO_DIMENSIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, init=False)
class Line:
    """One line of an entry: `amount` is positive for a debit, negative for a credit."""

    part: str
    role: str
    amount: Money
    tax_code: str | None
    dimensions: Mapping[str, str]
    base: Money | None

    def __init__(
        self,
        part: str,
        role: str,
        amount: Money,
        tax_code: str | None = None,
        dimensions: Mapping[str, str] = _NO_DIMENSIONS,
        base: Money | None = None,
    ) -> None:
        _set_part(self, part)
        _set_role(self, role)
        _set_amount(self, amount)
        _set_tax_code(self, tax_code)
        _set_dimensions(self, dimensions)
        _set_base(self, base)

    @property
    def debit(self) -> Decimal:
        """The debit side, zero for a credit line."""
        return max(self.amount.amount, Decimal(0))

    @property
    def credit(self) -> Decimal:
        """The credit side, zero for a debit line."""
        return max(-self.amount.amount, Decimal(0))

    def mirrored(self) -> Line:
        """The same line on the other side."""
        return Line(
            self.part,
            self.role,
            -self.amount,
            self.tax_code,
            self.dimensions,
            None if self.base is None else -self.base,
        )

    def as_json(self) -> dict[str, Any]:
        """The form of a golden case's line (posting-rules.md section 9)."""
        amount, currency = self.amount.amount, self.amount.currency
        debit = credit = _nothing(currency)
        if amount > 0:
            debit = amount_text(amount, currency)
        elif amount:
            credit = amount_text(-amount, currency)
        data: dict[str, Any] = {
            "part": self.part,
            "account_role": self.role,
            "debit": debit,
            "credit": credit,
            "tax_code": self.tax_code,
            "dimensions": dict(self.dimensions),
        }
        if self.base is not None:
            zero = Decimal(0)
            data["base_debit"] = amount_text(max(self.base.amount, zero), self.base.currency)
            data["base_credit"] = amount_text(max(-self.base.amount, zero), self.base.currency)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any], currency: str, base_currency: str | None) -> Line:
        """Read what `as_json` wrote."""
        base = None
        if base_currency is not None and "base_debit" in data:
            base = Money(Decimal(data["base_debit"]) - Decimal(data["base_credit"]), base_currency)
        return cls(
            data["part"],
            data["account_role"],
            Money(Decimal(data["debit"]) - Decimal(data["credit"]), currency),
            data["tax_code"],
            data["dimensions"],
            base,
        )


# How a frozen value is filled, once and at its making; by the field itself, which is quicker than by its name.
_set_part, _set_role, _set_amount, _set_tax_code, _set_dimensions, _set_base = (
    Line.__dict__[name].__set__ for name in Line.__match_args__
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A balanced journal entry.

    `entry_id` is unique within the deal and its legal entity (`sale-v1`, `receipt-P1`); `event` is the business event
    (posting-rules.md section 1); `original_date` is set when a closed period moved the accounting date.
    """

    entry_id: str
    event: str
    accounting_date: date
    legal_entity: str
    currency: str
    lines: tuple[Line, ...]
    reverses: str | None = None
    base_currency: str | None = None
    fx_rate: Decimal | None = None
    original_date: date | None = None
    note: str = ""

    @property
    def total_debit(self) -> Decimal:
        """Sum of the debit lines, in the entry's currency."""
        return sum((amount for line in self.lines if (amount := line.amount.amount) >= 0), Decimal(0))

    @property
    def total_credit(self) -> Decimal:
        """Sum of the credit lines, in the entry's currency."""
        return sum((-amount for line in self.lines if (amount := line.amount.amount) <= 0), Decimal(0))

    def as_json(self) -> dict[str, Any]:
        """The form of a golden case's entry (posting-rules.md section 9)."""
        data: dict[str, Any] = {
            "entry_id": self.entry_id,
            "event": self.event,
            "accounting_date": self.accounting_date.isoformat(),
            "legal_entity": self.legal_entity,
            "currency": self.currency,
        }
        if self.reverses is not None:
            data["reverses"] = self.reverses
        data["lines"] = [line.as_json() for line in self.lines]
        data["total_debit"] = amount_text(self.total_debit, self.currency)
        data["total_credit"] = amount_text(self.total_credit, self.currency)
        if self.base_currency is not None:
            data["base_currency"] = self.base_currency
            data["fx_rate"] = format(self.fx_rate or Decimal(1), "f")
            base = sum((max(line.base.amount, Decimal(0)) for line in self.lines if line.base is not None), Decimal(0))
            data["base_total"] = amount_text(base, self.base_currency)
        if self.original_date is not None:
            data["original_date"] = self.original_date.isoformat()
        if self.note:
            data["note"] = self.note
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Entry:
        """Read what `as_json` wrote."""
        base_currency = data.get("base_currency")
        return cls(
            entry_id=data["entry_id"],
            event=data["event"],
            accounting_date=date.fromisoformat(data["accounting_date"]),
            legal_entity=data["legal_entity"],
            currency=data["currency"],
            lines=tuple(Line.from_json(line, data["currency"], base_currency) for line in data["lines"]),
            reverses=data.get("reverses"),
            base_currency=base_currency,
            fx_rate=Decimal(data["fx_rate"]) if "fx_rate" in data else None,
            original_date=date.fromisoformat(data["original_date"]) if "original_date" in data else None,
            note=data.get("note", ""),
        )
