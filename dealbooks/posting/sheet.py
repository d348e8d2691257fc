"""The sheet on which an entry is written: signed amounts by part and role, merged as the rules ask.

Lines of one part that share role, tax code and dimensions are one line, debit less credit; a line that comes to
nothing is not written (posting-rules.md section 1, invariant 7, and section 2).
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from dealbooks.book import Locks
from dealbooks.deal import Deal
from dealbooks.entries import Entry, Line
from dealbooks.money import Money, minor_unit
from dealbooks.posting.arithmetic import ZERO

# Dimensions beside location and department, as sorted pairs.
Dims = tuple[tuple[str, str], ...]
# Part, role, tax code, location and dimensions: lines that share them are one.
_Key = tuple[str, str, str | None, str, Dims]


class Sheet:
    """One entry in the making. Amounts are debit-positive, in the sheet's currency."""

    __slots__ = ("_rows", "currency", "department", "location")

    def __init__(self, currency: str, location: str, department: str) -> None:
        self.currency = currency
        self.location = location
        self.department = department
        self._rows: dict[_Key, Decimal] = {}

    def __bool__(self) -> bool:
        return any(self._rows.values())

    def debit(
        self, part: str, role: str, amount: Decimal, dims: Dims = (), code: str | None = None, at: str | None = None
    ) -> None:
        """Write a debit; a negative one comes out as a credit."""
        if amount:
            self._add((part, role, code, at or self.location, dims), amount)

    def credit(
        self, part: str, role: str, amount: Decimal, dims: Dims = (), code: str | None = None, at: str | None = None
    ) -> None:
        """Write a credit; a negative one comes out as a debit."""
        if amount:
            self._add((part, role, code, at or self.location, dims), -amount)

    def _add(self, key: _Key, amount: Decimal) -> None:
        rows = self._rows
        before = len(rows)
        was = rows.setdefault(key, amount)
        if len(rows) == before:
            rows[key] = was + amount

    def lines(self) -> tuple[Line, ...]:
        """The merged lines, in the order in which they were first written."""
        currency, department, unit = self.currency, self.department, minor_unit(self.currency)
        lines: list[Line] = []
        for (part, role, code, place, dims), amount in self._rows.items():
            if amount:
                account = {"location": place, "department": department}
                account.update(dims)
                exact = amount.same_quantum(unit)
                money = Money.at_unit(amount, currency) if exact else Money(amount, currency)
                lines.append(Line(part, role, money, code, account))
        return tuple(lines)

    def lines_in_base(self, rate: Decimal, base_currency: str) -> tuple[Line, ...]:
        """The lines with base amounts, each rounded half up; what that leaves over is one fx.rounding line (G24)."""
        unit = minor_unit(base_currency)
        lines: list[Line] = []
        left = ZERO
        for line in self.lines():
            base = (line.amount.amount * rate).quantize(unit, ROUND_HALF_UP)
            left -= base
            lines.append(
                Line(line.part, line.role, line.amount, line.tax_code, line.dimensions, Money(base, base_currency))
            )
        if left:
            lines.append(self.base_only("invoice", "fx.rounding", Money(left, base_currency)))
        return tuple(lines)

    def base_only(self, part: str, role: str, base: Money) -> Line:
        """A line that has an amount in base currency only: an exchange difference."""
        here = {"location": self.location, "department": self.department}
        return Line(part, role, Money.zero(self.currency), None, here, base)


class Dated(NamedTuple):
    """The date on which an entry is booked: its own, or the first open day when its own period is closed."""

    booked: date
    original: date | None = None
    note: str = ""


def open_day(day: date, locks: Locks) -> Dated:
    """Closed is closed: a date in a closed period moves to the first open day, with a note (period-close.md PC-3)."""
    closed = locks.closed_through
    if closed is None or day > closed:
        return Dated(day)
    first = date.fromordinal(closed.toordinal() + 1)
    return Dated(
        first,
        day,
        f"Dated {first.isoformat()} instead of {day.isoformat()}: the books are closed through {closed.isoformat()}.",
    )


def entry(
    deal: Deal,
    entry_id: str,
    event: str,
    day: Dated,
    lines: tuple[Line, ...],
    *,
    currency: str | None = None,
    fx_rate: Decimal | None = None,
    legal_entity: str | None = None,
    note: str = "",
) -> Entry:
    """An entry of a deal; with `fx_rate` its lines have base amounts in the deal's base currency."""
    booked, original, moved = day
    return Entry(
        entry_id,
        event,
        booked,
        legal_entity or deal.legal_entity,
        currency or deal.currency,
        lines,
        None,
        None if fx_rate is None else deal.base_currency,
        fx_rate,
        original,
        f"{moved} {note}" if moved and note else moved or note,
    )
