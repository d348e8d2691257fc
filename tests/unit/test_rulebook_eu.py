"""Germany, France, Ireland: rates by date, margin taxation, sales to other member states, new cars, export."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.regime_support import check_golden, codes, golden_draft, line_codes, message, run, sale, taxes

EU = ["eu-de", "eu-fr", "eu-ie"]
STOCK_BOOK = {"tax_acquisition": "margin", "stock_book_purchase_price": Decimal("10000.00")}
QUALIFYING = {"tax_acquisition": "qualifying", "odometer": 40000, "year": 2020}
ABROAD = {"eu-de": "AT", "eu-fr": "BE", "eu-ie": "NL"}
NUMBERS = {"AT": "ATU13585627", "BE": "BE0428759497", "NL": "NL004495445B01", "FR": "FR40303265045"}


def _abroad(rules: str, **more: Any) -> dict[str, Any]:
    return {"address": {"country": ABROAD[rules]}, **more}


def _business(rules: str) -> dict[str, Any]:
    return _abroad(rules, type="business", tax_status="vat_registered", vat_number=NUMBERS[ABROAD[rules]])


def test_golden_margin_sale_is_taxed_as_its_case() -> None:
    check_golden("G17", "eu-de")


def test_golden_intra_community_sale_is_taxed_as_its_case_and_asks_for_the_proof() -> None:
    check_golden("G18", "eu-de", found=("R106",))
    found = run(golden_draft("G18"), "eu-de")
    assert line_codes(found) == ["EU-IC"]
    assert "recapitulative statement" in message(found, "R106")


@pytest.mark.parametrize(
    ("rules", "day", "rate", "tax"),
    [
        ("eu-de", "2020-06-30", "0.19", "1900.00"),  # 11,900.00 x 19/119
        ("eu-de", "2020-07-01", "0.16", "1641.38"),  # 11,900.00 x 16/116 = 1,641.379
        ("eu-de", "2020-12-31", "0.16", "1641.38"),
        ("eu-de", "2021-01-01", "0.19", "1900.00"),
        ("eu-fr", "2013-12-31", "0.196", "1950.17"),  # 11,900.00 x 19.6/119.6 = 1,950.167
        ("eu-fr", "2014-01-01", "0.20", "1983.33"),  # 11,900.00 / 6
        ("eu-ie", "2020-08-31", "0.23", "2225.20"),  # 11,900.00 x 23/123 = 2,225.203
        ("eu-ie", "2020-09-01", "0.21", "2065.29"),  # 11,900.00 x 21/121 = 2,065.289
        ("eu-ie", "2021-02-28", "0.21", "2065.29"),
        ("eu-ie", "2021-03-01", "0.23", "2225.20"),
    ],
)
def test_standard_rate_on_the_day_before_and_on_the_effective_date(rules: str, day: str, rate: str, tax: str) -> None:
    found = run(sale(day, "11900.00"), rules)
    assert codes(found) == []
    ((code, _, amount),) = taxes(found, rules)
    assert (found.deal["tax"]["rates"][code], amount) == (rate, tax)


@pytest.mark.parametrize(
    ("rules", "day", "tax"),
    [
        ("eu-de", "2026-03-20", "319.33"),  # margin 2,000.00 x 19/119 = 319.328
        ("eu-de", "2020-12-31", "275.86"),  # 2,000.00 x 16/116 = 275.862
        ("eu-fr", "2026-03-20", "333.33"),  # 2,000.00 x 20/120
        ("eu-fr", "2013-12-31", "327.76"),  # 2,000.00 x 19.6/119.6 = 327.759
        ("eu-ie", "2026-03-20", "373.98"),  # 2,000.00 x 23/123 = 373.984
    ],
)
def test_margin_taxation_on_all_that_is_paid_for_the_car(rules: str, day: str, tax: str) -> None:
    lines = (("admin_fee", "Fee", "200.00"),)
    found = run(sale(day, "11800.00", sale_class="used", vehicle=STOCK_BOOK, lines=lines), rules)
    assert codes(found) == []
    ((code, base, amount),) = taxes(found, rules)
    assert (code[-2:], base, amount) == ("-M", "2000.00", tax)


@pytest.mark.parametrize("rules", EU)
def test_a_margin_loss_bears_no_tax(rules: str) -> None:
    found = run(sale("2026-03-20", "9000.00", sale_class="used", vehicle=STOCK_BOOK), rules)
    assert [(base, amount) for _, base, amount in taxes(found, rules)] == [("-1000.00", "0.00")]


@pytest.mark.parametrize("rules", EU)
def test_the_dealer_may_choose_the_full_price_for_a_margin_car(rules: str) -> None:
    said = {"vat_scheme": "standard"}
    found = run(sale("2026-03-20", "12000.00", sale_class="used", vehicle=STOCK_BOOK, said=said), rules)
    assert codes(found) == []
    assert [code[-2:] for code, _, _ in taxes(found, rules)] == ["-S"]


@pytest.mark.parametrize("rules", EU)
@pytest.mark.parametrize("said", [{}, {"vat_scheme": "zero"}])
def test_a_qualifying_car_to_a_business_with_a_number_of_another_member_state(rules: str, said: dict[str, Any]) -> None:
    lines = (("delivery_fee", "Transport", "500.00"),)
    draft = sale(
        "2026-03-20",
        "18500.00",
        sale_class="used",
        vehicle=QUALIFYING,
        customer=_business(rules),
        said=said,
        lines=lines,
    )
    found = run(draft, rules)
    assert (codes(found), line_codes(found), taxes(found, rules)) == (["R106"], ["EU-IC", "EU-IC"], [])


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [(None, "R108", "no VAT number"), ("ATU13585626", "R108", "not valid"), ("DE136695976", "R108", "of this country")],
)
def test_without_a_valid_foreign_number_vat_is_charged(number: str | None, code: str, told: str) -> None:
    customer = {**_business("eu-de"), "vat_number": number}
    draft = sale("2026-03-20", "11900.00", sale_class="used", vehicle=QUALIFYING, customer=customer)
    found = run(draft, "eu-de")
    assert codes(found) == [code]
    assert told in message(found, code)
    assert taxes(found, "eu-de") == [("DE-S", "10000.00", "1900.00")]


def test_zero_rating_that_the_number_does_not_allow_is_refused() -> None:
    customer = {**_business("eu-de"), "vat_number": None}
    said = {"vat_scheme": "zero"}
    draft = sale("2026-03-20", "11900.00", sale_class="used", vehicle=QUALIFYING, customer=customer, said=said)
    found = run(draft, "eu-de")
    assert codes(found) == ["R107"]
    assert "no VAT number is stated" in message(found, "R107")


def test_what_the_source_says_of_the_scheme_wins_and_is_compared() -> None:
    said = {"vat_scheme": "standard"}
    draft = sale(
        "2026-03-20", "11900.00", sale_class="used", vehicle=QUALIFYING, customer=_business("eu-de"), said=said
    )
    found = run(draft, "eu-de")
    assert (codes(found), line_codes(found)) == (["R017"], ["DE-S"])


@pytest.mark.parametrize("rules", EU)
def test_a_private_buyer_of_a_used_car_is_taxed_where_it_is_sold(rules: str) -> None:
    found = run(sale("2026-03-20", "12000.00", sale_class="used", vehicle=QUALIFYING, customer=_abroad(rules)), rules)
    assert codes(found) == []
    assert [code[-2:] for code, _, _ in taxes(found, rules)] == ["-S"]


@pytest.mark.parametrize("rules", EU)
def test_a_margin_car_stays_in_the_margin_wherever_it_goes(rules: str) -> None:
    vehicle = {**STOCK_BOOK, "odometer": 90000, "year": 2018}
    found = run(sale("2026-03-20", "12000.00", sale_class="used", vehicle=vehicle, customer=_business(rules)), rules)
    assert codes(found) == []
    assert [code[-2:] for code, _, _ in taxes(found, rules)] == ["-M"]


@pytest.mark.parametrize("rules", EU)
def test_a_new_car_to_a_private_buyer_is_taxed_where_it_goes(rules: str) -> None:
    found = run(sale("2026-03-20", "42000.00", customer=_abroad(rules)), rules)
    assert (codes(found), line_codes(found), taxes(found, rules)) == (["R106"], ["EU-NMT"], [])


@pytest.mark.parametrize(
    ("vehicle", "first", "codes_found", "line"),
    [
        ({"odometer": 6000, "year": 2024}, None, ["R106"], "EU-NMT"),
        ({"odometer": 6001, "year": 2024}, None, [], "DE-S"),
        ({"odometer": 9000, "year": 2025}, "2025-09-20", ["R106"], "EU-NMT"),  # six months to the day
        ({"odometer": 9000, "year": 2025}, "2025-09-19", [], "DE-S"),
        ({"odometer": 9000, "year": 2025}, None, ["R110"], "DE-S"),
        ({"year": 2019}, None, ["R110"], "DE-S"),
    ],
)
def test_new_means_up_to_six_months_or_6000_km(
    vehicle: dict[str, Any], first: str | None, codes_found: list[str], line: str
) -> None:
    said = {"first_registration": first} if first else {}
    car = {"tax_acquisition": "qualifying", **vehicle}
    draft = sale("2026-03-20", "30000.00", sale_class="used", vehicle=car, customer=_abroad("eu-de"), said=said)
    found = run(draft, "eu-de")
    assert (codes(found), line_codes(found)) == (codes_found, [line])


def test_a_nearly_new_margin_car_to_another_member_state_is_refused() -> None:
    vehicle = {**STOCK_BOOK, "odometer": 3000, "year": 2025}
    draft = sale("2026-03-20", "12000.00", sale_class="used", vehicle=vehicle, customer=_abroad("eu-de"))
    found = run(draft, "eu-de")
    assert codes(found) == ["R109"]
    assert "6 months or 6000 km" in message(found, "R109")


@pytest.mark.parametrize("rules", EU)
def test_export_needs_the_word_of_the_source(rules: str) -> None:
    customer = {"address": {"country": "CH"}}
    taxed = run(sale("2026-03-20", "12000.00", customer=customer), rules)
    assert codes(taxed) == ["R108"]
    assert [code[-2:] for code, _, _ in taxes(taxed, rules)] == ["-S"]
    free = run(sale("2026-03-20", "12000.00", customer=customer, said={"vat_scheme": "zero"}), rules)
    assert (codes(free), [code[-2:] for code in line_codes(free) if code]) == ([], ["-X"])


def test_the_united_kingdom_was_a_member_state_until_the_end_of_2020() -> None:
    customer = {"type": "business", "address": {"country": "GB"}, "vat_number": "ATU13585627"}
    draft = sale("2020-12-31", "12000.00", sale_class="used", vehicle=QUALIFYING, customer=customer)
    assert line_codes(run(draft, "eu-de")) == ["EU-IC"]
    draft = sale("2021-01-01", "12000.00", sale_class="used", vehicle=QUALIFYING, customer=customer)
    found = run(draft, "eu-de")
    assert (codes(found), line_codes(found)) == (["R108"], ["DE-S"])


@pytest.mark.parametrize("region", ["BE", "BY", "SH"])
def test_a_german_state_is_not_taken_for_a_country(region: str) -> None:
    # BE is Berlin and Belgium: without a country it says nothing.
    found = run(sale("2026-03-20", "42000.00", customer={"region": region}), "eu-de")
    assert (codes(found), line_codes(found)) == ([], ["DE-S"])


def test_a_region_with_its_country_tells_the_country() -> None:
    found = run(sale("2026-03-20", "42000.00", customer={"region": "FR-75"}), "eu-de")
    assert line_codes(found) == ["EU-NMT"]


def test_disbursements_insurance_and_commission_are_outside_or_exempt() -> None:
    fees = {
        "eu-de": ("Zulassungsgebühr", "DE-O", "Garantieversicherung", "DE-E"),
        "eu-fr": ("Carte grise", "FR-O", "Extension de garantie", "FR-E"),
        "eu-ie": ("VRT", "IE-O", "Extended warranty", "IE-E"),
    }
    for rules, (fee, outside, product, exempt) in fees.items():
        draft = sale("2026-03-20", "12000.00", lines=(("insurance", product, "300.00"),))
        draft.said["fees"] = [{"line_id": "F1", "name": fee, "amount": Decimal("80.00")}]
        found = run(draft, rules)
        assert codes(found) == [], found.findings
        assert line_codes(found)[1:] == [exempt, outside]
        assert len(taxes(found, rules)) == 1


def test_registration_tax_of_an_irish_car_registered_before_is_part_of_its_price() -> None:
    draft = sale("2026-03-20", "12000.00", sale_class="demo", vehicle={"tax_acquisition": "qualifying"})
    draft.said["fees"] = [{"line_id": "F1", "name": "VRT", "amount": Decimal("900.00")}]
    assert line_codes(run(draft, "eu-ie")) == ["IE-S", "IE-S"]


@pytest.mark.parametrize(("day", "tax_point"), [("2022-12-31", None), ("2023-01-05", "2023-01-02")])
def test_french_deposits_for_goods_are_taxed_when_received_since_2023(day: str, tax_point: str | None) -> None:
    deposit = {"receipt_id": "D1", "amount": Decimal("500.00"), "method": "card", "date": "2023-01-02"}
    if tax_point is None:
        deposit["date"] = "2022-12-20"
    found = run(sale(day, "12000.00", deposits=[deposit]), "eu-fr")
    assert found.deal["dates"].get("tax_point") == tax_point


@pytest.mark.parametrize("rules", EU)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sale_class": "used"}, "R001"),
        ({"sale_class": "used", "vehicle": {"tax_acquisition": "margin"}}, "R021"),
        ({"sale_class": "used", "vehicle": {"tax_acquisition": "second_hand_unregistered"}}, "R032"),
        ({"said": {"vat_scheme": "margin"}}, "R016"),
    ],
)
def test_what_is_refused_with_its_reason(rules: str, change: dict[str, Any], code: str) -> None:
    assert code in codes(run(sale("2026-03-20", "12000.00", **change), rules))


@pytest.mark.parametrize("rules", EU)
def test_a_trade_in_of_a_registered_business_waits_for_its_invoice(rules: str) -> None:
    trade = {"stock_no": "U1T", "registration": "M-AB 1", "allowance": Decimal("6000.00"), "acv": Decimal("6000.00")}
    customer = {"type": "business", "tax_status": "vat_registered"}
    assert codes(run(sale("2026-03-20", "12000.00", customer=customer, trade_ins=[trade]), rules)) == ["R105"]
    private = run(sale("2026-03-20", "12000.00", trade_ins=[{**trade, "seller_tax_status": "private"}]), rules)
    assert codes(private) == []


@pytest.mark.parametrize("rules", EU)
def test_days_before_the_rulebook_are_refused(rules: str) -> None:
    assert "R008" in codes(run(sale("2013-06-30", "12000.00"), rules))
    assert codes(run(sale("2013-07-01", "12000.00"), rules)) == []
