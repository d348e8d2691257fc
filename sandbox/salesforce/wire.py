"""Answers as Salesforce writes them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.kit import Answer, as_json

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


class Refusal(Exception):
    """The call is refused."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, fields

    @property
    def answer(self) -> Answer:
        """An array with one error."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return as_json([error], self.status, {"content-type": "application/json;charset=UTF-8"})


def record_id(prefix: str, number: int) -> str:
    """An id of 18 characters: prefix, instance, a number, and three letters that say which are capitals."""
    text = ""
    for _ in range(9):
        number, rest = divmod(number, len(_LETTERS))
        text = _LETTERS[rest] + text
    return checked(f"{prefix}5e0{text}")


def checked(short: str) -> str:
    """15 characters with the three that follow from them."""
    more = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, char in enumerate(short[start : start + 5]) if "A" <= char <= "Z")
        more += _CHECK[bits]
    return short + more


def shown(value: Any) -> Any:
    """A value as it stands in JSON: a double always has a point, and from ten million on an exponent, as Java writes
    it; a moment ends in +0000."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.000+0000"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return Double(value)
    return value


class Double(Decimal):
    """A number that is written as Java writes a double."""

    def __format__(self, spec: str, /, *more: Any) -> str:
        text = Decimal.__format__(self.normalize(), "f") if self else "0"
        whole, _, part = text.partition(".")
        if len(whole.lstrip("-")) > 7:
            sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
            rest = (digits[1:] + part).rstrip("0") or "0"
            return f"{sign}{digits[0]}.{rest}E{len(digits) - 1}"
        return f"{whole}.{part or '0'}"
