"""Files of a drop whose names are not known, or state a day that has not come."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_support import FIRST, make_cli

from blocks.sources.csv_files import CsvFiles, CsvFilesSettings
from dealbooks.pipeline.dropped import FileSummary
from tests.csv_support import NAME, row, text_of, write

NOW = datetime(2026, 3, 15, 7, 0, tzinfo=UTC)


def drop(folder: Path) -> CsvFiles:
    return CsvFiles("drop", CsvFilesSettings(str(folder), completeness={"kind": "none"}))


def test_names_that_fit_no_pattern_are_told(tmp_path: Path) -> None:
    for name in (NAME, f"{NAME}.done", f"{NAME}.SHA256", "x.manifest.json", "Sales.csv.part", ".hidden",
                 "Sales.csv", "CompletedSale_20261345.csv"):  # fmt: skip
        write(tmp_path, text_of([row()]), name)
    (tmp_path / "folder").mkdir()
    found = drop(tmp_path).look(NOW)
    assert [one.name for one in found.ready] == [NAME]
    assert found.unknown == ("CompletedSale_20261345.csv", "Sales.csv")


@pytest.mark.parametrize(("day", "taken"), [("20260317", True), ("20260318", False)])
def test_a_file_of_a_day_to_come_waits(tmp_path: Path, day: str, taken: bool) -> None:
    write(tmp_path, text_of([row()]), f"CompletedSale_{day}.csv")
    found = drop(tmp_path).look(NOW)
    assert bool(found.ready) is taken
    if not taken:
        assert "its name says 2026-03-18, which is more than 2 days after today, 2026-03-15" in found.waiting[0].reason
        assert found.waiting[0].overdue


def test_sync_prints_them_and_ends_0(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house")
    (cli.folder / "inbox" / "Sales July.csv").write_text("a,b\n", encoding="utf-8")
    result = cli.run("sync")
    assert result.exit_code == 0, result.output
    assert "Sales July.csv: its name fits none of the patterns" in " ".join(result.stdout.split())
    (file,) = cli.json("sync")["extracted"][0]["files"]
    assert (file["name"], file["state"]) == ("Sales July.csv", "unknown")


def test_sync_names_an_empty_file_once(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house")
    (cli.folder / "inbox" / FIRST).write_bytes(b"")
    result = cli.run("sync")
    assert result.exit_code == 3
    assert f"{FIRST} is empty (0 bytes)" in " ".join(result.stdout.split())
    assert f"{FIRST}: {FIRST}" not in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (("x.csv is empty.",), "x.csv is empty."),
        (("x.csv line 2: bad.", "x.csv: worse."), "x.csv line 2: bad.; worse."),
        (("it may still be growing",), "x.csv: it may still be growing"),
    ],
)
def test_a_file_is_named_once(reasons: tuple[str, ...], said: str) -> None:
    assert FileSummary("x.csv", "held", reasons=reasons).said == said
