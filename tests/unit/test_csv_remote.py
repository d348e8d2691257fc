"""Drop folders at S3 and on an SFTP server: what is there, what waits, and what a broken line leaves."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from remote_support import S3, Sftp, s3_server, sftp_server

from blocks.sources.csv_files import CsvFiles, CsvFilesSettings
from blocks.sources.csv_files.factory import build
from dealbooks.errors import ConfigError, StopConnection
from tests.csv_support import NAME, row, text_of

CONTENT = text_of([row()]).encode()
SECRET = "canary/of+a drop"


@pytest.fixture
def s3() -> Iterator[S3]:
    with s3_server() as made:
        yield made


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Sftp]:
    with sftp_server(tmp_path / "server") as made:
        yield made


def at_s3(made: S3, path: str = "s3://drops/out", **more: Any) -> CsvFiles:
    return CsvFiles("drop", CsvFilesSettings(path, storage=made.storage(), **more))


def at_sftp(made: Sftp, **storage: Any) -> CsvFiles:
    return CsvFiles("drop", CsvFilesSettings(made.url, storage=made.storage(**storage)))


def now() -> datetime:
    return datetime.now(UTC)


def test_an_object_is_whole_as_soon_as_it_is_there(s3: S3, tmp_path: Path) -> None:
    drop = at_s3(s3)
    assert drop.look(now()).ready == ()  # S3 has no empty folders; the bucket is there
    s3.put(NAME, CONTENT)
    s3.put("sub/" + NAME, CONTENT)
    (found,) = drop.look(now()).ready
    assert (found.uri, found.size) == (f"s3://drops/out/{NAME}", len(CONTENT))
    assert found.modified is not None
    assert found.modified.tzinfo is UTC
    staged = drop.stage(found, tmp_path / "archive")
    assert staged.path.read_bytes() == CONTENT
    assert s3.client.head_object(Bucket="drops", Key=f"out/{NAME}")["ContentLength"] == len(CONTENT)


def test_a_done_marker_is_waited_for_at_s3_too(s3: S3) -> None:
    drop = at_s3(s3, completeness={"kind": "done", "fallback": None})
    s3.put(NAME, CONTENT)
    assert "done-marker" in drop.look(now()).waiting[0].reason
    s3.put(f"{NAME}.done", b"")
    assert [one.proof for one in drop.look(now()).ready] == ["done"]


def test_an_object_that_was_written_over_is_another_file(s3: S3) -> None:
    drop = at_s3(s3)
    s3.put(NAME, CONTENT)
    first = drop.look(now()).ready[0]
    known = {(first.uri, first.size, first.modified)}
    assert drop.look(now(), lambda *file: file in known).ready == ()
    s3.put(NAME, CONTENT + CONTENT.splitlines()[1] + b"\n")
    assert len(drop.look(now(), lambda *file: file in known).ready) == 1


def test_more_objects_than_a_page_are_all_seen(s3: S3) -> None:
    names = [f"CompletedSale_20260314_{number:04d}.csv" for number in range(1, 1204)]
    s3.put_many(names, CONTENT)
    drop = at_s3(s3, max_files=1101)
    listing = drop.look(now())
    assert [one.name for one in listing.ready] == names[:1101]
    assert [one.name for one in listing.waiting] == names[1101:]
    taken = {one.uri for one in listing.ready}
    assert [one.name for one in drop.look(now(), lambda uri, *_: uri in taken).ready] == names[1101:]


def test_a_bucket_that_is_not_there_is_told(s3: S3) -> None:
    with pytest.raises(StopConnection, match="s3://other/out does not exist"):
        at_s3(s3, "s3://other/out").look(now())


def test_a_line_to_s3_that_breaks_leaves_nothing_behind(s3: S3, tmp_path: Path) -> None:
    drop = at_s3(s3)
    big = CONTENT + b"#" + b"x" * 200_000 + b"\n"
    s3.put(NAME, big)
    (found,) = drop.look(now()).ready
    s3.line.breaks, s3.line.after = 1000, 50_000
    with pytest.raises(StopConnection, match=f"{NAME} cannot be read at its source"):
        drop.stage(found, tmp_path / "archive")
    assert list((tmp_path / "archive").iterdir()) == []
    s3.line.breaks = 0
    assert drop.stage(drop.look(now()).ready[0], tmp_path / "archive").size == len(big)


def test_a_file_on_a_server_settles_before_it_is_taken(sftp: Sftp, tmp_path: Path) -> None:
    drop = at_sftp(sftp)
    (sftp.folder / f"{NAME}.part").write_bytes(CONTENT[:20])
    assert drop.look(now()).ready == ()
    (sftp.folder / f"{NAME}.part").rename(sftp.folder / NAME)
    assert "may still be growing" in drop.look(now()).waiting[0].reason
    (sftp.folder / NAME).write_bytes(CONTENT)
    later = now() + timedelta(seconds=90)
    assert drop.look(later).ready == ()  # it has changed: it settles anew
    (found,) = drop.look(now() + timedelta(minutes=10)).ready
    assert found.uri == f"sftp://127.0.0.1/out/{NAME}"
    assert drop.stage(found, tmp_path / "archive").path.read_bytes() == CONTENT
    assert (sftp.folder / NAME).exists()


def test_a_line_to_a_server_that_breaks_leaves_nothing_behind(sftp: Sftp, tmp_path: Path) -> None:
    big = CONTENT + b"#" + b"x" * 300_000 + b"\n"
    (sftp.folder / NAME).write_bytes(big)
    (sftp.folder / f"{NAME}.ok").touch()
    drop = CsvFiles("drop", CsvFilesSettings(sftp.url, storage=sftp.storage(), completeness={"kind": "done"}))
    (found,) = drop.look(now()).ready
    sftp.breaks, sftp.breaks_after = 1, 100_000
    with pytest.raises(StopConnection, match=f"{NAME} cannot be read at its source"):
        drop.stage(drop.look(now()).ready[0], tmp_path / "archive")
    assert list((tmp_path / "archive").iterdir()) == []
    assert drop.stage(drop.look(now()).ready[0], tmp_path / "archive").size == len(big)
    assert found.name == NAME


def test_a_server_whose_key_is_not_known_is_not_believed(sftp: Sftp, tmp_path: Path) -> None:
    (tmp_path / "none").touch()
    with pytest.raises(StopConnection, match=r"[Hh]ost key"):
        at_sftp(sftp, known_hosts=str(tmp_path / "none")).look(now())
    assert sftp.users == []  # the password was not given


@pytest.mark.parametrize("place", ["sftp", "s3"])
def test_no_secret_shows(place: str, sftp: Sftp, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    url, storage = (sftp.url, sftp.storage(password=SECRET)) if place == "sftp" else ("s3://drops/out", {})
    storage |= {} if storage else {"key": "AKID", "secret": SECRET, "endpoint_url": "http://127.0.0.1:9"}
    drop = build("drop", {"path": url, "storage": storage})
    with pytest.raises(StopConnection) as wrong:
        drop.look(now())
    shown = f"{wrong.value!r} {wrong.value.fix} {wrong.value.__cause__!r} {drop.settings!r} {caplog.text}"
    assert "canary" not in shown


@pytest.mark.parametrize(("scheme", "package"), [("s3", "s3fs"), ("sftp", "sshfs")])
def test_a_driver_that_is_missing_is_named_with_the_extra(
    scheme: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = importlib.import_module("fsspec.registry")
    for name in ("_registry", "registry"):
        known = {one: made for one, made in registry._registry.items() if one != scheme}
        monkeypatch.setattr(registry, name, known)
    for name in [one for one in sys.modules if one.split(".")[0] in (package, "paramiko")] + [package, "paramiko"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(StopConnection, match=f"what reads {scheme}:// is not installed") as wrong:
        CsvFiles("drop", CsvFilesSettings(f"{scheme}://drops/out")).look(now())
    assert wrong.value.fix == "Install it: pip install 'dealbooks[remote]'"


def test_an_address_that_nothing_reads_is_told() -> None:
    with pytest.raises(StopConnection, match="nothing is known that reads gopher://"):
        CsvFiles("drop", CsvFilesSettings("gopher://drops/out")).look(now())


def test_files_of_keys_start_at_the_folder_of_the_settings(tmp_path: Path) -> None:
    storage = {"known_hosts": "keys/known_hosts", "client_keys": ["keys/id", "/etc/id"], "username": "dms"}
    read = build("drop", {"path": "sftp://h/out", "storage": storage}, tmp_path).settings.storage
    assert read["known_hosts"] == str(tmp_path / "keys/known_hosts")
    assert read["client_keys"] == [str(tmp_path / "keys/id"), "/etc/id"]


def test_a_blank_secret_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"sources.drop.storage: password is blank"):
        build("drop", {"path": "sftp://h/out", "storage": {"username": "dms", "password": " "}})
