"""`dealbooks bank`: import, list, accept; and what a reconciliation shows of the bank."""

from __future__ import annotations

from pathlib import Path

import pytest
from bank_support import CSV, BankHouse
from cli_support import BOOK, Cli, make_cli

from dealbooks.reports.bank import bank_markdown
from dealbooks.store import Store


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    made = make_cli(tmp_path)
    config = tmp_path / "dealbooks.yaml"
    with config.open("a", encoding="utf-8") as stream:
        stream.write(f"\nbank_accounts:\n  main: {{book: {BOOK}, currency: GBP}}\n")
    return made


def test_a_statement_is_imported_once_and_listed(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "march.csv"
    file.write_text(CSV, encoding="utf-8")
    [taken] = cli.json("bank", "import", "main", str(file), "--from", "2026-03-01", "--to", "2026-03-31")
    assert (taken["state"], taken["new"], taken["first"], taken["last"]) == ("taken", 4, "2026-03-01", "2026-03-31")
    assert cli.json("bank", "import", "main", str(file))[0]["state"] == "known"
    file.write_text(CSV.replace("12,500.00", "12,500.01"), encoding="utf-8")
    [held] = cli.json("bank", "import", "main", str(file), code=3)
    assert "do not come to the same" in held["note"]
    assert [row["state"] for row in cli.json("bank", "list", "main")] == ["held", "taken"]
    shown = cli.run("bank", "list")
    assert "march.csv" in shown.stdout
    assert cli.run("bank", "import", "main", str(file), "--format", "xlsx").exit_code == 2
    assert cli.run("bank", "import", "other", str(file)).exit_code == 2
    assert cli.run("bank", "import", "main", str(tmp_path / "none.csv")).exit_code == 2


def test_other_days_of_a_file_that_was_taken_are_refused_with_what_mends_it(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "march.csv"
    file.write_text(CSV, encoding="utf-8")
    [taken] = cli.json("bank", "import", "main", str(file))
    again = ("bank", "import", "main", str(file), "--from", "2026-03-01", "--to", "2026-03-31")
    refused = cli.run(*again)
    assert refused.exit_code == 2
    told = " ".join(refused.output.split())
    assert f"is taken already, with the days {taken['first']} to {taken['last']}" in told
    assert f"dealbooks bank withdraw {taken['number']} --who NAME --why" in told
    assert cli.run("bank", "withdraw", str(taken["number"]), "--who", "Ann Lee", "--why", "days").exit_code == 0
    [anew] = cli.json(*again[:])
    assert (anew["state"], anew["first"], anew["last"]) == ("taken", "2026-03-01", "2026-03-31")
    assert cli.json(*again)[0]["state"] == "known"


def test_the_report_says_what_is_not_provided_and_what_is_to_decide(sqlite_store: Store, tmp_path: Path) -> None:
    house = BankHouse(sqlite_store, tmp_path / "var")
    house.add_account("main")
    assert "Not provided" in bank_markdown(house.side())
    house.sold("UK-70011", "John Smith")
    key = house.booked("UK-70011", "payment.received", "receipt-P-UK-70011", "5000.00", "2026-03-10")
    house.bank([("2026-03-10", "5000.00", "CREDIT |<b>")], days=("2026-03-01", "2026-03-30"))
    page = bank_markdown(house.side())
    assert f"{key}: 2026-03-10 receipt 5000.00 GBP, UK-70011" in page
    assert "CREDIT \\|&lt;b>" in page
    assert "| main | 2026-03-01 to 2026-03-30 | 2026-03-31 to 2026-03-31 |" in page
