"""United Kingdom: every golden case taxed anew, export, the finance house as buyer, disbursements, insurance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealbooks.posting import case_expected
from tests.determine_support import case
from tests.regime_support import check_golden, codes, golden_draft, line_codes, message, run, sale, taxes, without_tax

USED = {"tax_acquisition": "margin", "stock_book_purchase_price": Decimal("9000.00")}


@pytest.mark.parametrize("name", ["G09", "G10", "G11", "G12", "G13"])
def test_golden_case_is_taxed_as_its_case(name: str) -> None:
    check_golden(name, "uk")


def test_golden_amendment_is_taxed_as_its_case() -> None:
    whole = case("G14")
    first, second = (run(without_tax(whole[key]), "uk") for key in ("deal", "deal_amended"))
    assert codes(first) == codes(second) == []
    posted = case_expected(dict(first.deal), dict(second.deal), whole["scenario"])
    assert posted["taxes"] == whole["expected"]["taxes"]
    assert posted["closing_balances"] == whole["expected"]["closing_balances"]


def test_golden_export_is_zero_rated_because_the_source_says_so() -> None:
    check_golden("G24", "uk", said={"vat_scheme": "zero"})


def test_an_export_that_nobody_states_is_taxed_and_flagged() -> None:
    draft = golden_draft("G24")
    draft.deal["customer"]["address"] = {"country": "NG"}
    found = run(draft, "uk")
    assert codes(found) == ["R108"]
    assert "vat_scheme zero" in message(found, "R108")
    assert set(line_codes(found)) == {"GB-S"}


@pytest.mark.parametrize("address", [{"country": "GB"}, {"country": "IM"}, {"region": "GB-WLS"}, {}])
def test_a_sale_in_the_vat_area_is_no_export(address: dict[str, str]) -> None:
    assert codes(run(sale("2026-03-02", "12000.00", customer={"address": address}), "uk")) == []


def test_a_margin_car_may_be_exported_without_vat() -> None:
    said = {"vat_scheme": "zero"}
    found = run(sale("2026-03-02", "12000.00", sale_class="used", vehicle=USED, said=said), "uk")
    assert (codes(found), line_codes(found), taxes(found, "uk")) == ([], ["GB-Z"], [])


@pytest.mark.parametrize("kind", ["hire_purchase", "pcp"])
def test_under_hire_purchase_the_finance_house_is_the_buyer_and_its_commission_exempt(kind: str) -> None:
    finance = {"lender": "Black Horse", "type": kind, "amount_financed": Decimal("12000.00"), "reserve": "300.00"}
    found = run(sale("2026-03-02", "12000.00", finance=finance), "uk")
    assert found.deal["bill_to"]["id"] == "BLACK-HORSE"
    assert found.deal["finance"]["reserve_tax_code"] == "GB-E"
    assert taxes(found, "uk") == [("GB-S", "10000.00", "2000.00")]  # 12,000.00 / 6


def test_a_personal_loan_leaves_the_customer_the_buyer() -> None:
    finance = {"lender": "Pennine", "type": "loan", "amount_financed": Decimal("12000.00")}
    assert "bill_to" not in run(sale("2026-03-02", "12000.00", finance=finance), "uk").deal


@pytest.mark.parametrize(
    ("sale_class", "vehicle", "code", "provider"),
    [("new", {}, "GB-O", "DVLA"), ("used", USED, "GB-O", "DVLA"), ("demo", {}, "GB-S", None)],
)
def test_road_tax_is_a_disbursement_unless_the_car_was_taxed_before(
    sale_class: str, vehicle: dict[str, Any], code: str, provider: str | None
) -> None:
    draft = sale("2026-03-02", "12000.00", sale_class=sale_class, vehicle=vehicle)
    draft.said["fees"] = [{"line_id": "F1", "name": "Road tax", "amount": Decimal("190.00")}]
    line = run(draft, "uk").deal["lines"][1]
    assert (line["tax_code"], line.get("provider")) == (code, provider)


def test_insurance_as_agent_is_exempt_and_outside_the_margin() -> None:
    lines = (("insurance", "GAP insurance", "299.00"),)
    found = run(sale("2026-03-02", "10200.00", sale_class="used", vehicle=USED, lines=lines), "uk")
    assert line_codes(found) == ["GB-M", "GB-E"]
    assert taxes(found, "uk") == [("GB-M", "1200.00", "200.00")]  # (10,200.00 - 9,000.00) / 6


def test_a_trade_in_of_a_registered_business_gives_no_input_tax_until_stated() -> None:
    trade = {"stock_no": "U1P", "registration": "AB12CDE", "allowance": Decimal("6000.00"), "acv": Decimal("6000.00")}
    customer = {"type": "business", "tax_status": "vat_registered"}
    draft = sale("2026-03-02", "12000.00", customer=customer, trade_ins=[trade])
    found = run(draft, "uk")
    assert codes(found) == ["R105"]
    assert "input_tax_fraction" not in found.deal["trade_ins"][0]
    draft.deal["trade_ins"][0] |= {"input_tax_fraction": "1/6", "input_tax_code": "GB-IN"}
    assert codes(run(draft, "uk")) == []


def test_the_day_before_the_rulebook_is_refused() -> None:
    assert "R008" in codes(run(sale("2011-01-03", "12000.00"), "uk"))
    found = run(sale("2011-01-04", "12000.00"), "uk")
    assert taxes(found, "uk") == [("GB-S", "10000.00", "2000.00")]
