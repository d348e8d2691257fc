"""The months that a report or a return covers: one month, a quarter, a year, or any run of months."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from dealbooks.errors import UsageError
from dealbooks.periods import Period

_QUARTER = re.compile(r"([0-9]{4})-[Qq]([1-4])")
_YEAR = re.compile(r"[0-9]{4}")
_LONGEST = 24


@dataclass(frozen=True, slots=True)
class Span:
    """A run of whole calendar months, written as a person wrote it."""

    label: str
    start: Period
    end: Period

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read 2026-09, 2026-Q3 (a calendar quarter), 2026, or 2026-02..2026-04 (months, both included: a VAT quarter
        need not be a calendar quarter).

        Raises:
            UsageError: for anything else, and for a run that goes backwards or is longer than two years.
        """
        label = text.strip()
        quarter = _QUARTER.fullmatch(label)
        if quarter is not None:
            first = int(quarter[2]) * 3 - 2
            return cls(label.upper(), _month(text, quarter[1], first), _month(text, quarter[1], first + 2))
        if _YEAR.fullmatch(label):
            return cls(label, _month(text, label, 1), _month(text, label, 12))
        if ".." not in label:
            month = _read(text, label)
            return cls(str(month), month, month)
        left, right = label.split("..", 1)
        start, end = _read(text, left), _read(text, right)
        months = (end.year - start.year) * 12 + end.month - start.month + 1
        if not 1 <= months <= _LONGEST:
            raise UsageError(
                f"“{text}” runs over {months} months." if months > 0 else f"“{text}” ends before it begins.",
                fix=f"Name the first month, then the last, at most {_LONGEST} months: 2026-02..2026-04.",
            )
        return cls(f"{start}..{end}", start, end)

    @property
    def first(self) -> date:
        """Its first day."""
        return self.start.first

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end.last

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return self.label


def _month(text: str, year: str, month: int) -> Period:
    return _read(text, f"{year}-{month:02d}")


def _read(text: str, month: str) -> Period:
    try:
        return Period.parse(month)
    except UsageError as error:
        raise UsageError(
            f"“{text}” is not a period.",
            fix="Write a month (2026-09), a quarter (2026-Q3), a year (2026) or a run of months (2026-02..2026-04).",
        ) from error
