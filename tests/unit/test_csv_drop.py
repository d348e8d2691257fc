"""The drop folder: what counts as wholly there, what waits and why, and staging into the archive."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
import pytest

from blocks.sources.csv_files import CsvFiles, CsvFilesSettings, FileFault, NotComplete
from blocks.sources.csv_files.drop import Seen
from dealbooks.errors import ConfigError, StopConnection
from tests.csv_support import NAME, row, text_of, write

NOW = datetime(2026, 3, 15, 7, 0, tzinfo=UTC)
CONTENT = text_of([row()])
SHA = hashlib.sha256(CONTENT.encode()).hexdigest()


def aged(path: Path, seconds: int) -> Path:
    """Set a file's time so many seconds before now."""
    stamp = (NOW - timedelta(seconds=seconds)).timestamp()
    os.utime(path, (stamp, stamp))
    return path


def source(folder: Path | str, **more: Any) -> CsvFiles:
    return CsvFiles("drop", CsvFilesSettings(str(folder), **more))


def manifest(folder: Path, **changes: Any) -> None:
    entry = {"name": NAME, "bytes": len(CONTENT), "sha256": SHA, "rows": 1,
             "control_total": {"column": "total", "sum": "28500.00"}, "layout": "completed_sale/1"}  # fmt: skip
    data = {"schema": "completed_sale_manifest/1", "files": [entry | changes]}
    (folder / "CompletedSale_20260314.manifest.json").write_text(json.dumps(data))


def test_a_file_settles_before_it_is_taken(tmp_path: Path) -> None:
    aged(write(tmp_path, CONTENT), 30)
    drop = source(tmp_path)
    first = drop.look(NOW)
    assert first.ready == ()
    assert first.waiting[0].name == NAME
    assert "unchanged for 90 s more" in first.waiting[0].reason
    assert [file.name for file in drop.candidates(NOW + timedelta(seconds=90))] == [NAME]


def test_a_file_that_grows_starts_to_settle_anew(tmp_path: Path) -> None:
    aged(write(tmp_path, CONTENT), 100)
    drop = source(tmp_path)
    drop.look(NOW)
    aged(write(tmp_path, CONTENT + CONTENT.splitlines()[1] + "\n"), 0)
    assert drop.candidates(NOW + timedelta(seconds=60)) == []


def test_a_clock_ahead_of_ours_is_settled_by_what_was_seen(tmp_path: Path) -> None:
    aged(write(tmp_path, CONTENT), -7200)
    seen: dict[str, Seen] = {}
    assert CsvFiles("drop", CsvFilesSettings(str(tmp_path)), seen=seen).candidates(NOW) == []
    later = CsvFiles("drop", CsvFilesSettings(str(tmp_path)), seen=seen)
    assert len(later.candidates(NOW + timedelta(seconds=120))) == 1


def test_a_last_line_without_end_waits_and_is_then_judged(tmp_path: Path) -> None:
    aged(write(tmp_path, CONTENT[:-1]), 600)
    drop = source(tmp_path)
    assert "no end yet" in drop.look(NOW).waiting[0].reason
    later = NOW + timedelta(minutes=30)
    staged = drop.stage(drop.candidates(later)[0], tmp_path / "archive")
    assert [found.code for found in drop.judge(staged).findings] == ["F008"]


@pytest.mark.parametrize("name", [NAME + ".part", NAME + ".tmp", NAME + ".filepart", "." + NAME, "~" + NAME, "x.csv"])
def test_temporary_and_other_names_are_passed_over(tmp_path: Path, name: str) -> None:
    aged(write(tmp_path, CONTENT, name), 9000)
    listing = source(tmp_path).look(NOW)
    assert (listing.ready, listing.waiting) == ((), ())


def test_a_link_is_named_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / NAME).symlink_to(aged(write(tmp_path, CONTENT), 600))
    found = source(tmp_path / "folder").look(NOW)
    assert found.ready == ()
    assert [(one.name, one.overdue) for one in found.waiting] == [(NAME, True)]
    assert "put the file itself there" in found.waiting[0].reason


def test_a_manifest_makes_a_file_complete_at_once(tmp_path: Path) -> None:
    aged(write(tmp_path, CONTENT), 0)
    manifest(tmp_path)
    found = source(tmp_path).candidates(NOW)[0]
    assert found.proof == "manifest"
    assert (found.expected.rows, found.expected.sha256) == (1, SHA)


