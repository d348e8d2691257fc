"""What is told of money that moved, held against what a fact can be: before it becomes one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dealbooks.deal.fields import FIRST_DAY
from dealbooks.money import exact, minor_unit

MOST = Decimal(10) ** 12  # of one amount: a sum that no customer or lender pays at once is a slip
_LONGEST = 64  # a reference is a part of the name of an entry
_AHEAD = timedelta(days=1)  # a day that has begun elsewhere in the world


def unfit_reference(text: str) -> str:
    """Why a reference cannot be the number of money; empty when it can."""
    if len(text) > _LONGEST:
        return f"it has {len(text)} characters, and a reference has at most {_LONGEST}"
    if not text.isprintable():
        return "it has characters that cannot be printed, such as a tab"
    return ""


def unfit_amount(amount: Decimal, currency: str) -> str:
    """Why an amount cannot be money that moved; empty when it can."""
    if amount >= MOST:
        return f"it is {MOST:,} or more"
    if amount % minor_unit(currency):
        return f"it has more decimals than {currency} has"
    return ""


def unfit_day(day: date, today: date) -> str:
    """Why money cannot have moved on a day; empty when it can."""
    if day > today:
        return f"it has not come yet; today is {today.isoformat()}"
    if day < FIRST_DAY:
        return f"it is before {FIRST_DAY.isoformat()}"
    return ""


def unfit(data: Mapping[str, Any], subject: str, currency: str, today: date) -> tuple[str, str, str] | None:
    """The first (field, value, reason) for which what is told, read already, cannot become a fact."""
    amount, day = str(data["amount"]), str(data["date"])
    for field, value, reason in (
        ("reference", subject, unfit_reference(subject)),
        ("amount", amount, unfit_amount(exact(amount), currency)),
        ("date", day, unfit_day(date.fromisoformat(day), today + _AHEAD)),
    ):
        if reason:
            return field, value, reason
    return None
