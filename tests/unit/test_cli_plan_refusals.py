"""`plan` of a deal that must not be posted: one block that says what is wrong and what to do, and never exit code 0."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_support import BOOK, make_cli
from posting_support import case
from typer.testing import CliRunner

from dealbooks.cli.app import app

Change = Callable[[dict[str, Any]], Any]


def _second_car(deal: dict[str, Any]) -> None:
    deal["lines"].append(deal["lines"][0] | {"line_id": "99"})


def _billed_to_the_buyer(deal: dict[str, Any]) -> None:
    del deal["bill_to"]


def _demonstrator(deal: dict[str, Any]) -> None:
    deal["sale_class"] = "demo"
    del deal["vehicle"]["tax_acquisition"]


def _short(amount: str) -> Change:
    def change(deal: dict[str, Any]) -> None:
        deal["payments"][0]["amount"] = amount

    return change


REFUSED: list[tuple[str, str, Change, str]] = [
    ("unknown tax code", "G09", lambda d: d["lines"][0].update(tax_code="GB-Q"), "tax code GB-Q has no rate"),
    ("no tax code", "G09", lambda d: d["lines"][0].pop("tax_code"), "it has no tax code"),
    ("margin code on a qualifying car", "G10", lambda d: d["vehicle"].update(tax_acquisition="qualifying"), "[D081]"),
    ("margin code on an imported car", "G10", lambda d: d["vehicle"].update(tax_acquisition="import"), "[D081]"),
    ("acquisition not known", "G10", lambda d: d["vehicle"].pop("tax_acquisition"), "how the used car"),
    ("demonstrator under the margin scheme", "G10", _demonstrator, "[D050]"),
    ("spot delivery", "G08", lambda d: d.update(status="delivered", lifecycle=[], refunds=[]), "status is delivered"),
    ("cancelled without a day", "G02", lambda d: d.update(status="cancelled"), "does not say when that was"),
    ("no stock-book price", "G10", lambda d: d["vehicle"].pop("stock_book_purchase_price"), "[D051]"),
    # G02 is paid with 19396.70, and its tolerance is 0.05
    ("a cent over the tolerance", "G02", _short("19396.64"), "are left"),
    ("signed total", "G07", lambda d: d.update(contract_total="21557.31"), "signed total"),
    ("second car", "G09", _second_car, "the deal has 2 vehicle lines"),
    ("no car", "G09", lambda d: d["lines"].pop(0), "the deal has 0 vehicle lines"),
    ("splits", "G04", lambda d: d["commission_plans"][0]["splits"][0].update(share="0.3333"), "add up to 0.9999"),
    ("hire purchase billed to the buyer", "G13", _billed_to_the_buyer, "finance house buys the car"),
    ("lease billed to the driver", "G05", _billed_to_the_buyer, "lessor buys the car"),
    ("negative cost", "G02", lambda d: d["vehicle"].update(cost="-1.00"), "vehicle.cost is -1.00"),
    ("no cost", "G02", lambda d: d["vehicle"].pop("cost"), "[D048]"),
    ("no lienholder", "G01", lambda d: d["trade_ins"][0].pop("lienholder"), "the lienholder is missing"),
    ("no stock number", "G01", lambda d: d["vehicle"].update(stock_no=""), "stock number is missing"),
    ("insurance to the finance house", "G13", lambda d: d["lines"].append(
        {"line_id": "9", "kind": "insurance", "quantity": "1", "unit_price": "0.00", "tax_code": "GB-E", "cost": "0.00",
         "provider": "INSURER"}), "invoice it to the customer"),
    ("negative fee", "G02", lambda d: d["lines"].append(
        {"line_id": "9", "kind": "admin_fee", "quantity": "1", "unit_price": "-5.00", "taxable": False}), "[D063]"),
    ("same receipt twice", "G01", lambda d: d["payments"][0].update(receipt_id="D1"), "receipt number D1"),
    ("no rate of exchange", "G24", lambda d: d.pop("fx_rate"), "no exchange rate"),
    ("no VAT number", "G18", lambda d: d["customer"].pop("vat_number"), "VAT number is missing"),
    ("no resale certificate", "G06", lambda d: d["customer"].pop("resale_certificate"), "resale certificate"),
    ("lease that does not add up", "G05", lambda d: d["finance"].update(gross_cap_cost="43725.01"), "[D104]"),
    ("cap without its amount", "G04", lambda d: d["tax"]["components"][0].pop("trade_in_credit_cap"), "[D085]"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "change", "words"), [x[1:] for x in REFUSED], ids=[x[0] for x in REFUSED])
def test_a_deal_that_must_not_be_posted_is_refused(tmp_path: Path, number: str, change: Change, words: str) -> None:
    deal = case(number)
    change(deal)
    file = tmp_path / "case.json"
    file.write_text(json.dumps({"deal": deal}), encoding="utf-8")
    told = CliRunner().invoke(app, ["plan", "--case", str(file)])
    assert told.exit_code == 3
    assert told.stdout == ""
    assert words in told.stderr
    assert told.stderr.count("Problem:") == told.stderr.count("What to do:") == 1
    assert "Traceback" not in told.stderr
    plain = CliRunner().invoke(app, ["plan", "--case", str(file), "--json"])
    assert (plain.exit_code, plain.stdout) == (3, "")
    assert words in json.loads(plain.stderr)["error"]["message"]


def test_every_rule_that_is_broken_is_told_at_once(tmp_path: Path) -> None:
    deal = case("G01")
    deal["vehicle"]["cost"] = "-1.00"
    del deal["trade_ins"][0]["lienholder"]
    file = tmp_path / "case.json"
    file.write_text(json.dumps({"deal": deal}), encoding="utf-8")
    told = CliRunner().invoke(app, ["plan", "--case", str(file)]).stderr
    assert "[D006]" in told
    assert "[D093]" in told


def test_a_few_cents_within_the_tolerance_are_posted(tmp_path: Path) -> None:
    deal = case("G02")
    deal["payments"][0]["amount"] = "19396.65"
    file = tmp_path / "case.json"
    file.write_text(json.dumps({"deal": deal}), encoding="utf-8")
    assert CliRunner().invoke(app, ["plan", "--case", str(file)]).exit_code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(location="NOWHERE"), "the location NOWHERE is not set up"),
        (lambda d: d["vehicle"].update(stock_location="BARN"), "the location BARN is not set up"),
        (lambda d: d.update(legal_entity="OTHER-LTD"), "no book is set up for the legal entity OTHER-LTD"),
        (lambda d: d.update(base_currency="EUR", fx_rate="1.1"), "the book is kept in GBP"),
    ],
)
def test_a_deal_of_another_book_is_refused(tmp_path: Path, change: Change, words: str) -> None:
    cli = make_cli(tmp_path / "house")
    deal = case("G09")
    change(deal)
    file = tmp_path / "deal.json"
    file.write_text(json.dumps(deal), encoding="utf-8")
    told = cli.run("plan", "--deal", str(file), "--book", BOOK)
    assert told.exit_code == 3
    assert words in told.stderr


def test_a_role_without_an_account_names_the_line_and_where_to_mend_it(tmp_path: Path) -> None:
    chart = "    chart: charts/uk.yaml"
    cli = make_cli(tmp_path / "house", changes=[(chart, f"    accounts: {{income.admin_fee: ''}}\n{chart}")])
    deal = case("G09")
    file = tmp_path / "deal.json"
    file.write_text(json.dumps(deal), encoding="utf-8")
    told = cli.run("plan", "--deal", str(file), "--book", BOOK)
    assert told.exit_code == 3
    assert "no account for income.admin_fee, which is needed by line 4 (Deli" in told.stderr
    assert f"books: {BOOK}: accounts: {{income.admin_fee:" in told.stderr
