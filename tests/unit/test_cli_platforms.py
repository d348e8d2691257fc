"""`dealbooks ledgers`: what each can do side by side, and what the conformance suite found."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_support import Cli

from dealbooks.cli import output, platforms
from dealbooks.registry import LEDGERS


def test_each_ledger_is_listed_with_its_capabilities_and_its_conformance(tmp_path: Path) -> None:
    listed = {one["name"]: one for one in Cli(tmp_path).json("ledgers")}
    assert list(listed) == list(LEDGERS)
    for one in listed.values():
        assert one["capabilities"]["key_length"] >= 16
        assert one["conformance"]["post"]["passed"] > 0
        assert sum(chapter["failed"] for chapter in one["conformance"].values()) == 0


def test_the_tables_have_a_column_for_each_ledger_and_fit_a_page(tmp_path: Path) -> None:
    said = Cli(tmp_path).run("ledgers").output
    head = "\t".join(["can", *LEDGERS])
    lines = said.splitlines()
    rows = lines[lines.index(head) + 1 :]
    assert next(row for row in rows if row.startswith("closing date")).split("\t")[1:] == ["no", "yes", "yes", "yes"]
    assert next(row for row in rows if row.startswith("all\t"))
    table = [row.split("\t") for row in rows if row.count("\t") == len(LEDGERS)]
    assert sum(max(len(row[at]) for row in table) + 3 for at in range(len(LEDGERS) + 1)) <= 100


def test_a_chapter_that_was_not_run_and_one_that_failed_are_told() -> None:
    rows = platforms._conformance_rows(
        [{"post": {"passed": 3, "skipped": 1, "failed": 0}}, {"find": {"passed": 2, "skipped": 0, "failed": 1}}]
    )
    assert rows == [
        ("find", "not run", "2, 1 failed"),
        ("post", "3 (1)", "not run"),
        ("all", "3 (1)", "2, 1 failed"),
    ]


def test_nothing_is_cut_on_a_terminal_of_a_hundred_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    platforms.ledgers()
    said = capsys.readouterr().out
    assert "…" not in said
    assert max(len(line) for line in said.splitlines()) <= 100
    assert "seconds until absent is certain" in said
