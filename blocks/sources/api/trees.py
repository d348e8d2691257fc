"""Values of an answer as the tree of a deal holds them: plain JSON without floats. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from blocks.sources.api.window import utc_text


def plain(value: Any) -> Any:
    """The value as plain JSON. Numbers with a point, read as Decimal, become text, and so do dates; equal amounts are
    equal texts, however many zeros an answer writes.

    Raises:
        TypeError: a float, which is not exact, or something that JSON does not have.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in a record; read numbers as Decimal")


def number_text(value: Decimal) -> str:
    """An amount as text, without zeros that say nothing: 10000.0 and 10000.00 are "10000"."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
