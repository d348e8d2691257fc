"""Cells of a spreadsheet as values of a deal: exact amounts, days, text that is text. Pure.

Numbers come as Google writes a double, read as Decimal with the digits that it wrote; dates as days since 30 December
1899, with the time of day as a fraction, in the spreadsheet's own time zone (Sheets API, DateTimeRenderOption).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from blocks.sources.api.sales import day_of
from blocks.sources.api.trees import number_text
from blocks.sources.google_sheets.settings import GoogleSheetsSettings
from dealbooks.money import MoneyError, exact, minor_digits, round_exact

_EPOCH = date(1899, 12, 30)
_FIRST, _LAST = date(1980, 1, 1), date(2100, 1, 1)  # a number outside of these days is no date of a deal
_ERRORS = frozenset(("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#ERROR!", "Loading..."))
_NOISE = Decimal("0.000001")  # a double is exact to 15 digits: what is nearer to a whole cent than this is one
_LARGEST = Decimal(10) ** 15
_GROUP = -3  # 1.234 as text: in many a locale the point stands between thousands
_PLACES = 6  # of a number that is no amount
_SHOWN = 24
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")


class BadCell(ValueError):
    """What stands in a cell cannot be used; the text says what it is."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How cells are read: in the time zone and locale of the spreadsheet."""

    settings: GoogleSheetsSettings
    zone: str
    locale: str

    def value(self, column: str, cell: Any, digits: int | None) -> str | bool | None:
        """The value of a cell of a column; `digits` is how many decimals its currency has. None: it is empty.

        Raises:
            BadCell: it cannot be used.
        """
        if isinstance(cell, str):
            cell = " ".join(cell.split()) if column != "notes" else cell.strip()
        if cell is None or cell == "":
            return None
        if is_error(cell):
            raise BadCell(f"shows {cell}")
        kind = self.settings.kind(column)
        if kind == "amount":
            return self._amount(cell, digits)
        if kind == "date":
            return self._day(cell)
        if kind == "flag":
            return cell if isinstance(cell, bool) else str(cell)
        return _text(cell, whole=kind == "whole")

    def number(self, cell: Any) -> Decimal | None:
        """A number that is no amount, such as a quantity. Raises BadCell."""
        if cell is None or cell == "":
            return None
        if is_error(cell):
            raise BadCell(f"shows {cell}")
        return round_exact(self._number(cell), _PLACES)

    def _amount(self, cell: Any, digits: int | None) -> str:
        number = self._number(cell)
        if digits is None:
            return number_text(number)
        rounded = round_exact(number, digits)
        if self.settings.extra_decimals == "refuse" and abs(number - rounded) > _NOISE:
            raise BadCell(f"holds {_shown(number)}: more than {digits} decimals")
        return number_text(rounded)

    def _number(self, cell: Any) -> Decimal:
        if isinstance(cell, bool):
            raise BadCell("holds a tick box, not a number")
        if isinstance(cell, int | Decimal):
            number = Decimal(cell)
            if not number.is_finite() or abs(number) >= _LARGEST:
                raise BadCell("holds a number that is too large")
            return number
        try:
            number = exact(str(cell))
        except MoneyError:
            raise BadCell(f"holds text, not a number: {_shown(cell)} ({self.locale})") from None
        if number.as_tuple().exponent == _GROUP and not self.locale.startswith("en"):
            raise BadCell(f"holds text that may be thousands, or decimals: {_shown(cell)} ({self.locale})")
        return number

    def _day(self, cell: Any) -> str:
        if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
            day = serial_day(Decimal(cell))
            if day is None:
                raise BadCell(f"holds the number {_shown(cell)}, not a date")
            return day.isoformat()
        text = str(cell)
        if _DAY.fullmatch(text):
            try:
                return str(day_of(text, self.zone))
            except ValueError:
                raise BadCell(f"holds no date: {_shown(text)}") from None
        raise BadCell(f"holds text, not a date: {_shown(text)} ({self.locale})")


def is_error(cell: Any) -> bool:
    """Whether a formula has failed, or has not ended."""
    return isinstance(cell, str) and cell.strip() in _ERRORS


def serial_day(number: Decimal) -> date | None:
    """The day of a serial number; a time of day is left off. None: it is no day on which a deal is made."""
    if not number.is_finite() or not 0 <= number < 1_000_000:
        return None
    day = _EPOCH + timedelta(days=int(number.to_integral_value(ROUND_FLOOR)))
    return day if _FIRST <= day < _LAST else None


def digits_of(currency: object) -> int | None:
    """How many decimals a currency has; None: it is none that there is."""
    try:
        return minor_digits(str(currency or ""))
    except MoneyError:
        return None


def _text(cell: Any, *, whole: bool) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, str):
        return cell
    number = Decimal(cell)
    if whole and number.is_finite() and number == number.to_integral_value() and abs(number) < _LARGEST:
        return str(int(number))
    raise BadCell(f"holds a number, not text: {_shown(cell)}")


def _shown(value: Any) -> str:
    text = number_text(Decimal(value)) if isinstance(value, int | Decimal) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
