"""The Gulf: VAT or none, two or three decimals, the profit margin scheme for used cars."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.regime_support import check_golden, codes, line_codes, message, run, sale, taxes

WITH_VAT = ["gulf-ae", "gulf-sa", "gulf-bh", "gulf-om"]
WITHOUT = ["gulf-kw", "gulf-qa"]
STOCK_BOOK = {"tax_acquisition": "margin", "stock_book_purchase_price": Decimal("10000.00")}


def test_golden_case_without_vat_is_posted_as_its_case() -> None:
    check_golden("G22", "gulf-kw")


@pytest.mark.parametrize(
    ("rules", "day", "rate", "tax"),
    [
        ("gulf-ae", "2018-01-01", "0.05", "5000.00"),  # 105,000.00 / 21
        ("gulf-ae", "2026-05-11", "0.05", "5000.00"),
        ("gulf-sa", "2018-01-01", "0.05", "5000.00"),
        ("gulf-sa", "2020-06-30", "0.05", "5000.00"),
        ("gulf-sa", "2020-07-01", "0.15", "13695.65"),  # 105,000.00 x 15/115 = 13,695.652
        ("gulf-sa", "2026-05-11", "0.15", "13695.65"),
        ("gulf-bh", "2019-01-01", "0.05", "5000.000"),
        ("gulf-bh", "2021-12-31", "0.05", "5000.000"),
        ("gulf-bh", "2022-01-01", "0.10", "9545.455"),  # 105,000.000 / 11 = 9,545.4545
        ("gulf-om", "2021-04-16", "0.05", "5000.000"),
    ],
)
def test_rate_on_the_day_before_and_on_the_effective_date(rules: str, day: str, rate: str, tax: str) -> None:
    found = run(sale(day, "105000.00"), rules)
    assert codes(found) == []
    ((code, _, amount),) = taxes(found, rules)
    assert (found.deal["tax"]["rates"][code], Decimal(amount)) == (rate, Decimal(tax))


@pytest.mark.parametrize(
    ("rules", "day"),
    [("gulf-ae", "2017-12-31"), ("gulf-sa", "2017-12-31"), ("gulf-bh", "2018-12-31"), ("gulf-om", "2021-04-15")],
)
def test_the_day_before_vat_is_not_in_the_rulebook(rules: str, day: str) -> None:
    assert "R008" in codes(run(sale(day, "105000.00"), rules))


@pytest.mark.parametrize(
    ("rules", "tax"),
    [
        ("gulf-ae", "100.00"),  # margin 2,100.00 x 5/105
        ("gulf-sa", "273.91"),  # 2,100.00 x 15/115 = 273.913
        ("gulf-bh", "190.909"),  # 2,100.000 / 11 = 190.9091
        ("gulf-om", "100.000"),
    ],
)
def test_profit_margin_scheme(rules: str, tax: str) -> None:
    lines = (("admin_fee", "Admin fee", "100.00"), ("government_fee", "Registration", "40.00"))
    found = run(sale("2026-05-11", "12000.00", sale_class="used", vehicle=STOCK_BOOK, lines=lines), rules)
    assert codes(found) == []
    assert [code[-2:] for code in line_codes(found) if code] == ["-M", "-M", "-O"]
    ((_, base, amount),) = taxes(found, rules)
    assert (Decimal(base), Decimal(amount)) == (Decimal("2100.00"), Decimal(tax))


@pytest.mark.parametrize(("day", "code"), [("2023-06-30", "SA-S"), ("2023-07-01", "SA-M")])
def test_saudi_arabia_has_the_scheme_for_used_cars_since_july_2023(day: str, code: str) -> None:
    found = run(sale(day, "12000.00", sale_class="used", vehicle=STOCK_BOOK), "gulf-sa")
    assert (codes(found), line_codes(found)) == ([], [code])
    said = {"vat_scheme": "margin"}
    refused = run(sale("2023-06-30", "12000.00", sale_class="used", vehicle=STOCK_BOOK, said=said), "gulf-sa")
    assert "R016" in codes(refused)


@pytest.mark.parametrize("rules", WITH_VAT)
def test_a_dealer_without_approval_states_the_full_price(rules: str) -> None:
    said = {"vat_scheme": "standard"}
    found = run(sale("2026-05-11", "12000.00", sale_class="used", vehicle=STOCK_BOOK, said=said), rules)
    assert codes(found) == []
    assert [code[-2:] for code in line_codes(found) if code] == ["-S"]


@pytest.mark.parametrize("rules", WITH_VAT)
def test_export_needs_the_word_of_the_source(rules: str) -> None:
    customer = {"address": {"country": "KW"}}
    assert codes(run(sale("2026-05-11", "12000.00", customer=customer), rules)) == ["R108"]
    found = run(sale("2026-05-11", "12000.00", customer=customer, said={"vat_scheme": "zero"}), rules)
    assert (codes(found), taxes(found, rules)) == ([], [])


@pytest.mark.parametrize("rules", WITH_VAT)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sale_class": "used"}, "R001"),
        ({"sale_class": "used", "vehicle": {"tax_acquisition": "margin"}}, "R021"),
        ({"said": {"vat_scheme": "margin"}}, "R016"),
        ({"said": {"price_includes_tax": False}}, "R022"),
    ],
)
def test_what_is_refused_with_its_reason(rules: str, change: dict[str, Any], code: str) -> None:
    assert code in codes(run(sale("2026-05-11", "12000.00", **change), rules))


def test_a_stated_commission_is_taxable() -> None:
    finance = {"lender": "Bank SA", "type": "loan", "amount_financed": Decimal("12000.00"), "reserve": "1150.00"}
    found = run(sale("2026-05-11", "12000.00", finance=finance), "gulf-sa")
    assert taxes(found, "gulf-sa")[1] == ("SA-S-COM", "1000.00", "150.00")  # 1,150.00 x 15/115


@pytest.mark.parametrize("rules", WITHOUT)
@pytest.mark.parametrize("sale_class", ["new", "used"])
def test_without_vat_lines_carry_no_code_at_all(rules: str, sale_class: str) -> None:
    lines = (
        ("accessory", "Tint", "45.375"),
        ("government_fee", "Registration", "12.500"),
        ("fi_product", "Warranty", "90.125"),
    )
    found = run(sale("2026-05-11", "7250.125", sale_class=sale_class, lines=lines), rules)
    assert set(codes(found)) <= {"R028"}
    assert found.deal["tax"]["regime"] == "none"
    assert line_codes(found) == [None, None, None, None]
    assert taxes(found, rules) == []


def test_three_decimals_are_kept() -> None:
    found = run(sale("2026-05-11", "7250.125"), "gulf-bh")
    assert taxes(found, "gulf-bh") == [("BH-S", "6591.023", "659.102")]  # 7,250.125 / 11 = 659.1023


def test_a_fee_that_is_not_listed_is_refused() -> None:
    draft = sale("2026-05-11", "7250.125")
    draft.said["fees"] = [{"line_id": "F1", "name": "Sundries", "amount": Decimal("5.000")}]
    found = run(draft, "gulf-kw")
    assert codes(found) == ["R003"]
    assert "gulf-kw" in message(found, "R003")
