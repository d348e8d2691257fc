"""A plan changes nothing, and posting it posts exactly that, or refuses and says what moved."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from cli_support import BOOK, FIRST, SECOND, Cli, make_cli


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return make_cli(tmp_path / "house")


def _everything(cli: Cli) -> dict[str, str]:
    """Every file of the house, but the database's own log; the database by what is in it."""
    skipped = (".db", ".db-wal", ".db-shm")
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in cli.folder.rglob("*")
        if path.is_file() and not path.name.endswith(skipped)
    }


def test_a_plan_changes_nothing_and_says_what_would_not_be_posted(cli: Cli) -> None:
    cli.run("status")
    cli.drop(FIRST, SECOND)
    before, heads = _everything(cli), cli.json("audit", "verify")["heads"]
    found = cli.json("plan", code=3)
    assert {one["deal"] for one in found["postings"]} >= {"NG-70101", "NG-70102", "NG-70103"}
    assert all(one["new"] and not one["amends"] for one in found["postings"])
    assert [(one["kind"], one["name"]) for one in found["not_posted"]] == [("quarantined", "NG-79001")]
    assert _everything(cli) == before
    assert cli.json("audit", "verify")["heads"] == heads
    assert cli.json("status")["books"][0]["deals"] == {}
    assert cli.json("plan", code=3)["digest"] == found["digest"]


def test_what_was_planned_is_posted(cli: Cli, tmp_path: Path) -> None:
    cli.drop(FIRST)
    file = tmp_path / "plan.json"
    assert cli.run("plan", "--out", str(file)).exit_code == 0
    planned = json.loads(file.read_text(encoding="utf-8"))
    result = cli.json("sync", "--plan", str(file))
    assert result["loaded"][0]["posted"] == len(planned["postings"])
    balance = {row["account_role"]: row for row in cli.json("export", "trial-balance", BOOK, "2026-07")}
    for one in planned["accounts"]:
        assert (balance[one["role"]]["debit"], balance[one["role"]]["credit"]) == (one["debit"], one["credit"])
    again = cli.run("sync", "--plan", str(file))
    assert again.exit_code == 3
    assert "is posted already" in again.stderr


def test_a_plan_that_does_not_hold_is_refused(cli: Cli, tmp_path: Path) -> None:
    cli.drop(FIRST)
    file = tmp_path / "plan.json"
    cli.run("plan", "--out", str(file))
    cli.drop(SECOND)
    refused = cli.run("sync", "--plan", str(file))
    assert refused.exit_code == 3
    assert "NG-70109" in refused.stderr
    assert "is new since the plan was made" in refused.stderr
    assert cli.json("status")["books"][0]["effects"] == {}


def test_an_amount_that_moved_is_named(cli: Cli, tmp_path: Path) -> None:
    cli.drop(FIRST)
    file = tmp_path / "plan.json"
    cli.run("plan", "--out", str(file))
    rules = cli.folder / "rules" / "uk.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("50.00", "60.00"), encoding="utf-8")
    refused = cli.run("sync", "--plan", str(file))
    assert refused.exit_code == 3
    assert "sale-v1 of NG-70102" in refused.stderr


def test_a_plan_that_was_edited_is_refused(cli: Cli, tmp_path: Path) -> None:
    cli.drop(FIRST)
    file = tmp_path / "plan.json"
    cli.run("plan", "--out", str(file))
    data = json.loads(file.read_text(encoding="utf-8"))
    data["postings"].pop()
    file.write_text(json.dumps(data), encoding="utf-8")
    refused = cli.run("sync", "--plan", str(file))
    assert refused.exit_code == 2
    assert "was changed after it was made" in refused.stderr
    file.write_text('{"some": "thing"}', encoding="utf-8")
    assert cli.run("sync", "--plan", str(file)).exit_code == 2


def test_more_changes_than_the_book_allows_wait_for_a_plan(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house", changes=[("amend_limit: 5", "amend_limit: 0")])
    cli.drop(FIRST)
    assert cli.run("sync").exit_code == 0
    cli.drop_changed(FIRST, "NG-70102,LEEDS,1,", "NG-70102,LEEDS,2,", "CompletedSale_20260712_LEEDS.csv")
    text = (cli.folder / "inbox" / "CompletedSale_20260712_LEEDS.csv").read_bytes()
    (cli.folder / "inbox" / "CompletedSale_20260712_LEEDS.csv").write_bytes(text.replace(b"Ramsden", b"Ramsdale"))
    held = cli.run("sync")
    assert held.exit_code == 3
    assert cli.json("status")["books"][0]["deals"] == {"held": 1, "posted": 2}
    assert cli.json("trace", "NG-70102")["state"] == "held"
    file = tmp_path / "plan.json"
    shown = cli.run("plan", "--out", str(file))
    assert "1 posted deals of northgate would be changed" in shown.stdout
    assert cli.run("sync", "--plan", str(file)).exit_code == 0
    assert cli.json("trace", "NG-70102")["about"]["posted_version"] == "2"
    assert cli.json("status")["books"][0]["deals"] == {"posted": 3}


def test_since_and_source_bound_a_plan(cli: Cli, tmp_path: Path) -> None:
    cli.drop(FIRST, SECOND)
    found = cli.json("plan", "--source", "drop", "--since", "2026-07-10", code=3)
    assert "NG-70101" not in {one["deal"] for one in found["postings"]}
    assert found["scope"] == {"sources": ["drop"], "since": "2026-07-10"}
    assert cli.run("plan", "--source", "nowhere").exit_code == 2
    assert cli.run("plan", "--since", "July").exit_code == 2
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(found), encoding="utf-8")
    assert cli.run("sync", "--plan", str(file), "--since", "2026-07-10").exit_code == 2
