"""Takings of a day that come to the bank together: card batches, cash and cheques paid in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from dealbooks.bank.items import BankItem, business_day
from dealbooks.bank.open_money import OpenMoney

# How a bank's line says that it is of such takings.
BATCHED: Mapping[str, frozenset[str]] = {
    "card": frozenset({
        "CARD", "CARDS", "MERCHANT", "SETTLEMENT", "BATCH", "VISA", "MASTERCARD", "AMEX", "STRIPE", "WORLDPAY",
        "SQUARE", "ADYEN", "SUMUP", "POS",
    }),
    "cash": frozenset({"CASH", "LODGEMENT", "DEPOSIT", "COUNTER"}),
    "cheque": frozenset({"CHEQUE", "CHEQUES", "CHECK", "CHECKS", "CHQ", "LODGEMENT", "DEPOSIT", "COUNTER"}),
}  # fmt: skip
LONGEST_RUN = 4  # days whose takings come in one batch
_METHODS: Mapping[str, str] = {"cashier_cheque": "cheque"}


def method_of(item: BankItem) -> str:
    """How it was paid, as batches are told apart; empty: it comes in no batch."""
    method = _METHODS.get(item.method, item.method)
    return method if method in BATCHED else ""


class Takings:
    """Receipts of one method and currency by day, with what each day comes to."""

    def __init__(self, money: OpenMoney, items: Iterable[int]) -> None:
        self._money = money
        self._days: dict[date, list[int]] = {}
        for item in items:
            self._days.setdefault(money.items[item].date, []).append(item)
        self._sums: dict[date, Decimal] = {day: money.booked(some) for day, some in self._days.items()}

    def runs(self, booked: date, lengths: Iterable[int]) -> Iterator[tuple[tuple[date, ...], Decimal]]:
        """Days one after another, so many, whose takings a batch of this day can hold, and what they come to."""
        most = self._money.policy.days + 1
        near = sorted(day for day in self._days if 0 <= business_day(booked) - business_day(day) <= most)
        for length in lengths:
            for start in range(len(near) - length + 1):
                days = tuple(near[start : start + length])
                yield days, sum((self._sums[day] for day in days), Decimal(0))

    def of(self, days: Iterable[date]) -> tuple[int, ...]:
        """The receipts of these days."""
        return tuple(item for day in days for item in self._days[day])


def takings_by_method(money: OpenMoney, methods: Iterable[str] = tuple(BATCHED)) -> dict[tuple[str, str], Takings]:
    """Open receipts that come in batches, by method and currency."""
    found: dict[tuple[str, str], list[int]] = {}
    for index in money.open_items():
        item = money.items[index]
        if item.kind == "receipt" and method_of(item) in methods:
            found.setdefault((method_of(item), item.currency), []).append(index)
    return {place: Takings(money, some) for place, some in sorted(found.items())}
