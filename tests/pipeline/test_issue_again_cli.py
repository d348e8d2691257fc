"""`issue-again` on each ledger over HTTP, by the command line: found by `reconcile`, made again once, both agree."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli_support import BOOK, FIRST
from ledger_walk_support import Walk, walking

PLATFORMS = ("quickbooks", "xero", "odoo")
QUICK: dict[str, dict[str, Any]] = {
    "quickbooks": {"calls_per_second": 1000},
    "xero": {"per_minute": 10_000, "per_day": 100_000},
    "odoo": {"calls_per_second": 1000},
}
DEAL = "NG-70102"


def effects_of(walk: Walk) -> list[tuple[str, str]]:
    """What the ledger calls the documents of the deal's sale and its money, newest first."""
    story = json.loads(walk.run("trace", DEAL, "--json", code=0).stdout)
    found = []
    for moment in story["moments"]:
        ref = next((one for one in moment["details"] if one.startswith("the ledger calls it ")), "")
        if moment["kind"] == "ledger" and ref:
            found.append((moment["text"].partition(":")[0], ref.removeprefix("the ledger calls it ")))
    return found[::-1]


def take_away(walk: Walk) -> None:
    """Somebody takes the sale of the deal away, and what was paid on it, as the ledger allows it."""
    done: set[str] = set()
    for name, ref in effects_of(walk):
        kind, _, number = ref.partition("/")
        document = name.rpartition(", ")[2].startswith(("invoice", "receipt", "payment", "settlement"))
        if not document or ref in done:
            continue
        done.add(ref)
        if walk.platform == "quickbooks":
            walk.box.hand().delete(kind, number)
        elif walk.platform == "xero" and kind == "Payments":
            walk.box.hand.delete("Payment", number)
        elif walk.platform == "xero":
            walk.box.hand.void(kind.removesuffix("s"), number)
        elif walk.platform == "odoo":
            walk.box.hand.reset_to_draft(int(number))
            walk.box.hand.cancel(int(number))
    assert done


def codes(walk: Walk) -> set[str]:
    result = walk.run("reconcile", BOOK, "2026-07", "--json")
    return {one["code"] for one in json.loads(result.stdout)["exceptions"]}


def test_a_payment_that_stands_is_for_a_person_to_apply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with walking(tmp_path / "house", "quickbooks", monkeypatch, sales_receipts=False, **QUICK["quickbooks"]) as walk:
        walk.connect()
        walk.cli.drop(FIRST)
        walk.run("sync")
        walk.run("go-live", BOOK, "--who", "Ann Lee", code=0)
        walk.run("sync", code=0)
        held = walk.box.company()
        held.settings = replace(held.settings, linked_void="unlink")
        invoice = next(ref for name, ref in effects_of(walk) if name.endswith(", invoice"))
        walk.box.hand().delete(*invoice.split("/"))
        command = ("issue-again", DEAL, "--who", "Ann Lee", "--why", "deleted by mistake")
        said = walk.run(*command, code=2).output
        assert "which still stands and is open now" in " ".join(said.split())
        assert "Payment/" in said
        done = json.loads(walk.run(*command, "--apply-by-hand", "--json", code=0).stdout)
        assert done["documents"] == ["sale-v1, invoice"]
        assert done["by_hand"]
        assert all("Payment/" in one for one in done["by_hand"])
        walk.run("sync", code=0)
        assert json.loads(walk.run("reconcile", BOOK, "2026-07", "--json", code=0).stdout)["agreed"] is True


@pytest.mark.long
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_sale_that_was_taken_away_is_made_again(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with walking(tmp_path / "house", platform, monkeypatch, **QUICK[platform]) as walk:
        if platform != "odoo":
            walk.connect()
        walk.cli.drop(FIRST)
        walk.run("sync")
        walk.run("go-live", BOOK, "--who", "Ann Lee", code=0)
        walk.run("sync", code=0)
        before = codes(walk)
        take_away(walk)
        assert codes(walk) - before
        command = ("issue-again", DEAL, "--who", "Ann Lee", "--why", "deleted by mistake")
        done = json.loads(walk.run(*command, "--json", code=0).stdout)
        assert "sale-v1" in done["entries"]
        assert not done["by_hand"]
        assert "it is not issued a second time" in walk.run(*command, "--entry", "sale-v1", code=2).output
        walk.run("sync", code=0)
        assert codes(walk) == before
        agreed = json.loads(walk.run("reconcile", BOOK, "2026-07", "--json", code=0).stdout)
        assert agreed["agreed"] is True
        written = len(walk.box.log.writes)
        assert "nothing is issued a second time" in walk.run(*command, code=2).output
        walk.run("sync", code=0)
        assert len(walk.box.log.writes) == written
