"""`dealbooks pack` and `dealbooks verify`: what they print and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_support import Cli
from pack_support import BOOK, PERIOD, dealership, signed
from pipeline_support import Dealership
from typer.testing import CliRunner

from dealbooks.cli.app import app


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dealership]:
    own = dealership(tmp_path_factory.mktemp("cli"))
    yield own
    own.close()


def test_a_draft_is_made_and_verified_without_a_store(
    made: Dealership, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Cli(made.folder).json("pack", BOOK, PERIOD, "--out", str(tmp_path / "draft"))
    assert (told["draft"], told["folder"]) == (True, str(tmp_path / "draft"))
    monkeypatch.delenv("DEALBOOKS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["verify", "draft", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["draft"] is True
    (tmp_path / "draft" / "csv" / "journal.csv").write_text("changed")
    result = CliRunner().invoke(app, ["verify", "draft"])
    assert result.exit_code == 1
    assert "csv/journal.csv" in result.stdout
    assert CliRunner().invoke(app, ["verify", "elsewhere"]).exit_code == 2


def test_a_signed_pack_is_held_against_the_store(made: Dealership) -> None:
    closed = signed(made)
    cli = Cli(made.folder)
    told = cli.json("verify", str(closed.pack), "--store")
    assert told["intact"] is True
    assert "the audit chain and the period of the store" in told["checked"]
    assert closed.as_json()["pack"] == str(closed.pack)
