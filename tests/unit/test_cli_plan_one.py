"""`plan` of one deal and of a worked case: exactly the form of `expected`, and a page for a pencil."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from cli_support import BOOK, Cli, make_cli
from typer.testing import CliRunner

from dealbooks.cli.app import app
from dealbooks.posting import work_case, workings

CASES = sorted((Path(__file__).parents[1] / "golden" / "cases").glob("*.json"))
UK = next(path for path in CASES if path.name.startswith("G09"))


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return make_cli(tmp_path / "house")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_case_comes_out_as_expected(case: Path) -> None:
    result = CliRunner().invoke(app, ["plan", "--case", str(case), "--json"])
    assert result.exit_code == 0, result.output
    wanted = json.loads(case.read_text(encoding="utf-8"))["expected"]
    got = json.loads(result.stdout)
    assert set(got) == set(wanted)
    assert got["invoice"] == wanted["invoice"]
    assert got["closing_balances"] == wanted["closing_balances"]
    assert sorted(entry["entry_id"] for entry in got["entries"]) == sorted(
        entry["entry_id"] for entry in wanted["entries"]
    )


def test_the_page_shows_every_entry_its_total_and_why() -> None:
    result = CliRunner().invoke(app, ["plan", "--case", str(CASES[0])])
    assert result.exit_code == 0
    for entry in json.loads(CASES[0].read_text(encoding="utf-8"))["expected"]["entries"]:
        assert f"{entry['entry_id']}  {entry['event']}  {entry['accounting_date']}" in result.stdout
        assert f"total\t\t{entry['total_debit']}\t{entry['total_credit']}" in result.stdout
    assert "Contracts" not in result.stdout
    assert "The lender owes the amount financed until it funds the contract." in result.stdout


def test_one_deal_of_a_book_shows_its_accounts(cli: Cli, tmp_path: Path) -> None:
    case = json.loads(UK.read_text(encoding="utf-8"))
    file = tmp_path / "deal.json"
    file.write_text(json.dumps(case["deal"]), encoding="utf-8")
    assert cli.json("plan", "--deal", str(file), "--book", BOOK)["invoice"] == case["expected"]["invoice"]
    page = cli.run("plan", "--deal", str(file), "--book", BOOK)
    assert "1001 New vehicle stock" in page.stdout
    assert not (cli.folder / "var" / "dealbooks.db").exists()


def test_a_deal_that_cannot_be_posted_ends_3(cli: Cli, tmp_path: Path) -> None:
    deal = json.loads(CASES[0].read_text(encoding="utf-8"))["deal"]
    file = tmp_path / "deal.json"
    file.write_text(json.dumps(deal), encoding="utf-8")
    result = cli.run("plan", "--deal", str(file), "--book", BOOK)
    assert result.exit_code == 3
    assert "SUNCOAST-MOTORS-LLC" in result.stderr


@pytest.mark.parametrize("text", ["{", '{"deal": 1}', '{"deal": {"deal_id": 1.5}}', "[]"])
def test_a_file_that_is_no_case_ends_2(tmp_path: Path, text: str) -> None:
    file = tmp_path / "case.json"
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["plan", "--case", str(file)])
    assert result.exit_code == 2
    assert "Problem:" in result.stderr


@pytest.mark.parametrize(
    "options",
    [["--deal", "{}"], ["--book", "x"], ["--deal", "{}", "--case", "{}"], ["--case", "{}", "--since", "2026-01-01"]],
)
def test_options_that_do_not_go_together_end_2(tmp_path: Path, options: list[str]) -> None:
    file = tmp_path / "f.json"
    file.write_text("{}", encoding="utf-8")
    result = CliRunner().invoke(app, ["plan", *(str(file) if one == "{}" else one for one in options)])
    assert result.exit_code == 2


def _page(number: str) -> str:
    path = next(one for one in CASES if one.name.startswith(number))
    result = CliRunner().invoke(app, ["plan", "--case", str(path)])
    assert result.exit_code == 0
    return result.stdout


def test_the_page_shows_how_taxes_gross_and_commission_are_worked_out() -> None:
    page = _page("G10")
    assert "tax\tGB-M\tmargin 2444.00 x 0.20 / (1 + 0.20), nothing on a loss\t407.33" in page
    assert "front gross\ttax on the margin\tUL1044\t-407.33" in page


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem[:3])
def test_the_steps_add_up(case: Path) -> None:
    data = json.loads(case.read_text(encoding="utf-8"))
    worked = work_case(data["deal"], data.get("deal_amended"), data.get("scenario"))
    steps = workings(worked.posted)
    for figure in ("front gross", "back gross"):
        amounts = [Decimal(one.amount) for one in steps if one.figure == figure]
        assert sum(amounts[:-1]) == amounts[-1] == Decimal(data["expected"]["metrics"][figure.replace(" ", "_")])
    paid = [Decimal(one.amount) for one in steps if one.figure == "commission"]
    assert sum(paid) == Decimal(data["expected"]["metrics"]["commission_total"])
    assert [one.amount for one in steps if one.figure == "tax"] == [x["amount"] for x in data["expected"]["taxes"]]


def test_the_page_of_a_foreign_sale_shows_both_currencies() -> None:
    page = _page("G24")
    assert "in USD  at 0.74218 GBP" in page
    assert "\tdebit GBP\tcredit GBP\t" in page
    assert "Balances of the deal in the currency of the book" in page


def test_the_page_of_an_amendment_shows_what_was_taken_back_and_the_net() -> None:
    page = _page("G14")
    assert "Version 1, taken back: invoice to C-106: 18000.00" in page
    assert "Takes back the line of sale-v1" in page
    assert "The amendment as one net journal (new version less old)" in page


def test_what_an_unwind_leaves_is_on_the_page_and_in_the_data(tmp_path: Path) -> None:
    deal = json.loads(CASES[0].read_text(encoding="utf-8"))["deal"]
    deal["trade_ins"][0]["payoff_paid"] = {"date": "2026-03-18", "method": "cheque"}
    deal["lifecycle"] = [{"at": "2026-03-25", "event": "unwound", "reason": "returned"}]
    file = tmp_path / "case.json"
    file.write_text(json.dumps({"deal": deal}), encoding="utf-8")
    told = "The payoff on trade-in U4102A was paid to CREDIT-UNION-1: collect it from the customer."
    assert f"Left to settle: {told}" in CliRunner().invoke(app, ["plan", "--case", str(file)]).stdout
    shown = CliRunner().invoke(app, ["plan", "--case", str(file), "--json"])
    assert json.loads(shown.stdout)["unwind_incomplete"] == [told]
    file.write_text(json.dumps({"deal": deal, "expected": {"entries": []}}), encoding="utf-8")
    plain = CliRunner().invoke(app, ["plan", "--case", str(file), "--json"])
    assert "unwind_incomplete" not in json.loads(plain.stdout)


def test_a_late_sale_has_its_note_on_the_page_and_the_form_of_its_case_in_the_data(tmp_path: Path) -> None:
    data = json.loads(UK.read_text(encoding="utf-8"))
    day = data["deal"]["dates"]["delivery"]
    data["scenario"] = {"closed_through": day}
    file = tmp_path / "case.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    assert f"the books are closed through {day}" in CliRunner().invoke(app, ["plan", "--case", str(file)]).stdout
    shown = json.loads(CliRunner().invoke(app, ["plan", "--case", str(file), "--json"]).stdout)
    assert not any("note" in entry or "original_date" in entry for entry in shown["entries"])
