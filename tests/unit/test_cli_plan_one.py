"""`plan` of one deal and of a worked case: exactly the form of `expected`, and a page for a pencil."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_support import BOOK, Cli, make_cli
from typer.testing import CliRunner

from dealbooks.cli.app import app

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
