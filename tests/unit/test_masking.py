"""No password is shown or stored, and whatever a file library raises stops its own source only."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from blocks.sources.csv_files import CsvFiles, CsvFilesSettings
from dealbooks.errors import StopConnection
from dealbooks.masking import masked, secrets_of
from tests.csv_support import NAME, row, text_of

NOW = datetime(2026, 3, 15, 7, 0, tzinfo=UTC)
ADDRESS = "memory://clerk:s3cr3t-word@files.example/out"


class BackendError(Exception):
    """Like botocore's ClientError: of no family that we know."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sftp://user:pw@host/out", "sftp://***@host/out"),
        ("sftp://user:p@ss@host/out", "sftp://***@host/out"),
        ("simplecache::ftp://user@host/a b", "simplecache::ftp://***@host/a b"),
        ("s3://bucket/a@b.csv", "s3://bucket/a@b.csv"),
        ("file:///var/inbox/x.csv", "file:///var/inbox/x.csv"),
        ("no route to sftp://u:p@h and ftp://v:q@g", "no route to sftp://***@h and ftp://***@g"),
    ],
)
def test_user_and_password_of_an_address_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(masked(text)) == shown


def test_options_are_secret_by_their_names() -> None:
    options = {"key": "AKIA1234", "client_kwargs": {"aws_secret": "hidden"}, "port": 22, "endpoint": "https://x"}
    assert set(secrets_of(options)) == {"AKIA1234", "hidden"}
    assert masked("bad key AKIA1234", secrets_of(options)) == "bad key ***"


def test_an_error_of_a_file_library_stops_the_source_and_shows_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise BackendError(f"cannot log in to {ADDRESS} with s3cr3t-word or token-77")

    monkeypatch.setattr(MemoryFileSystem, "exists", broken)
    drop = CsvFiles("drop", CsvFilesSettings(ADDRESS, storage={"token": "token-77"}))
    with pytest.raises(StopConnection) as caught:
        drop.look(NOW)
    printed = "".join(traceback.format_exception(caught.value))
    assert "memory://***@files.example/out cannot be reached" in caught.value.message
    assert "s3cr3t-word" not in printed + repr(drop.settings)
    assert "token-77" not in printed


def test_an_error_while_a_file_is_copied_stops_the_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fs = MemoryFileSystem()
    fs.pipe_file(f"/copied/{NAME}", text_of([row()]).encode())
    drop = CsvFiles("drop", CsvFilesSettings("memory://copied", completeness={"kind": "none"}))
    (candidate,) = drop.candidates(NOW)

    def broken(*_: Any, **__: Any) -> None:
        raise BackendError("the connection was reset")

    monkeypatch.setattr(MemoryFileSystem, "open", broken)
    with pytest.raises(StopConnection, match="cannot be read at its source: the connection was reset"):
        drop.stage(candidate, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_stored_address_has_no_password_and_does_not_change_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fs = MemoryFileSystem()
    fs.pipe_file(f"/kept/{NAME}", text_of([row()]).encode())
    uris = []
    for word in ("old-word", "new-word"):
        monkeypatch.setattr(MemoryFileSystem, "unstrip_protocol", lambda _, name, w=word: f"sftp://u:{w}@host{name}")
        drop = CsvFiles("drop", CsvFilesSettings("memory://kept", completeness={"kind": "none"}))
        uris += [one.uri for one in drop.candidates(NOW)]
    assert uris == [f"sftp://***@host/kept/{NAME}"] * 2
