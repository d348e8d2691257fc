"""Thousands of payments of one amount: the work grows with their number, not with its square."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from types import FrameType
from typing import Any

import pytest
from bank_support import item, line

from dealbooks.bank.items import BankItem, BankResult
from dealbooks.bank.match import match_bank
from dealbooks.bank.model import BankLine

_SMALL, _LARGE = 50, 200


def _of(count: int, text: str, **more: Any) -> tuple[list[BankItem], list[BankLine]]:
    """As many payments and lines of 99.00, over the days of a month; `{n}` stands for the number of each."""
    days = [(date(2026, 3, 2) + timedelta(days=n % 25)).isoformat() for n in range(count)]

    def own(n: int) -> dict[str, Any]:
        return {name: tuple(one.format(n=n) for one in value) if isinstance(value, tuple) else value
                for name, value in more.items()}  # fmt: skip

    ours = [item(f"{n:05d}", "99.00", day, **own(n)) for n, day in enumerate(days)]
    return ours, [line(f"L{n}", "99.00", text.format(n=n), day) for n, day in enumerate(days)]


SCENES: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing says which is which": ("FASTER PAYMENT", {"parties": ("Customer{n:05d} Smith",)}),
    "all of one payer": ("ALLY FINANCIAL", {"parties": ("Ally Financial",)}),
    "all of one lender": ("ALLY FINANCIAL", {"parties": ("Ally Financial",), "kind": "funding"}),
    "all by card": ("CARD SALE", {"names": (), "method": "card"}),
    "each by its payer": ("CUSTOMER{n:05d} SMITH", {"parties": ("Customer{n:05d} Smith",)}),
    "each by its reference": ("RCPT-{n:05d}", {"parties": ("Ally Financial",)}),
}


def _steps(ours: list[BankItem], theirs: list[BankLine]) -> tuple[int, BankResult]:
    """How many lines of code a matching goes through, those of comprehensions each time."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if "/dealbooks/bank/" not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = match_bank(ours, theirs)
    finally:
        sys.settrace(before)
    return count, result


@pytest.mark.parametrize("scene", SCENES)
def test_the_work_grows_with_the_number_of_equal_amounts(scene: str) -> None:
    text, more = SCENES[scene]
    steps = {}
    for count in (_SMALL, _LARGE):
        steps[count], result = _steps(*_of(count, text, **more))
        decided = sum(len(one.items) for one in (*result.matches, *result.undecided))
        assert decided == count
    assert steps[_LARGE] < 1.5 * (_LARGE // _SMALL) * steps[_SMALL], steps
