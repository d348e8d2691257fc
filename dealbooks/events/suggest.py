"""Deals that a payment may be for, by amount, currency and payer: for a person to see, never acted on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

_NAME = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Sale:
    """A deal as far as a payment can be held against it. `amounts`: what it may be paid by."""

    deal_id: str
    number: str
    book: str
    customer: str
    currency: str
    day: date
    amounts: frozenset[Decimal]


def suggestions(
    amount: Decimal, currency: str, words: str, day: date, days: int, sales: Iterable[Sale]
) -> tuple[Sale, ...]:
    """Of some deals those of which an amount and the currency are the payment's, not more than `days` away, and whose
    customer's last name stands in the payment's words; the nearest first."""
    named = {word.casefold() for word in _NAME.findall(words)}
    fit = [
        one
        for one in sales
        if one.currency == currency
        and amount in one.amounts
        and abs(one.day - day) <= timedelta(days=days)
        and (name := _NAME.findall(one.customer))
        and name[-1].casefold() in named
    ]
    return tuple(sorted(fit, key=lambda one: (abs(one.day - day), one.number, one.deal_id)))
