"""Canada: GST34, with provincial and Quebec tax apart, worked by hand."""

from __future__ import annotations

import json
from decimal import Decimal

from returns_support import amounts, assert_tied, case, returned, unwound

D = Decimal


def test_line_101_is_revenue_before_the_trade_in_credit() -> None:
    made = returned("ca-gst34", "2026-05", "G19")
    # 45,250 + 689 + 499 + 1,850 = 48,288 of sales, and the finance reserve of 525; the licence fee of 59 is the
    # province's. HST: (48,288 - 12,300) x 13% = 4,678.44.
    assert amounts(made) == {"101": D("48813.00"), "103": D("4678.44"), "105": D("4678.44"), "109": D("4678.44")}
    assert_tied(made)
    assert made.net_by_books == D("4678.44")


def test_provincial_tax_is_shown_apart_and_is_no_part_of_the_net_tax() -> None:
    text = json.dumps(case("G19")).replace('"CA-HST-ON"', '"CA-BC-PST"')
    made = returned("ca-gst34", "2026-05", json.loads(text))
    assert amounts(made) == {"101": D("48813.00"), "PST": D("4678.44")}
    assert made.net_by_form == made.net_by_books == D(0)
    assert_tied(made)


def test_a_sale_taken_back_in_june() -> None:
    june = returned("ca-gst34", "2026-06", unwound(case("G19"), "2026-06-01"))
    assert june.box("101").amount == D("-48813.00")
    assert june.box("109").amount == D("-4678.44")
    assert_tied(june)
