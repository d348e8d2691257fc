"""What the status says of a ledger that waits: for a person, for an answer, for a better moment."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from cli_support import BOOK, FIRST
from ledger_walk_support import walking

from sandbox.kit import Fault


def test_a_refusal_a_pause_and_a_dead_grant_are_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with walking(tmp_path / "house", "quickbooks", monkeypatch, timeout=1.0) as walk:
        walk.connect()
        walk.cli.drop(FIRST)
        walk.run("sync")
        walk.run("go-live", BOOK, "--who", "Ann Lee", code=0)
        assert walk.cli.json("status")["books"][0]["attention"] == []
        walk.box.faults.order([Fault.RESET])
        walk.box.hand().close_books(date(2026, 12, 31))
        walk.run("sync")
        told = walk.cli.json("status")["books"][0]["attention"]
        refused = [one for one in told if one["state"] == "refused"]
        assert refused
        assert "closed" in refused[0]["why"]
        assert "dealbooks drain northgate --refused-again NAME" in refused[0]["fix"]
        assert "what to do" in walk.run("status").stdout
        walk.box.disconnect()
        walk.run("doctor", "--online")
        (first, *_) = walk.cli.json("status")["books"][0]["attention"]
        assert (first["state"], first["fix"]) == ("reconnect", f"Reconnect it: dealbooks connect {BOOK}")