def test_fewer_bytes_than_the_manifest_says_wait_and_never_settle(tmp_path: Path) -> None:
    aged(write(tmp_path, CONTENT), 9000)
    manifest(tmp_path, bytes=len(CONTENT) + 100)
    listing = source(tmp_path).look(NOW)
    assert listing.ready == ()
    assert "its manifest says" in listing.waiting[0].reason
    assert listing.waiting[0].overdue


def test_a_manifest_that_cannot_be_read_waits(tmp_path: Path) -> None:
    aged(write(tmp_path, CONTENT), 9000)
    (tmp_path / "CompletedSale_20260314.manifest.json").write_text('{"files": [')
    assert "cannot be read" in source(tmp_path).look(NOW).waiting[0].reason


def test_another_content_than_the_manifest_says_is_not_staged(tmp_path: Path) -> None:
    aged(write(tmp_path, CONTENT), 0)
    manifest(tmp_path, sha256="0" * 64)
    drop = source(tmp_path)
    with pytest.raises(NotComplete) as caught:
        drop.stage(drop.candidates(NOW)[0], tmp_path / "archive")
    assert caught.value.finding.code == "F018"
    assert list((tmp_path / "archive").iterdir()) == []


@pytest.mark.parametrize("mark", [".done", ".ok", ".trg"])
def test_a_done_marker(tmp_path: Path, mark: str) -> None:
    aged(write(tmp_path, CONTENT), 0)
    drop = source(tmp_path, completeness={"kind": "done", "fallback": None})
    assert "done-marker" in drop.look(NOW).waiting[0].reason
    (tmp_path / (NAME + mark)).write_text(SHA)
    found = drop.candidates(NOW)[0]
    assert (found.proof, found.expected.sha256) == ("done", SHA)


def test_a_checksum_file(tmp_path: Path) -> None:
    aged(write(tmp_path, CONTENT), 0)
    (tmp_path / (NAME + ".sha256")).write_text(f"{SHA}  {NAME}\n")
    found = source(tmp_path, completeness={"kind": "sidecar"}).candidates(NOW)[0]
    assert (found.proof, found.expected.sha256) == ("sidecar", SHA)


def test_files_come_by_business_date_and_issue(tmp_path: Path) -> None:
    names = ["CompletedSale_20260315.csv", "CompletedSale_20260314_10.csv", "CompletedSale_20260314_9.csv", NAME]
    for name in names:
        aged(write(tmp_path, CONTENT, name), 900)
    assert [file.name for file in source(tmp_path).candidates(NOW)] == names[::-1]


def test_no_look_takes_more_than_its_share_and_old_files_never_fill_it(tmp_path: Path) -> None:
    for day in range(10, 16):
        aged(write(tmp_path, CONTENT, f"CompletedSale_202603{day}.csv"), 900)
    drop = source(tmp_path, max_files=2)
    listing = drop.look(NOW)
    assert [file.name[-6:-4] for file in listing.ready] == ["10", "11"]
    assert len(listing.waiting) == 4
    done = {file.uri for file in listing.ready}
    later = drop.candidates(NOW, lambda uri, _size, _modified: uri in done)
    assert [file.name[-6:-4] for file in later] == ["12", "13"]


def test_a_file_over_the_cap_waits(tmp_path: Path) -> None:
    aged(write(tmp_path, CONTENT), 900)
    waiting = source(tmp_path, max_bytes=10).look(NOW).waiting
    assert "larger than" in waiting[0].reason
    assert waiting[0].overdue


def test_every_kind_of_file_finds_its_layout(tmp_path: Path) -> None:
    for prefix in ("CompletedSale", "CompletedSaleLines", "DealEvents", "OpeningStock"):
        aged(write(tmp_path, CONTENT, f"{prefix}_20260314.csv"), 900)
    found = {file.name.split("_")[0]: file.layout for file in source(tmp_path).candidates(NOW)}
    assert found == {
        "CompletedSale": "completed_sale/1",
        "CompletedSaleLines": "completed_sale_lines/1",
        "DealEvents": "deal_events/1",
        "OpeningStock": "opening_stock/1",
    }


