"""New Zealand: GST on every car, the second-hand goods credit on the trade-in, exempt and taxable commissions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealbooks.deal import Deal
from dealbooks.posting import post_deal
from tests.regime_support import BOOKS, check_golden, codes, line_codes, message, run, sale, taxes

TRADE = {"stock_no": "U1T", "registration": "KLM482", "allowance": Decimal("11500.00"), "acv": Decimal("11500.00")}


def test_golden_case_is_taxed_as_its_case() -> None:
    check_golden("G20", "nz")


@pytest.mark.parametrize("acquired", [None, "qualifying", "second_hand_unregistered", "import"])
def test_gst_is_in_the_full_price_however_the_car_was_acquired(acquired: str | None) -> None:
    vehicle = {"tax_acquisition": acquired} if acquired else {}
    lines = (("government_fee", "Registration", "300.00"),)
    found = run(sale("2026-06-15", "23000.00", sale_class="used", vehicle=vehicle, lines=lines), "nz")
    assert (codes(found), line_codes(found)) == ([], ["NZ-GST", "NZ-OUT"])
    assert taxes(found, "nz") == [("NZ-GST", "20000.00", "3000.00")]  # 23,000.00 x 3/23


@pytest.mark.parametrize(
    ("status", "customer", "code"),
    [
        ("private", {}, "NZ-GST-SH"),
        ("unregistered", {}, "NZ-GST-SH"),
        ("non_registrant", {}, "NZ-GST-SH"),
        ("registrant", {}, "NZ-GST-IN"),
        (None, {}, "NZ-GST-SH"),  # an individual is taken as private
        (None, {"type": "business", "tax_status": "registrant"}, "NZ-GST-IN"),
    ],
)
def test_the_trade_in_brings_three_twenty_thirds(status: str | None, customer: dict[str, Any], code: str) -> None:
    trade = {**TRADE, **({"seller_tax_status": status} if status else {})}
    found = run(sale("2026-06-15", "23000.00", customer=customer, trade_ins=[trade]), "nz")
    assert codes(found) == []
    ours = found.deal["trade_ins"][0]
    assert (ours["input_tax_fraction"], ours["input_tax_code"]) == ("3/23", code)
    posted = post_deal(Deal.model_validate(found.deal), book=BOOKS["nz"])
    taken = [line.debit for entry in posted.entries for line in entry.lines if line.role == "tax.input"]
    assert [str(amount) for amount in taken] == ["1500.00"]  # 11,500.00 x 3/23


def test_a_business_of_unknown_status_is_asked_for() -> None:
    found = run(sale("2026-06-15", "23000.00", customer={"type": "business"}, trade_ins=[dict(TRADE)]), "nz")
    assert codes(found) == ["R104"]
    assert "seller_status" in message(found, "R104")


def test_what_the_source_states_of_the_trade_in_wins() -> None:
    trade = {**TRADE, "seller_tax_status": "registrant", "input_tax_amount": Decimal("1725.00")}
    ours = run(sale("2026-06-15", "23000.00", trade_ins=[trade]), "nz").deal["trade_ins"][0]
    assert (ours["input_tax_amount"], ours.get("input_tax_fraction"), ours["input_tax_code"]) == (
        Decimal("1725.00"),
        None,
        "NZ-GST-IN",
    )


def test_an_export_is_zero_rated_when_stated() -> None:
    customer = {"address": {"country": "FJ"}}
    assert codes(run(sale("2026-06-15", "23000.00", customer=customer), "nz")) == ["R108"]
    found = run(sale("2026-06-15", "23000.00", customer=customer, said={"vat_scheme": "zero"}), "nz")
    assert (codes(found), line_codes(found), taxes(found, "nz")) == ([], ["NZ-ZR"], [])


def test_arranging_credit_is_exempt_and_an_insurance_commission_taxable() -> None:
    finance = {"lender": "Lender NZ", "type": "loan", "amount_financed": Decimal("23805.00"), "reserve": "350.00"}
    draft = sale(
        "2026-06-15", "23000.00", lines=(("insurance", "Mechanical breakdown insurance", "805.00"),), finance=finance
    )
    draft.deal["lines"][1]["cost"] = Decimal("575.00")
    found = run(draft, "nz")
    assert found.deal["finance"]["reserve_tax_code"] == "NZ-EX"
    # (805.00 - 575.00) x 3/23 = 30.00, of which 200.00 is ours
    assert taxes(found, "nz")[1:] == [("NZ-GST-COM", "200.00", "30.00")]


def test_the_first_payment_is_the_time_of_supply() -> None:
    deposit = {"receipt_id": "D1", "amount": Decimal("500.00"), "method": "card", "date": "2026-05-30"}
    found = run(sale("2026-06-15", "23000.00", deposits=[deposit]), "nz")
    assert found.deal["dates"]["tax_point"] == "2026-05-30"


def test_there_is_no_margin_scheme() -> None:
    found = run(sale("2026-06-15", "23000.00", sale_class="used", said={"vat_scheme": "margin"}), "nz")
    assert "R016" in codes(found)
    assert "standard or zero" in message(found, "R016")


def test_fifteen_percent_since_1_october_2010() -> None:
    assert "R008" in codes(run(sale("2010-09-30", "23000.00"), "nz"))
    assert taxes(run(sale("2010-10-01", "23000.00"), "nz"), "nz") == [("NZ-GST", "20000.00", "3000.00")]
