"""A new user's way, on each ledger over HTTP: init, connect, doctor, sync, trace, reconcile (docs/ledgers.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_support import BOOK, FIRST, Cli
from ledger_walk_support import Walk, walking

from dealbooks.starter import write_starter

PLATFORMS = ("quickbooks", "xero", "odoo")
WITH_CONSENT = ("quickbooks", "xero")
QUICK: dict[str, dict[str, Any]] = {
    "quickbooks": {"calls_per_second": 1000},
    "xero": {"per_minute": 10_000, "per_day": 100_000},
    "odoo": {"calls_per_second": 1000},
}


def rows(walk: Walk, *args: str) -> dict[str, dict[str, str]]:
    """What the doctor says of the book's ledger."""
    found = json.loads(walk.run("doctor", "--json", *args).stdout)
    return {one["what"].removeprefix(f"book {BOOK}, "): one for one in found if one["what"].startswith("book")}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_from_nothing_to_books_that_agree(platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with walking(tmp_path / "house", platform, monkeypatch, **QUICK[platform]) as walk:
        if platform in WITH_CONSENT:
            missing = rows(walk)["ledger, authorisation"]
            assert (missing["state"], missing["fix"]) == ("problem", f"Connect it: dealbooks connect {BOOK}")
            assert f"{BOOK} is connected." in walk.connect().output
        assert rows(walk)["ledger, authorisation"]["state"] == "ok"
        asked = rows(walk, "--online")["ledger"]
        assert asked["state"] == "ok", asked
        assert "no period is closed" in asked["found"]
        walk.cli.drop(FIRST)
        ahead = json.loads(walk.run("plan", "--json", code=0).stdout)
        walk.run("sync")
        planned = json.loads(walk.run("plan", "--json", code=0).stdout)
        assert planned["digest"] == ahead["digest"]
        assert len(planned["postings"]) == 7
        walk.run("go-live", BOOK, "--who", "Ann Lee", code=0)
        walk.run("sync", code=0)
        (book,) = json.loads(walk.run("status", "--json").stdout)["books"]
        assert set(book["effects"]) == set(book["deals"]) == {"posted"}
        agreed = json.loads(walk.run("reconcile", BOOK, "2026-07", "--json", code=0).stdout)
        assert agreed["agreed"] is True

        story = json.loads(walk.run("trace", "NG-70102", "--json").stdout)
        said = story["exchanges"]
        assert [one["at"] for one in said] == sorted(one["at"] for one in said)
        writes = [one for one in said if one["effect"].startswith("sale-v1")]
        assert {one["outcome"] for one in writes} == {"done"}
        assert all(one["address"].startswith(walk.address) and one["status"] == 200 for one in writes)
        assert any(not one["effect"] for one in said), "the read-back is told too"
        text = walk.run("trace", "NG-70102").stdout
        told = text[text.index("What was said to the ledger") :].splitlines()
        assert max(map(len, told)) <= 100
        assert writes[0]["request"][:40] not in text
        full = walk.run("trace", "NG-70102", "--full").stdout
        full = full[full.index("What was said to the ledger") :]
        assert "sent:" in full
        assert "came back:" in full
        assert max(map(len, full.splitlines())) <= 100


def test_a_token_that_is_renewed_for_a_plan_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan is rolled back; the refresh token that the platform gave meanwhile is the only one that it accepts."""
    with walking(tmp_path / "house", "xero", monkeypatch, **QUICK["xero"]) as walk:
        walk.box.settings.access_token_life = 1
        walk.connect()
        walk.box.settings.access_token_life = 1800
        used = walk.box.identity.refreshes
        walk.cli.drop(FIRST)
        plan = json.loads(walk.run("plan", "--json", code=0).stdout)
        assert len(plan["postings"]) == 7
        assert walk.box.identity.refreshes == used + 1
        assert rows(walk, "--online")["ledger"]["state"] == "ok"
        assert walk.box.identity.refreshes == used + 1


@pytest.mark.parametrize("platform", WITH_CONSENT)
def test_a_grant_that_ended_is_told_with_the_command_that_mends_it(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with walking(tmp_path / "house", platform, monkeypatch, **QUICK[platform]) as walk:
        walk.connect()
        if platform == "quickbooks":
            walk.box.disconnect()
        else:
            for held in walk.box.identity._refresh.values():
                held.grant.revoked = True
        walk.run("doctor", "--online", code=3)
        dead = rows(walk)["ledger, authorisation"]
        assert (dead["state"], dead["fix"]) == ("problem", f"Reconnect it: dealbooks connect {BOOK}")
        walk.connect()
        assert rows(walk)["ledger, authorisation"]["state"] == "ok"


@pytest.mark.parametrize(
    ("platform", "setting", "told"),
    [("quickbooks", "realm_id", 'realm_id: "9341453000000003"'), ("xero", "tenant_id", "# Northgate Motors Ltd")],
)
def test_connect_tells_which_company_the_consent_is_for(
    platform: str, setting: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with walking(tmp_path / "house", platform, monkeypatch, **{setting: "0"}) as walk:
        output = walk.connect().output
        assert f"{BOOK} is connected." in output
        assert told in output


@pytest.mark.parametrize("platform", PLATFORMS)
def test_everything_that_is_missing_in_a_ledger_is_named_at_once(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with walking(tmp_path / "house", platform, monkeypatch, **QUICK[platform]) as walk:
        if platform in WITH_CONSENT:
            walk.connect()
        text = walk.cli.config.read_text(encoding="utf-8")
        wrong = {"sales.used_vehicle": {"number": "9901"}, "sales.new_vehicle": {"number": "9902"}}
        data = yaml.safe_load(text)
        data["books"][BOOK]["accounts"] = {**data["books"][BOOK].get("accounts", {}), **wrong}
        for role in wrong:
            data["books"][BOOK]["accounts"][role]["name"] = "An account of nobody"
        walk.cli.config.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        found = json.loads(walk.run("doctor", "--online", "--json", code=3).stdout)
        problems = " ".join(one["found"] for one in found if one["state"] == "problem")
        assert "9901" in problems
        assert "9902" in problems


def test_a_secret_in_the_configuration_itself_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with walking(tmp_path / "house", "odoo", monkeypatch, api_key="${ODOO_API_KEY}") as walk:
        assert "stands in dealbooks.yaml" not in walk.run("doctor").stdout
        walk.settings(api_key="written-out")
        assert "api_key stands in dealbooks.yaml for everybody to read" in walk.run("doctor").stdout


@pytest.mark.parametrize(("rules", "warned"), [("uk", False), ("jp", True), ("au", True)])
def test_deposits_that_would_be_taxed_against_the_rulebook_are_warned_of(
    rules: str, warned: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    write_starter(tmp_path / "house", rules)
    cli = Cli(tmp_path / "house")
    text = cli.config.read_text(encoding="utf-8")
    said = "    policies: {vat_period_starts: [1, 4, 7, 10]}\n    post_when"
    cli.config.write_text(text.replace("    post_when", said), encoding="utf-8")
    found = [row for row in cli.json("doctor") if row["what"].endswith(", policies")]
    assert [row["state"] for row in found] == (["warning"] if warned else [])
