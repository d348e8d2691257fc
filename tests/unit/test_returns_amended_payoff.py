"""New Zealand: an allowance amended after its payoff was paid brings the rest of the price and of the credit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from posting_support import case, post

from dealbooks.deal import Deal
from dealbooks.returns import Fact, TaxReturn, load_form, return_of

D = Decimal


def _deal(allowance: str, version: int) -> dict[str, Any]:
    data = case("G20")
    data["trade_ins"][0] |= {"allowance": allowance, "acv": "17000.00", "payoff": "20880.99"}
    if version > 1:
        data |= {"deal_version": version, "amended_at": "2026-07-02", "amend_reason": "the allowance was wrong"}
    return data


def _returns(allowance: str) -> tuple[TaxReturn, TaxReturn]:
    """June, with sale and payoff at an allowance of 17,847.00; July, with the amendment."""
    first, second = _deal("17847.00", 1), _deal(allowance, 2)
    before = post(first)
    after = post(second, *before.entries)
    versions = [Deal.model_validate(first), Deal.model_validate(second)]
    june = [Fact(entry, "N-1", versions[0]) for entry in before.entries]
    paid_off = tuple(fact for fact in june if fact.entry.event == "trade.paid_off")
    july = [
        Fact(entry, "N-1", versions[1], paid_off=paid_off)
        if entry.entry_id == "sale-v2"
        else Fact(entry, "N-1", versions[0])
        for entry in after.new
    ]
    form = load_form("nz-gst101")
    made = [
        return_of(form, facts, last=last, currency="NZD")
        for facts, last in ((june, date(2026, 6, 30)), (july, date(2026, 7, 31)))
    ]
    return made[0], made[1]


@pytest.mark.parametrize(
    ("allowance", "price", "credit"),
    # 18,847 - 17,847 and 3/23 of it; 10,000 - 17,847 and 3/23 of it
    [("18847.00", "1000.00", "130.43"), ("10000.00", "-7847.00", "-1023.52"), ("17847.00", "0", "0")],
)
def test_the_difference_enters_box_11_in_the_period_of_the_amendment(allowance: str, price: str, credit: str) -> None:
    june, july = _returns(allowance)
    assert june.box("11").amount == D("17847.00")
    assert july.box("11").amount == D(price)
    assert abs(july.box("12").amount - D(credit)) <= D("0.01")
    moved = next((tie.moved for tie in july.ties if tie.role == "tax.input"), D(0))
    assert moved == -D(credit)
    assert all(not tie.difference for made in (june, july) for tie in made.ties)
