"""Each rule of determine is raised by its fault, alone, and says what to do; nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from dealbooks.book import Book
from dealbooks.catalogue_determine import DETERMINE_RULES
from dealbooks.determine import determine, load_rulebook
from dealbooks.draft import Determined, Draft
from dealbooks.findings import Severity
from tests.determine_support import FLORIDA, UK, restated

RULES = {rule.code: rule for rule in DETERMINE_RULES}


def _uk(draft: Draft, **more: Any) -> Determined:
    return _run(draft, UK, "uk", **more)


def _run(draft: Draft, book: Book, rules: str, **more: Any) -> Determined:
    settings = {"rulebook": load_rulebook(rules), "locations": {}} | more
    return determine(draft, book=book, source_system="drop", **settings)


def _codes(determined: Determined) -> list[str]:
    return sorted({one.code for one in determined.findings} - {"R020"})


def _set(part: str, key: str, value: Any) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.deal[part][key] = value

    return change


def _say(key: str, value: Any) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.said[key] = value

    return change


def _drop(part: str, key: str) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        del draft.deal[part][key]

    return change


def _say_in(part: str, key: str, value: Any) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        group = draft.said[part]
        (group[0] if isinstance(group, list) else group)[key] = value

    return change


def _no_dates(draft: Draft) -> None:
    draft.deal["dates"] = {"contract": "soon"}


def _no_customer(draft: Draft) -> None:
    draft.deal["customer"] = {}


def _name_only(draft: Draft) -> None:
    draft.deal["customer"] = {"name": "Aled Vaughan"}


def _line_of_no_kind(draft: Draft) -> None:
    draft.deal["lines"][0]["kind"] = "present"


def _rebate(draft: Draft) -> None:
    draft.said["rebate"] = Decimal("100.00")


def _trade_without_value(draft: Draft) -> None:
    del draft.deal["trade_ins"][0]["acv"]


def _passed_on_for_more(draft: Draft) -> None:
    draft.said["fees"][1]["cost"] = Decimal("50.00")


def _accessory_without_cost(draft: Draft) -> None:
    del draft.deal["lines"][2]["cost"]


def _auction_line(draft: Draft) -> None:
    draft.deal["lines"].append({"line_id": "9", "kind": "auction_fee", "unit_price": Decimal(-50)})


FAULTS: list[tuple[str, str, Callable[[Draft], None], str]] = [
    ("R001", "G10", _drop("vehicle", "tax_acquisition"), "vehicle.tax_acquisition"),
    ("R002", "G13", _say_in("finance", "company", "Unheard-of Bank"), "finance.lender"),
    ("R002", "G13", _say_in("finance", "company", None), "finance.lender"),
    ("R003", "G09", _say_in("fees", "name", "Sundries"), "lines[3].kind"),
    ("R004", "G10", _say_in("products", "kind", "other"), "lines[2].kind"),
    ("R005", "G01", _set("customer", "region", "US-GA"), "tax"),
    ("R005", "G01", _set("customer", "address", {"region": "FL", "postcode": "32801"}), "tax"),
    ("R006", "G11", _say("store_code", "LUTON"), "location"),
    ("R007", "G11", _drop("vehicle", "cost"), "vehicle.cost"),
    ("R008", "G11", _set("dates", "delivery", "2010-12-31"), ""),
    ("R009", "G11", _say("taxes", [{"name": "VAT", "rate": Decimal("17.5"), "amount": Decimal(1)}]), "taxes[0].rate"),
    ("R009", "G01", _say("taxes", [{"name": "STATE", "code": "US-FL-STATE", "rate": Decimal("7")}]), "taxes[0].rate"),
    ("R010", "G11", _say("salesperson_id", None), "commission_plans[0].splits[0]"),
    ("R011", "G13", _say_in("finance", "type", None), "finance.type"),
    ("R011", "G13", _say_in("finance", "type", "lease purchase"), "finance.type"),
    ("R011", "G01", _say_in("finance", "type", "PCP"), "finance.type"),
    ("R012", "G11", _no_dates, "dates.contract"),
    ("R013", "G11", _drop("dates", "delivery"), "dates.delivery"),
    ("R014", "G11", _say("condition", "mint"), "sale_class"),
    ("R015", "G11", _say("deal_type", "trade_only"), "deal_type"),
    ("R016", "G13", _say("vat_scheme", "margin"), "vehicle.tax_acquisition"),
    ("R016", "G11", _say("vat_scheme", "standard"), "vehicle.tax_acquisition"),
    ("R017", "G01", _say_in("fees", "taxable", False), "lines[2].taxable"),
    ("R017", "G09", _say_in("fees", "taxable", False), "lines[3].tax_code"),
    ("R017", "G10", _say_in("fees", "kind", "delivery_fee"), "lines[1].kind"),
    ("R018", "G11", _name_only, "customer.id"),
    ("R019", "G11", _no_customer, "customer.id"),
    ("R022", "G11", _say("price_includes_tax", False), "lines"),
    ("R022", "G01", _say("price_includes_tax", True), "lines"),
    ("R021", "G11", _drop("vehicle", "stock_book_purchase_price"), "vehicle.stock_book_purchase_price"),
    ("R023", "G09", _passed_on_for_more, "lines[4].unit_price"),
    ("R024", "G13", _say_in("trades", "payoff_lender", "Somebody Ltd"), "trade_ins[0].lienholder"),
    ("R025", "G10", _say_in("products", "cost", None), "lines[2].cost"),
    ("R028", "G09", _accessory_without_cost, "lines[2].cost"),
    ("R031", "G11", _line_of_no_kind, "lines[0].kind"),
    ("R032", "G11", _auction_line, "lines[1].tax_code"),
    ("R033", "G10", _trade_without_value, "trade_ins[0].acv"),
]


@pytest.mark.parametrize(("code", "name", "change", "field"), FAULTS)
def test_a_fault_gives_its_rule_and_no_other(code: str, name: str, change: Callable[[Draft], None], field: str) -> None:
    draft = restated(name)
    change(draft)
    determined = _run(draft, FLORIDA, "us-fl") if name == "G01" else _uk(draft)
    assert _codes(determined) == [code]
    found = next(one for one in determined.findings if one.code == code)
    assert found.field == field
    assert found.severity is RULES[code].severity
    assert "{" not in found.message


@pytest.mark.parametrize(
    ("code", "name", "change"),
    [
        ("R030", "G11", _rebate),
        ("R029", "G09", _say("deal_type", "retail")),
    ],
)
def test_a_rule_taken_out_of_the_rulebook_is_missed(code: str, name: str, change: Callable[[Draft], None]) -> None:
    book = load_rulebook("uk")
    without = book.model_copy(
        update={
            "rebates": (),
            "commissions": book.commissions.model_copy(update={"plans": book.commissions.plans[1:]}),
        }
    )
    without._in_force = {}
    draft = restated(name)
    change(draft)
    assert _codes(_uk(draft, rulebook=without)) == [code]


def test_r020_the_locations_tax_is_used_with_a_warning_when_the_address_is_missing() -> None:
    draft = restated("G01")
    determined = _run(draft, FLORIDA, "us-fl")
    (found,) = determined.findings
    assert (found.code, found.severity) == ("R020", Severity.WARNING)
    assert "US-FL-HILLSBOROUGH" in found.message


def test_every_rule_is_raised_here_or_in_the_golden_tests() -> None:
    by_country = {"R034", "R035", "R036", "R037", "R038"}  # tests of the rulebooks of the US and of Canada
    assert set(RULES) == {fault[0] for fault in FAULTS} | {"R020", "R026", "R027", "R029", "R030"} | by_country


def test_nothing_is_guessed_for_what_cannot_be_derived() -> None:
    draft = restated("G10")
    draft.said["vat_scheme"] = "margin"
    del draft.deal["vehicle"]["tax_acquisition"]
    determined = _uk(draft)
    assert determined.deal["vehicle"].get("tax_acquisition") is None
    assert "tax_code" not in determined.deal["lines"][0]
    draft = restated("G13")
    draft.said["finance"]["type"] = None
    determined = _uk(draft)
    assert determined.deal["finance"].get("type") is None
    assert "bill_to" not in determined.deal


def test_a_lease_is_not_taxed_as_a_sale() -> None:
    draft = restated("G01")
    draft.said["deal_type"] = "lease"
    determined = _run(draft, FLORIDA, "us-fl")
    assert "R005" in _codes(determined)
    assert "tax" not in determined.deal


def test_the_county_of_registration_decides_not_the_showroom() -> None:
    draft = restated("G01")
    draft.deal["customer"]["address"] = {"region": "FL", "country": "US", "postcode": "33756-1234"}
    draft.deal["customer"].pop("region")
    determined = _run(draft, FLORIDA, "us-fl")
    assert determined.findings == ()
    codes = [one["code"] for one in determined.deal["tax"]["components"]]
    assert codes == ["US-FL-STATE", "US-FL-PINELLAS", "US-FL-PINELLAS-SW"]


@pytest.mark.parametrize("rate", ["6", "0.06", "6.000", "7.5", "0.075", "1.5"])
def test_stated_rates_are_understood_as_percent_or_fraction_apart_or_together(rate: str) -> None:
    draft = restated("G01")
    draft.said["taxes"] = [{"name": "FL TAX", "rate": Decimal(rate), "amount": Decimal(1)}]
    assert _codes(_run(draft, FLORIDA, "us-fl")) == []


def test_a_resale_is_not_taxed() -> None:
    draft = restated("G01")
    draft.deal["customer"]["tax_status"] = "reseller"
    determined = _run(draft, FLORIDA, "us-fl")
    assert {line["taxable"] for line in determined.deal["lines"]} == {False}
    assert determined.provenance["lines[0].taxable"].startswith("rulebook us-fl: tax.exemptions[resale]")


def test_an_export_is_zero_rated_when_the_source_says_so() -> None:
    draft = restated("G09")
    draft.said["vat_scheme"] = "zero"
    lines = _uk(draft).deal["lines"]
    assert {line["tax_code"] for line in lines if line["kind"] != "government_fee"} == {"GB-Z"}


def test_receipts_columns_become_receipts_with_the_agreed_ids() -> None:
    draft = restated("G11")
    del draft.deal["payments"]
    draft.said |= {
        "deposit": Decimal("100.00"),
        "deposit_date": "2026-03-01",
        "cash_paid": Decimal("500.00"),
        "card_paid": Decimal("0.00"),
        "bank_transfer_paid": Decimal("6395.00"),
        "balance_due": Decimal("0.00"),
    }
    deal = _uk(draft).deal
    assert deal["deposits"] == [
        {"receipt_id": "D1", "amount": Decimal("100.00"), "date": "2026-03-01", "method": "card"}
    ]
    assert [(one["receipt_id"], one["method"], one["date"]) for one in deal["payments"]] == [
        ("P-CASH", "cash", "2026-03-09"),
        ("P-BANK", "bank_transfer", "2026-03-09"),
    ]


def test_a_wholesale_earns_no_commission_by_default() -> None:
    draft = restated("G01")
    draft.said |= {"deal_type": "wholesale", "salesperson_id": None, "fi_manager_id": None}
    draft.deal["customer"]["resale_certificate"] = "RC-1"
    determined = _run(draft, FLORIDA, "us-fl")
    assert determined.deal["sale_class"] == "wholesale"
    assert "commission_plans" not in determined.deal
    assert _codes(determined) == []


def test_a_stated_commission_amount_wins_over_the_plan() -> None:
    draft = restated("G11")
    draft.said["commission_amount"] = Decimal("80.00")
    (plan,) = _uk(draft).deal["commission_plans"]
    assert plan["base"] == "flat"
    assert (plan["plan_id"], plan["flat"], plan["splits"][0]["person"]) == ("EXEC-10", Decimal("80.00"), "SE-12")


def test_customer_ids_made_of_name_and_postcode_are_stable_and_differ() -> None:
    def made(name: str, postcode: str) -> str:
        draft = restated("G11")
        draft.deal["customer"] = {"name": name, "address": {"postcode": postcode}}
        return str(_uk(draft).deal["customer"]["id"])

    assert made("Aled Vaughan", "LS1 4AP") == made("ALED  VAUGHAN", "ls14ap")
    assert made("Aled Vaughan", "LS1 4AP") != made("Aled Vaughan", "LS1 4AQ")
    assert "vaughan" not in made("Aled Vaughan", "LS1 4AP").casefold()


def test_locations_of_the_book_are_the_measure_when_given() -> None:
    assert _codes(_uk(restated("G11"), locations={"LEEDS": {}, "YORK": {}})) == []
    assert _codes(_uk(restated("G11"), locations={"YORK": {}})) == ["R006"]


def test_lines_already_made_by_the_map_are_filled_and_not_doubled() -> None:
    draft = restated("G10")
    fee = draft.said["fees"][0]
    draft.deal["lines"].append({"line_id": fee["line_id"], "description": fee["name"], "unit_price": fee["amount"]})
    lines = _uk(draft).deal["lines"]
    assert sorted(line["line_id"] for line in lines) == ["1", "2", "3", "4"]
    assert next(line for line in lines if line["line_id"] == "2")["kind"] == "admin_fee"


def test_messages_use_words_of_the_rulebook_that_must_be_mended() -> None:
    for rule in DETERMINE_RULES:
        assert rule.where == "determine"
        assert rule.text.endswith(".")
        assert rule.source
    assert [rule.code for rule in DETERMINE_RULES] == [f"R{n:03d}" for n in range(1, len(DETERMINE_RULES) + 1)]
