"""Rules over what was posted before."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

from dealbooks.deal.model import Deal
from dealbooks.deal.rules.history import (
    PostedReceipt,
    StandingSale,
    check_amendments,
    check_go_live,
    check_period,
    check_posted_receipts,
    check_sold_before,
    check_unwind,
)

CASE = Path(__file__).parent.parent / "golden" / "cases" / "G08-us-unwind-next-period.json"
DEAL = Deal.model_validate(json.loads(CASE.read_text(encoding="utf-8"))["deal"])


def test_a_car_is_sold_once() -> None:
    same_car = StandingSale("A-1", "5NPD84LF7LH000909", "OTHER", date(2026, 1, 5))
    same_stock = StandingSale("A-2", "1HGCY2F57RA000123", "U4188", date(2026, 1, 6))
    unknown = StandingSale("A-3", "", "", date(2026, 1, 7))
    first, second = check_sold_before(DEAL, [same_car, same_stock, unknown])
    assert (first.code, second.code) == ("S002", "S003")
    assert "already sold in deal A-1 on 2026-01-05" in first.message
    assert "stock number U4188 was already sold in deal A-2" in second.message


def test_a_posted_receipt_does_not_change() -> None:
    as_posted = PostedReceipt("P1", Decimal("1978.62"), "card", date(2026, 3, 28))
    assert check_posted_receipts(DEAL, {"P1": as_posted}) == []
    other = PostedReceipt("D1", Decimal("350.00"), "bank_transfer", date(2026, 3, 27))
    (finding,) = check_posted_receipts(DEAL, {"D1": other, "P1": as_posted})
    assert (finding.code, finding.field) == ("S004", "deposits[0]")
    assert "350.00 by bank transfer on 2026-03-27, but now reads 300.00 by card" in finding.message


def test_deals_from_before_go_live_are_listed() -> None:
    assert check_go_live(DEAL, None) == []
    assert check_go_live(DEAL, date(2026, 3, 28)) == []
    (finding,) = check_go_live(DEAL, date(2026, 3, 29))
    assert (finding.code, finding.value) == ("S006", "2026-03-28")


def test_a_late_deal_moves_to_the_open_period() -> None:
    assert check_period(DEAL, None, date(2026, 4, 1)) == []
    assert check_period(DEAL, date(2026, 3, 27), date(2026, 3, 28)) == []
    (finding,) = check_period(DEAL, date(2026, 3, 31), date(2026, 4, 1))
    assert finding.code == "S007"
    assert "closed through 2026-03-31; it is posted in the next open period, on 2026-04-01" in finding.message


def test_many_amendments_wait_for_a_person() -> None:
    assert check_amendments(5, 5) == []
    (finding,) = check_amendments(6, 5)
    assert finding.code == "S005"
    assert "6 posted deals, more than the 5 allowed" in finding.message


def test_a_traded_car_that_was_sold_on_stops_the_unwind() -> None:
    assert check_unwind(DEAL, {}) == []
    (finding,) = check_unwind(DEAL, {"U4188A": "A-9"})
    assert (finding.code, finding.field) == ("S009", "trade_ins[0].stock_no")
    standing = DEAL.model_copy(update={"lifecycle": ()})
    assert check_unwind(standing, {"U4188A": "A-9"}) == []
