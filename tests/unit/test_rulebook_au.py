"""Australia: GST, luxury car tax by year and fuel use, the Division 66 credit, GST inside commissions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealbooks.deal import Deal
from dealbooks.posting import post_deal
from tests.regime_support import BOOKS, check_golden, codes, line_codes, message, run, sale, taxes

THIRSTY = {"fuel_l_100km": Decimal("9.8"), "year": 2026}


def test_golden_luxury_car_is_taxed_as_its_case() -> None:
    check_golden("G15", "au")


def test_golden_used_car_takes_the_division_66_credit_on_its_cost_with_a_warning() -> None:
    check_golden("G16", "au", found=("R103",))


def test_a_new_car_with_on_roads_has_gst_in_the_price_and_none_in_the_duties() -> None:
    # (40,700.00 + 1,980.00) / 11 = 3,700.00 and 180.00; stamp duty, registration and CTP are outside.
    lines = (
        ("delivery_fee", "Dealer delivery", "1980.00"),
        ("government_fee", "Stamp duty", "1500.00"),
        ("government_fee", "Rego", "400.00"),
        ("government_fee", "CTP green slip", "600.00"),
    )
    found = run(sale("2026-02-11", "40700.00", vehicle=THIRSTY, lines=lines), "au")
    assert codes(found) == []
    assert line_codes(found) == ["AU-GST", "AU-GST", "AU-OUT", "AU-OUT", "AU-OUT"]
    assert [line.get("provider") for line in found.deal["lines"][2:]] == ["REVENUE-NSW", "SERVICE-NSW", "CTP-INSURER"]
    assert taxes(found, "au") == [("AU-GST", "38800.00", "3880.00")]


@pytest.mark.parametrize(
    ("day", "litres", "threshold"),
    [
        ("2023-06-30", "9.8", "71849.00"),
        ("2023-07-01", "9.8", "76950.00"),
        ("2024-06-30", "9.8", "76950.00"),
        ("2024-07-01", "9.8", "80567.00"),
        ("2026-06-30", "9.8", "80567.00"),
        ("2024-06-30", "7.0", "89332.00"),
        ("2024-07-01", "7.0", "91387.00"),
        ("2025-06-30", "7.0", "91387.00"),  # fuel-efficient up to 7 L/100 km ...
        ("2025-07-01", "7.0", "80567.00"),  # ... and from 1 July 2025 up to 3.5 only
        ("2025-07-01", "3.5", "91387.00"),
        ("2025-07-01", "3.6", "80567.00"),
        ("2025-07-01", "0", "91387.00"),
    ],
)
def test_threshold_by_year_and_fuel_use(day: str, litres: str, threshold: str) -> None:
    found = run(sale(day, "110000.00", vehicle={"fuel_l_100km": Decimal(litres), "year": 2026}), "au")
    lct = found.deal["tax"]["lct"]
    assert (str(lct["threshold"]), str(lct["rate"])) == (threshold, "0.33")
    # (110,000.00 - 80,567.00) x 10/11 x 33% = 8,829.90; with 91,387.00 it is 5,583.90
    amounts = {"80567.00": "8829.90", "91387.00": "5583.90"}
    if threshold in amounts:
        assert ("AU-LCT", str(Decimal(110000) - Decimal(threshold)) + "", amounts[threshold]) in [
            (code, str(Decimal(base).quantize(Decimal("0.00"))), amount) for code, base, amount in taxes(found, "au")
        ]


def test_an_electric_car_is_fuel_efficient() -> None:
    found = run(sale("2026-02-11", "95000.00", vehicle={"powertrain": "Electric"}), "au")
    assert str(found.deal["tax"]["lct"]["threshold"]) == "91387.00"
    # (95,000.00 - 91,387.00) x 10/11 x 33% = 1,083.90
    assert taxes(found, "au")[1][2] == "1083.90"


def test_discount_delivery_and_accessories_count_and_a_service_plan_does_not() -> None:
    lines = (
        ("discount", "Discount", "-3000.00"),
        ("accessory", "Tow bar", "1100.00"),
        ("delivery_fee", "Dealer delivery", "1900.00"),
        ("fi_product", "Service plan", "2200.00"),
    )
    found = run(sale("2026-02-11", "81000.00", vehicle=THIRSTY, lines=lines), "au")
    assert [line.get("in_lct_value", False) for line in found.deal["lines"]] == [True, True, True, True, False]
    # 81,000 - 3,000 + 1,100 + 1,900 = 81,000; 433.00 above 80,567: x 10/11 x 33% = 129.90
    assert taxes(found, "au")[1][1:] == ("433.00", "129.90")


@pytest.mark.parametrize("price", ["80567.00", "30000.00"])
def test_up_to_the_threshold_fuel_use_need_not_be_known(price: str) -> None:
    found = run(sale("2026-02-11", price), "au")
    assert codes(found) == []
    assert [code for code, _, _ in taxes(found, "au")] == ["AU-GST"]


def test_above_the_threshold_unknown_fuel_use_is_refused() -> None:
    found = run(sale("2026-02-11", "80567.01"), "au")
    assert codes(found) == ["R101"]
    assert "fuel_l_100km" in message(found, "R101")
    assert "lct" not in found.deal["tax"]


def test_a_year_without_thresholds_holds_only_cars_above_the_last_ones() -> None:
    assert codes(run(sale("2026-07-01", "80567.00", vehicle=THIRSTY), "au")) == []
    found = run(sale("2026-07-01", "80567.01", vehicle=THIRSTY), "au")
    assert codes(found) == ["R008"]
    assert "luxury_car_tax.thresholds" in message(found, "R008")


@pytest.mark.parametrize(
    ("change", "price"),
    [
        ({"said": {"luxury_car_tax": "commercial vehicle"}}, "120000.00"),
        ({"said": {"luxury_car_tax": "ABN quoted"}}, "120000.00"),
        ({"customer": {"type": "business", "tax_status": "reseller"}}, "120000.00"),
        ({"sale_class": "used", "vehicle": {"year": 2023, "tax_acquisition": "qualifying"}}, "120000.00"),
    ],
)
def test_no_luxury_car_tax(change: dict[str, Any], price: str) -> None:
    found = run(sale("2026-02-11", price, **change), "au")
    assert codes(found) == []
    assert [code for code, _, _ in taxes(found, "au")] == ["AU-GST"]


def test_a_young_used_car_above_the_threshold_is_not_guessed() -> None:
    vehicle = {"year": 2024, "tax_acquisition": "qualifying", "fuel_l_100km": Decimal("9.8")}
    found = run(sale("2026-02-11", "120000.00", sale_class="used", vehicle=vehicle), "au")
    assert codes(found) == ["R102"]
    assert "two years old or less" in message(found, "R102")


def test_a_gst_free_sale_bears_neither_gst_nor_luxury_car_tax_nor_gives_a_credit() -> None:
    vehicle = {"tax_acquisition": "second_hand_unregistered", "stock_book_purchase_price": Decimal("90000.00")}
    found = run(sale("2026-02-11", "120000.00", sale_class="used", vehicle=vehicle, said={"vat_scheme": "zero"}), "au")
    assert codes(found) == []
    assert line_codes(found) == ["AU-FRE"]
    assert "second_hand_credit" not in found.deal["vehicle"]
    assert taxes(found, "au") == []


@pytest.mark.parametrize(("paid", "credit"), [("300.00", None), ("300.01", "27.27"), ("12100.00", "1000.00")])
def test_division_66_credit_above_300_on_the_price_paid_and_never_above_the_gst_on_the_sale(
    paid: str, credit: str | None
) -> None:
    vehicle = {"tax_acquisition": "second_hand_unregistered", "stock_book_purchase_price": Decimal(paid)}
    found = run(sale("2026-02-19", "11000.00", sale_class="used", vehicle=vehicle), "au")
    assert codes(found) == []
    # 1/11 of 300.01 = 27.27; 1/11 of 12,100.00 = 1,100.00, but the GST on the sale is 11,000.00 / 11 = 1,000.00
    assert ("second_hand_credit" in found.deal["vehicle"]) == (credit is not None)
    posted = post_deal(Deal.model_validate(found.deal), book=BOOKS["au"])
    taken = [line.debit for entry in posted.entries for line in entry.lines if line.role == "tax.input"]
    assert [str(amount) for amount in taken] == ([credit] if credit else [])


def _trade(**more: Any) -> dict[str, Any]:
    return {
        "stock_no": "U1T",
        "registration": "ABC12D",
        "allowance": Decimal("11000.00"),
        "acv": Decimal("11000.00"),
        **more,
    }


def test_trade_in_of_a_private_seller_gives_no_credit_yet_and_of_a_registered_one_its_gst() -> None:
    vehicle = {"tax_acquisition": "qualifying", "year": 2020}
    found = run(sale("2026-02-19", "20000.00", sale_class="used", vehicle=vehicle, trade_ins=[_trade()]), "au")
    assert found.deal["trade_ins"][0]["seller_tax_status"] == "private"
    assert "input_tax_fraction" not in found.deal["trade_ins"][0]
    business = {"type": "business", "tax_status": "registrant"}
    bought = sale("2026-02-19", "20000.00", sale_class="used", vehicle=vehicle, customer=business, trade_ins=[_trade()])
    trade = run(bought, "au").deal["trade_ins"][0]
    assert (trade["input_tax_fraction"], trade["input_tax_code"]) == ("1/11", "AU-GST-CAP")


def test_a_seller_who_may_or_may_not_be_registered_is_asked_for() -> None:
    vehicle = {"tax_acquisition": "qualifying"}
    draft = sale(
        "2026-02-19",
        "20000.00",
        sale_class="used",
        vehicle=vehicle,
        customer={"type": "business"},
        trade_ins=[_trade()],
    )
    found = run(draft, "au")
    assert codes(found) == ["R104"]
    assert "seller_status" in message(found, "R104")


def test_commissions_of_lender_and_insurer_have_gst_inside() -> None:
    finance = {
        "lender": "Lender Australia",
        "type": "loan",
        "amount_financed": Decimal("31320.00"),
        "reserve": "550.00",
    }
    draft = sale("2026-02-11", "30000.00", lines=(("insurance", "Gap insurance", "1320.00"),), finance=finance)
    draft.deal["lines"][1]["cost"] = Decimal("1100.00")
    found = run(draft, "au")
    assert found.deal["lines"][1]["commission_tax_code"] == "AU-GST-COM"
    # 550.00 / 11 = 50.00 and (1,320.00 - 1,100.00) / 11 = 20.00; the base is what is left of both
    assert taxes(found, "au")[1] == ("AU-GST-COM", "700.00", "70.00")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sale_class": "used"}, "R001"),
        ({"sale_class": "used", "vehicle": {"tax_acquisition": "margin", "stock_book_purchase_price": "1"}}, "R032"),
        ({"said": {"vat_scheme": "margin"}}, "R016"),
        ({"customer": {"address": {"country": "NZ"}}}, "R108"),
    ],
)
def test_what_is_refused_or_flagged_with_its_reason(change: dict[str, Any], code: str) -> None:
    assert code in codes(run(sale("2026-02-11", "30000.00", **change), "au"))


def test_days_before_the_rulebook_are_refused() -> None:
    assert "R008" in codes(run(sale("2015-06-30", "30000.00"), "au"))
    assert codes(run(sale("2015-07-01", "30000.00"), "au")) == []
