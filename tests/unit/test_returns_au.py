"""Australia: activity statement with GST and luxury car tax, worked by hand."""

from __future__ import annotations

from decimal import Decimal

from returns_support import amounts, assert_tied, case, returned, unwound

D = Decimal


def test_a_luxury_car_with_its_commission() -> None:
    made = returned("au-bas", "2026-02", "G15")
    # G1: 148,500 + 3,300 + 2,950 + 2,200 = 156,950 with GST, and the financier's commission of 1,320; neither luxury
    # car tax nor stamp duty, registration and CTP. 1A: 14,268.18 + 120 = 14,388.18. 1E: 22,254.90. Cents left out.
    assert amounts(made) == {"G1": D(158270), "1A": D(14388), "1E": D(22254), "NET": D(36642)}
    assert made.box("1A").exact == D("14388.18")
    assert_tied(made)
    # 14,388.18 + 22,254.90
    assert made.net_by_books == D("36643.08")


def test_division_66_credit_is_claimed_in_the_period_of_the_resale() -> None:
    made = returned("au-bas", "2026-02", "G16")
    # 36,990 with GST of 3,362.73; credit of 31,000 / 11 = 2,818.18.
    assert amounts(made) == {"G1": D(36990), "1A": D(3362), "1B": D(2818), "NET": D(544)}
    assert_tied(made)


def test_a_sale_taken_back_in_the_next_period() -> None:
    march = returned("au-bas", "2026-03", unwound(case("G15"), "2026-03-03"))
    assert amounts(march) == {"G1": D(-158270), "1A": D(-14388), "1E": D(-22254), "NET": D(-36642)}
    assert_tied(march)


def test_xero_lacks_luxury_car_tax_and_the_credit() -> None:
    made = returned("au-bas", "2026-02", "G15", "G16", ledger="xero")
    found = {box.box: box.ledger.adjustment for box in made.boxes if box.ledger is not None and box.ledger.adjustment}
    assert found == {"1E": D(22254), "1B": D(2818), "NET": D(19436)}