def test_a_folder_that_is_not_there_stops_the_connection(tmp_path: Path) -> None:
    with pytest.raises(StopConnection, match="does not exist"):
        source(tmp_path / "nowhere").look(NOW)


def test_a_wrong_setting_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"completeness\.kind"):
        source(tmp_path, completeness={"kind": "hope"})


def test_one_pattern_for_several_layouts_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one file name pattern"):
        source(tmp_path, pattern=r"^(?P<date>\d{8})\.csv$")
    own = source(tmp_path, pattern=r"^sales-(?P<date>\d{8})\.csv$", layouts=["completed_sale"])
    aged(write(tmp_path, CONTENT, "sales-20260314.csv"), 900)
    assert len(own.candidates(NOW)) == 1


@pytest.fixture
def memory() -> Iterator[Any]:
    fs = fsspec.filesystem("memory")
    fs.makedirs("/drop", exist_ok=True)
    yield fs
    fs.rm("/drop", recursive=True)


def test_any_fsspec_location_is_a_drop_folder(memory: Any, tmp_path: Path) -> None:
    memory.pipe("/drop/" + NAME, CONTENT.encode())
    drop = source("memory://drop", completeness={"kind": "none"})
    staged = drop.stage(drop.candidates(NOW)[0], tmp_path)
    assert staged.path.read_text() == CONTENT
    assert memory.exists("/drop/" + NAME)
    assert [record.natural_key for record in drop.records(staged, drop.judge(staged))] == ["csv:drop:01:A-1"]


def test_a_file_is_archived_by_its_hash_once_and_the_source_is_left_alone(tmp_path: Path) -> None:
    inbox, archive = tmp_path / "inbox", tmp_path / "archive"
    inbox.mkdir()
    aged(write(inbox, CONTENT), 900)
    drop = source(inbox)
    one, two = (drop.stage(drop.candidates(NOW)[0], archive) for _ in range(2))
    assert one == two
    assert [path.name for path in archive.iterdir()] == [f"{SHA}.csv"]
    assert (one.sha256, one.size, one.name) == (SHA, len(CONTENT), NAME)
    assert (inbox / NAME).read_text() == CONTENT


def test_a_file_that_changed_since_the_look_is_not_staged(tmp_path: Path) -> None:
    path = aged(write(tmp_path, CONTENT), 900)
    drop = source(tmp_path)
    found = drop.candidates(NOW)[0]
    path.write_text(CONTENT + "more")
    with pytest.raises(NotComplete, match="changed while it was copied"):
        drop.stage(found, tmp_path / "archive")


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, content in members.items():
            box.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [(NAME + ".gz", gzip.compress(CONTENT.encode())), (NAME + ".zip", zipped({"sale.csv": CONTENT.encode()}))],
)
def test_packed_files_are_opened(tmp_path: Path, name: str, content: bytes) -> None:
    aged(write(tmp_path, content, name), 900)
    drop = source(tmp_path)
    staged = drop.stage(drop.candidates(NOW)[0], tmp_path / "archive")
    assert staged.path.read_text() == CONTENT
    assert staged.raw.read_bytes() == content
    assert staged.sha256 == hashlib.sha256(content).hexdigest()
    assert drop.judge(staged).status == "accepted"
    with pytest.raises(FileFault, match="not allowed"):
        closed = source(tmp_path, packed=False)
        closed.stage(closed.candidates(NOW)[0], tmp_path / "archive")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        (NAME + ".gz", gzip.compress(b"x" * 5_000_000), "F022"),
        (NAME + ".zip", zipped({"a.csv": b"x" * 5_000_000}), "F022"),
        (NAME + ".zip", zipped({"a.csv": b"x", "b.csv": b"y"}), "F017"),
        (NAME + ".zip", b"PK not a zip", "F017"),
        (NAME + ".gz", gzip.compress(CONTENT.encode())[:-9], "F017"),
        (NAME + ".gz", b"no gzip", "F017"),
    ],
)
def test_packed_files_that_cannot_be_opened_are_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    aged(write(tmp_path, content, name), 900)
    drop = source(tmp_path, max_bytes=1_000_000)
    with pytest.raises(FileFault) as caught:
        drop.stage(drop.candidates(NOW)[0], tmp_path / "archive")
    assert caught.value.finding.code == code
    assert not [path for path in (tmp_path / "archive").iterdir() if path.name.startswith(".")]
