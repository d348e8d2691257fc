"""What several kinds of documents are held to: dates, lock dates, currency, fields that are too long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.xero.books import Books
from sandbox.xero.wire import day, number


def date_of(books: Books, data: Mapping[str, Any], name: str, default: date | None = None) -> date | None:
    """A date that was sent.

    Raises:
        Invalid: it is none.
    """
    if data.get(name) in (None, ""):
        return default
    try:
        return day(data[name])
    except ValueError:
        raise books.invalid("date", field=name) from None


def amount_of(books: Books, data: Mapping[str, Any], name: str = "Amount") -> Decimal:
    """An amount above nil.

    Raises:
        Invalid: it is none.
    """
    try:
        found = number(data.get(name))
    except ValueError:
        raise books.invalid("number_bad", field=name) from None
    if found is None or found <= 0:
        raise books.invalid("amount")
    return found


def unlocked(books: Books, when: date) -> None:
    """Refuse what falls on or before a lock date.

    Raises:
        Invalid: with the lock date.
    """
    for lock, text in ((books.year_lock, "lock_year"), (books.period_lock, "lock_period")):
        if lock and when <= lock:
            raise books.invalid(text, date=f"{lock:%-d-%b-%Y}")


def currency_of(books: Books, data: Mapping[str, Any], old: Mapping[str, Any]) -> tuple[str, Decimal]:
    """Currency and rate (units of it for one of the organisation's own).

    Raises:
        Invalid: the organisation does not have the currency.
    """
    currency = str(data.get("CurrencyCode") or old.get("CurrencyCode") or books.currency)
    if currency != books.currency and currency not in books.settings.currencies:
        raise books.invalid("currency", currency=currency)
    rate = number(data.get("CurrencyRate")) or old.get("CurrencyRate") or Decimal(1)
    return currency, rate if currency != books.currency else Decimal(1)


def short(books: Books, data: Mapping[str, Any], limits: Mapping[str, int]) -> list[str]:
    """What is too long."""
    return [
        books.text("too_long", field=name, limit=limit)
        for name, limit in limits.items()
        if len(str(data.get(name) or "")) > limit
    ]


def cash(books: Books, ref: Any) -> dict[str, Any] | None:
    """The account that a payment names, where payments can be made to it."""
    if not isinstance(ref, Mapping):
        return None
    if ref.get("AccountID"):
        held = books.get("Account", str(ref["AccountID"]))
    else:
        held = next(iter(books.find("Account", "Code", ref["Code"])), None) if ref.get("Code") else None
    if held is None or held["Status"] != "ACTIVE":
        return None
    return held if held["Type"] == "BANK" or held.get("EnablePaymentsToAccount") else None
