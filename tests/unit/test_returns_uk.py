"""United Kingdom: VAT100 from golden cases, worked by hand."""

from __future__ import annotations

import json
from decimal import Decimal

from returns_support import amounts, assert_tied, case, returned, unwound

D = Decimal


def test_margin_car_feeds_box_1_with_its_margin_vat_and_box_6_with_its_price_less_that_vat() -> None:
    made = returned("uk-vat100", "2026-03", "G10")
    # Box 1: accessory 20.00 + margin VAT (10,594 - 8,150) / 6 = 407.33.
    # Box 6: car 10,495 + linked fee 99 - 407.33 + accessory 100 + insurance commission 163 = 10,449.67, pence left out;
    # the premium of 236 is not our supply. Box 7: the part-exchange at its full allowance of 2,400.
    assert amounts(made) == {"1": D("427.33"), "3": D("427.33"), "5": D("427.33"), "6": D(10449), "7": D(2400)}
    assert made.box("6").exact == D("10449.67")
    assert_tied(made)
    assert made.net_by_form == made.net_by_books == D("427.33")


def test_the_lines_behind_a_box_are_shown_and_add_up_to_it() -> None:
    made = returned("uk-vat100", "2026-03", "G10")
    shown = {(line.part, line.role, line.tax_code): line.amount for line in made.lines_of("6")}
    assert shown == {
        ("invoice", "sales.used_vehicle", "GB-M"): D("10495.00"),
        ("invoice", "income.admin_fee", "GB-M"): D("99.00"),
        ("invoice", "income.insurance_commission", "GB-E"): D("163.00"),
        ("invoice", "sales.accessories", "GB-S"): D("100.00"),
        ("margin_vat", "sales.used_vehicle", "GB-M"): D("-407.33"),
    }
    assert {line.fact.deal for line in made.lines} == {"G10"}


def test_margin_cars_at_a_loss_or_at_no_margin_feed_box_6_alone() -> None:
    # G11: sold at 6,995, bought at 7,400. G12: sold and bought at 9,000; its part-exchange is allowed at 3,200 and
    # stocked at 2,850.
    made = returned("uk-vat100", "2026-03", "G11", "G12")
    assert amounts(made) == {"6": D(15995), "7": D(3200)}
    assert_tied(made)


def test_standard_rated_sales_and_disbursements() -> None:
    # G09: 62,995 - 1,495 + 649.99 + 850 = 62,999.99 with VAT; VAT 10,500.00, value 52,499.99. First registration fee
    # and VED (1,415) are disbursements and stand nowhere.
    made = returned("uk-vat100", "2026-03", "G09")
    assert amounts(made) == {"1": D(10500), "3": D(10500), "5": D(10500), "6": D(52499)}
    # G13: 31,450 on hire purchase: VAT 5,241.67, value 26,208.33, and the exempt finance commission of 900.
    hp = returned("uk-vat100", "2026-03", "G13")
    assert amounts(hp) == {"1": D("5241.67"), "3": D("5241.67"), "5": D("5241.67"), "6": D(27108), "7": D(12500)}


def test_an_export_in_dollars_enters_box_6_in_pounds() -> None:
    made = returned("uk-vat100", "2026-03", "G24")
    # 48,333.30, 1,777.77 and 333.33 USD at the rate of the deal, each rounded: what the entry has in pounds.
    booked = {
        line["account_role"]: D(line["base_credit"])
        for line in case("G24")["expected"]["entries"][0]["lines"]
        if line["account_role"] == "sales.used_vehicle"
    }
    fees = sum(
        D(line["base_credit"])
        for line in case("G24")["expected"]["entries"][0]["lines"]
        if line["account_role"] == "income.admin_fee"
    )
    assert made.box("6").exact == booked["sales.used_vehicle"] + fees
    assert amounts(made) == {"6": made.box("6").exact.to_integral_value(rounding="ROUND_DOWN")}


def test_an_amendment_after_the_period_shows_in_the_period_of_the_mirror() -> None:
    # G14: 18,000 in February (VAT 3,000). Amended in March to 17,700 and an accessory of 249.50: VAT 2,991.58.
    february = returned("uk-vat100", "2026-02", "G14")
    march = returned("uk-vat100", "2026-03", "G14")
    assert amounts(february) == {"1": D(3000), "3": D(3000), "5": D(3000), "6": D(15000)}
    # 2,991.58 - 3,000.00 = -8.42; 14,957.92 - 15,000.00 = -42.08
    assert amounts(march) == {"1": D("-8.42"), "3": D("-8.42"), "5": D("-8.42"), "6": D(-42)}
    assert_tied(march)
    quarter = returned("uk-vat100", "2026-Q1", "G14")
    assert amounts(quarter) == {"1": D("2991.58"), "3": D("2991.58"), "5": D("2991.58"), "6": D(14957)}


def test_a_margin_sale_unwound_in_the_next_period_takes_its_boxes_back() -> None:
    gone = unwound(case("G10"), "2026-04-02")
    april = returned("uk-vat100", "2026-04", gone)
    assert amounts(april) == {"1": D("-427.33"), "3": D("-427.33"), "5": D("-427.33"), "6": D(-10449), "7": D(-2400)}
    assert_tied(april)
    both = returned("uk-vat100", "2026-03..2026-04", gone)
    assert amounts(both) == {}


def test_what_xero_would_show_and_what_to_add_there() -> None:
    made = returned("uk-vat100", "2026-03", "G10", ledger="xero")
    one, six, seven = (made.box(name).ledger for name in ("1", "6", "7"))
    assert one is not None and six is not None and seven is not None
    # Xero sees the accessory's VAT and the whole price of the car; the journal of the margin VAT it does not see.
    assert (one.computes, one.adjustment) == (D("20.00"), D("407.33"))
    assert "margin" in one.reason
    assert (six.computes, six.adjustment) == (D(10857), D(-408))
    assert (seven.computes, seven.adjustment) == (D(0), D(2400))
    three = made.box("3").ledger
    assert three is not None
    assert "follows from" in three.reason


def test_a_standard_rated_sale_needs_no_adjustment_in_quickbooks() -> None:
    made = returned("uk-vat100", "2026-03", "G09", ledger="quickbooks")
    assert {box.ledger.adjustment for box in made.boxes if box.ledger is not None} == {D(0)}


def test_beancount_has_no_return_of_its_own() -> None:
    made = returned("uk-vat100", "2026-03", "G10", ledger="beancount")
    assert all(box.ledger is not None and box.ledger.computes is None for box in made.boxes)


def test_a_code_that_the_form_does_not_know_is_a_problem() -> None:
    data = case("G09")
    text = json.dumps(data).replace('"GB-S"', '"GB-NEW"')
    made = returned("uk-vat100", "2026-03", json.loads(text))
    # The tax itself is in box 1; the sales are not placed, and each is named.
    assert made.box("6").amount == 0
    assert len(made.problems) == 3
    assert "does not know tax code GB-NEW" in made.problems[0]
    assert "51250.00 GBP" in made.problems[0]
