"""Files that lie elsewhere become entries in the books: through broken lines, once, and with no secret left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from canary_support import leaks, left_in, listening
from pipeline_support import Dealership, sale
from remote_support import s3_server, sftp_server

CANARY = "canary-of-a-drop-folder-77ac1d0b"


def shop_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, storage: dict[str, Any]) -> Dealership:
    """A dealership whose files come from there; its secret is in the environment."""
    shop = Dealership(tmp_path / "shop", f"sqlite:///{tmp_path / 'store.db'}")
    monkeypatch.setenv("DROP_SECRET", CANARY)
    kept = {name: "${DROP_SECRET}" if value == CANARY else value for name, value in storage.items()}
    shop.settings["sources"]["drop"] |= {"path": url, "storage": kept}
    shop.settings["sources"]["drop"]["completeness"] = {"kind": "settle", "settle_seconds": 0}
    shop.write_config()
    return shop


def sent(shop: Dealership, put: Callable[[str, bytes], Any]) -> None:
    """Two files, each with one sale and a remark that makes it large."""
    for number in (1, 2):
        path = shop.sales(10 + number, sale(number))
        put(path.name, path.read_bytes() + b"#" + b"x" * 150_000 + b"\n")
        path.unlink()


def checked(shop: Dealership, tmp_path: Path, said: str) -> None:
    """Each sale is in the books once, and every file was taken once."""
    again = shop.sync()
    assert {name: row["state"] for name, row in shop.deals().items()} == {"N-1": "posted", "N-2": "posted"}
    assert [row["state"] for row in shop.rows("effects")] == ["posted"] * 4
    assert sorted(row["state"] for row in shop.rows("files")) == ["taken", "taken"]
    assert len(shop.rows("inbox")) == 2
    assert [one.files for one in again.extracted] == [()]
    assert again.exit_code == 0
    shop.close()
    places = left_in(tmp_path) | {"logs and errors": said.encode()}
    assert not leaks(places, {CANARY})


def test_a_server_whose_line_breaks_in_the_second_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sftp_server(tmp_path / "server", CANARY) as server, listening() as spy:
        shop = shop_of(tmp_path, monkeypatch, server.url, server.storage())
        sent(shop, lambda name, body: (server.folder / name).write_bytes(body))
        server.breaks, server.breaks_after = 1, 200_000
        first = shop.sync()
        spy.stream.write(repr(first.as_json()))
        assert "CompletedSale_20260912.csv cannot be read at its source" in spy.stream.getvalue()
        assert [row["name"] for row in shop.rows("files")] == ["CompletedSale_20260911.csv"]
        assert set(shop.deals()) == {"N-1"}
        spy.stream.write(repr(shop.sync().as_json()))
        checked(shop, tmp_path, spy.stream.getvalue())
        assert sorted(one.name for one in server.folder.iterdir()) == [
            "CompletedSale_20260911.csv", "CompletedSale_20260912.csv",
        ]  # fmt: skip


def test_s3_that_breaks_off_and_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server(secret=CANARY) as server, listening() as spy:
        shop = shop_of(tmp_path, monkeypatch, "s3://drops/out", server.storage())
        sent(shop, server.put)
        server.line.breaks, server.line.after = 1000, 50_000
        spy.stream.write(repr(shop.sync().as_json()))
        assert "cannot be read at its source" in spy.stream.getvalue()
        assert shop.rows("files") == []
        server.line.breaks = 0
        spy.stream.write(repr(shop.sync().as_json()))
        checked(shop, tmp_path, spy.stream.getvalue())
