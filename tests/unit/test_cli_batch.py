"""A house from its first file to its certificate, through the command line."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from cli_support import BOOK, FIRST, SECOND, Cli, make_cli
from openpyxl import load_workbook

from blocks.ledgers.beancount import write_head


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A house whose first two files are posted; one deal of them is in quarantine."""
    cli = make_cli(tmp_path_factory.mktemp("posted") / "house")
    cli.drop(FIRST, SECOND)
    result = cli.run("sync")
    assert result.exit_code == 3, result.output
    assert "NG-79001" in result.stdout
    assert "The cost of the car is missing" in result.stdout
    assert "1 in quarantine" in result.stdout
    return cli


def _main_text(cli: Cli) -> dict[str, str]:
    root = cli.folder / "var" / "books"
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in root.rglob("*.beancount")}


def test_an_empty_house_syncs_and_ends_0(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house")
    assert cli.json("sync")["exit_code"] == 0
    status = cli.json("status")
    assert status["books"][0]["deals"] == {}
    assert status["leases"] == []


def test_sync_again_changes_nothing(posted: Cli) -> None:
    before = _main_text(posted)
    again = posted.json("sync")
    assert [file["state"] for one in again["extracted"] for file in one["files"]] == []
    assert again["loaded"][0]["posted"] == 0
    assert _main_text(posted) == before


def test_status_counts_every_deal_once(posted: Cli) -> None:
    book = posted.json("status")["books"][0]
    assert book["deals"] == {"posted": 6}
    assert (book["quarantine"], book["needs_person"]) == (1, 1)
    assert set(book["effects"]) == {"posted"}


def test_drain_has_nothing_left(posted: Cli) -> None:
    assert posted.json("drain", BOOK)["loaded"][0]["posted"] == 0
    result = posted.run("drain", "nowhere")
    assert result.exit_code == 2
    assert "There is no book called 'nowhere'" in result.stderr


def test_trace_tells_the_story_in_order(posted: Cli) -> None:
    story = posted.json("trace", "NG-70102")
    assert story["state"] == "posted"
    moments = story["moments"]
    assert [one["at"] for one in moments] == sorted(one["at"] for one in moments)
    assert {"arrived", "version", "entry", "sent", "ledger"} == {one["kind"] for one in moments}
    assert f"the deal in {FIRST} line 3: accepted" in moments[0]["text"]
    assert any(one["text"].startswith("sale-v1 (sale.posted) dated 2026-07-03: GBP 53436.14") for one in moments)
    assert any("the ledger calls it" in detail for one in moments for detail in one["details"])
    assert story["determined"]["location"].startswith("rulebook uk: locations[LEEDS]")


@pytest.mark.parametrize("name", ["deal_id", "vin", "stock_no"])
def test_trace_finds_a_deal_by_its_other_names(posted: Cli, name: str) -> None:
    story = posted.json("trace", "NG-70103")
    other = {"deal_id": story["deal_id"], **story["about"]}[name]
    assert posted.json("trace", other) == story


def test_trace_of_a_refused_deal(posted: Cli) -> None:
    story = posted.json("trace", "NG-79001")
    assert story["state"] == "quarantined"
    assert any("The cost of the car is missing" in detail for one in story["moments"] for detail in one["details"])
    assert posted.json("trace", story["about"]["quarantine_number"]) == story


def test_trace_of_nobody_ends_2(posted: Cli) -> None:
    result = posted.run("trace", "nobody")
    assert result.exit_code == 2
    assert "No deal is called nobody." in result.stderr


def test_quarantine_is_listed_shown_and_exported(posted: Cli, tmp_path: Path) -> None:
    (waiting,) = posted.json("quarantine", "list")
    assert waiting["deal"] == "NG-79001"
    (shown,) = posted.json("quarantine", "show", str(waiting["id"]))
    assert shown["record"]["deal_number"] == "NG-79001"
    assert "The cost of the car is missing" in posted.run("quarantine", "show", "NG-79001").stdout
    sheet = tmp_path / "sheet.csv"
    assert posted.json("quarantine", "export", str(sheet))["lines"] == 1
    assert posted.json("quarantine", "import", str(sheet)) == []
    assert posted.run("quarantine", "retry").exit_code == 3


def test_audit_is_intact_and_heads_of_a_certificate_are_held_against_it(posted: Cli, tmp_path: Path) -> None:
    report = posted.json("audit", "verify")
    assert report["intact"]
    heads = tmp_path / "heads.json"
    heads.write_text(json.dumps(report), encoding="utf-8")
    assert posted.json("audit", "verify", "--head", str(heads))["intact"]
    wrong = tmp_path / "certificate.json"
    wrong.write_text(json.dumps({"audit_head": {"book": BOOK, "links": 9999, "hash": "0" * 64}}), encoding="utf-8")
    result = posted.run("audit", "verify", "--head", str(wrong))
    assert result.exit_code == 1
    assert f"first broken: chain {BOOK}, link 9999" in result.stdout
    nothing = tmp_path / "nothing.json"
    nothing.write_text("[]", encoding="utf-8")
    assert posted.run("audit", "verify", "--head", str(nothing)).exit_code == 2


def test_map_check_shows_where_each_field_comes_from(posted: Cli) -> None:
    rows = {row["field"]: row for row in posted.json("map", "check", "drop")["rows"]}
    assert rows["vehicle.stock_no"]["origin"] == "stock_number"
    sample = posted.folder / "inbox" / FIRST
    first = {row["field"]: row for row in posted.json("map", "check", "drop", "--sample", str(sample))["rows"]}
    assert (first["deal_id"]["value"], first["deal_id"]["status"]) == ("NG-70101", "found")


def test_journal_balances_and_trial_balance_agrees_with_it(posted: Cli) -> None:
    journal = list(csv.DictReader(io.StringIO(posted.run("export", "journal", BOOK, "2026-07").stdout)))
    assert sum(Decimal(row["debit"]) - Decimal(row["credit"]) for row in journal) == 0
    balance = posted.json("export", "trial-balance", BOOK, "2026-07")
    assert sum(Decimal(row["closing"]) for row in balance) == 0
    for row in balance:
        moved = [line for line in journal if line["account_role"] == row["account_role"]]
        assert sum(Decimal(line["debit"]) for line in moved) == Decimal(row["debit"])
    assert posted.json("export", "journal", BOOK, "2026-06") == []


def test_stock_book_and_commissions(posted: Cli) -> None:
    cars = {row["deal"]: row for row in posted.json("export", "stock-book", BOOK, "2026-07")}
    assert cars["NG-70102"]["margin"] == "645.00"
    assert cars["NG-70102"]["vat"] == "107.50"
    assert "NG-70101" not in cars
    shares = posted.json("export", "commissions", BOOK, "2026-07")
    assert {"deal": "NG-70102", "person": "SE-14", "amount": "50.00"}.items() <= next(
        row for row in shares if row["deal"] == "NG-70102" and row["person"] == "SE-14"
    ).items()


def test_a_workbook_holds_amounts_as_numbers(posted: Cli, tmp_path: Path) -> None:
    file = tmp_path / "journal.xlsx"
    count = posted.json("export", "journal", BOOK, "2026-07", "--out", str(file))["rows"]
    rows = list(load_workbook(file).active.iter_rows(values_only=True))
    assert len(rows) == count + 1
    debit = rows[0].index("debit")
    assert {type(row[debit]) for row in rows[1:]} <= {int, float}
    assert posted.run("export", "journal", BOOK, "2026-07", "--out", "x.pdf").exit_code == 2
    assert posted.run("export", "nothing", BOOK, "2026-07").exit_code == 2
    assert posted.run("export", "journal", BOOK, "July").exit_code == 2


def test_reconcile_and_close_name_what_stands_in_the_way(posted: Cli) -> None:
    found = posted.json("reconcile", BOOK, "2026-07", code=3)
    assert [one["kind"] for one in found["cut_off"]] == ["quarantined"]
    result = posted.run("close", BOOK, "2026-07", "--sign", "Ann Lee")
    assert result.exit_code == 3
    assert "NG-79001" in result.stdout
    assert posted.run("close", BOOK, "July").exit_code == 2


def test_doctor_finds_no_problem(posted: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    found = {row["what"]: row["state"] for row in posted.json("doctor")}
    assert found["store"] == found[f"book {BOOK}, ledger"] == found["source drop"] == "ok"
    assert found["Prefect server"] == "warning"
    assert "problem" not in found.values()


def test_doctor_says_what_is_wrong_with_the_configuration(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house", changes=[("    path: inbox", "    path: nowhere")])
    rows = {row["what"]: row for row in cli.json("doctor", code=3)}
    assert rows["source drop"]["state"] == "problem"
    assert rows["source drop"]["fix"]
    cli.config.write_text("books: 1", encoding="utf-8")
    rows = {row["what"]: row for row in cli.json("doctor", code=3)}
    assert rows["configuration"]["state"] == "problem"


def test_ledgers_and_sources_need_no_configuration(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    (ledger,) = [one for one in cli.json("ledgers") if one["name"] == "beancount"]
    assert ledger["capabilities"]["safe_resend"] is True
    (source,) = [one for one in cli.json("sources") if one["name"] == "csv_files"]
    assert "path" in source["capabilities"]["settings"]


def test_init_never_overwrites(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house")
    text = cli.config.read_text(encoding="utf-8")
    result = cli.run("init", str(cli.folder))
    assert result.exit_code == 2
    assert cli.config.read_text(encoding="utf-8") == text
    assert cli.run("init", str(cli.folder), "--force").exit_code == 0
    assert cli.config.read_text(encoding="utf-8") != text
    assert cli.run("init", str(tmp_path / "other"), "--rules", "mars").exit_code == 2


@pytest.mark.parametrize("rules", ["uk", "us-ca", "us-fl", "us-mi", "ca-on"])
def test_what_init_writes_works(tmp_path: Path, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    cli = Cli(tmp_path / "new")
    assert cli.json("init", str(cli.folder), "--rules", rules)
    assert [row for row in cli.json("doctor") if row["state"] == "problem"] == []


def test_a_correction_gets_a_deal_through(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house")
    cli.drop(SECOND)
    assert cli.run("sync").exit_code == 3
    fixed = cli.run("quarantine", "fix", "NG-79001", "vehicle.cost", "11150.00", "--who", "Ann", "--why", "stock card")
    assert fixed.exit_code == 0, fixed.output
    assert "1 accepted" in fixed.stdout
    assert cli.run("sync").exit_code == 0
    story = cli.json("trace", "NG-79001")
    assert story["state"] == "posted"
    assert any(one["text"] == "Ann corrected vehicle.cost: nothing -> 11150.00" for one in story["moments"])
    assert cli.run("quarantine", "release", "NG-79001", "--who", "Ann", "--why", "again").exit_code == 2


def test_a_month_is_closed_and_reopened(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house")
    cli.drop(FIRST)
    assert cli.run("sync").exit_code == 0
    closed = cli.json("close", BOOK, "2026-07", code=3)
    accept = [word for code in {one["code"] for one in closed["obstacles"]} for word in ("--accept", code)]
    signed = cli.run("close", BOOK, "2026-07", "--sign", "Ann Lee", "--note", "open items are known", *accept)
    assert signed.exit_code == 0, signed.output
    assert [row["state"] for row in cli.json("status")["books"][0]["periods"]] == ["locked"]
    certificate = cli.folder / "var" / "closes" / BOOK / "2026-07" / "certificate.json"
    assert cli.json("audit", "verify", "--head", str(certificate))["intact"]
    row = cli.json("reopen", BOOK, "2026-07", "--who", "Ann", "--reason", "late invoice", "--approver", "Bob")
    assert row["state"] == "reopened"


def test_a_head_beside_the_ledger_finds_a_store_that_was_put_back(posted: Cli) -> None:
    head = posted.json("audit", "verify")["heads"][BOOK]
    root = posted.folder / "var" / "books" / BOOK
    write_head(root, BOOK, head["links"], head["hash"])
    kept = posted.json("audit", "verify")["held_against"]
    house = posted.json("audit", "verify")["heads"]["-"]
    assert [one["book"] for one in kept] == [BOOK, "-"]
    assert kept[0]["links"] == head["links"]
    assert 0 < kept[1]["links"] <= house["links"]
    write_head(root, BOOK, head["links"] + 1, head["hash"])
    broken = posted.json("audit", "verify", code=1)
    assert "its end was cut off" in broken["breaks"][0]["message"]
    (root / "audit-head.json").unlink()
