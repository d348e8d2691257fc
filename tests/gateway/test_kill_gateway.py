"""A real gateway under 500 webhooks a second, killed meanwhile: everything that was acknowledged is in the store."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from pathlib import Path

import pytest
from gateway_support import stored
from sqlalchemy import text

from benchmarks.webhooks import HOOK, Sent, free_port, running, send, serve, wait_ready
from dealbooks.config import load_config
from dealbooks.house import House
from dealbooks.store import Store

RATE = 500
_MOST_MIB = 160  # resident, of which about 100 are Python with FastAPI and SQLAlchemy


def _house(folder: Path, store_url: str) -> Path:
    path = folder / "dealbooks.yaml"
    hooks = json.dumps({"signed": dict(HOOK)})
    path.write_text(f"store: {store_url}\nbooks: {{}}\nsources: {{}}\nhooks: {hooks}\n", encoding="utf-8")
    with House.open(load_config(path)):
        pass
    return path


def _start(config: Path, port: int) -> subprocess.Popen[bytes]:
    return serve("gateway.app:create_app", port, {"DEALBOOKS_CONFIG": str(config)})


def _peak_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def _keys(store_url: str) -> list[str]:
    store = Store(store_url)
    try:
        return [row["dedupe_key"] for row in stored(store)]
    finally:
        store.close()


def _kill_during(folder: Path, store_url: str, count: int, kill_at: int) -> None:
    config, port, sent = _house(folder, store_url), free_port(), Sent()
    process = _start(config, port)
    try:
        wait_ready(port, running(process))
        sender = threading.Thread(target=lambda: asyncio.run(send(port, count, RATE, sent)))
        sender.start()
        while len(sent.acknowledged) < kill_at and sender.is_alive():
            sender.join(0.01)
        peak = _peak_mib(process.pid)
        process.kill()
        sender.join()
    finally:
        process.kill()
        process.wait()
    kept = _keys(store_url)
    assert kill_at <= len(sent.acknowledged) < count
    assert sent.refused == {}
    assert sent.acknowledged <= set(kept) <= sent.tried
    assert len(kept) == len(set(kept))
    assert peak < _MOST_MIB

    again, process = Sent(), _start(config, port)
    try:
        wait_ready(port, running(process))
        asyncio.run(send(port, kill_at, RATE, again))
    finally:
        process.terminate()
        process.wait()
    assert len(again.acknowledged) == kill_at
    assert set(_keys(store_url)) == set(kept) | again.acknowledged
    assert len(_keys(store_url)) == len(set(_keys(store_url)))


@pytest.mark.parametrize("store_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True)
def test_killed_within_seconds(tmp_path: Path, store_url: str) -> None:
    _kill_during(tmp_path, store_url, 1500, 700)


@pytest.mark.long
def test_killed_within_a_minute(tmp_path: Path) -> None:
    _kill_during(tmp_path, f"sqlite:///{tmp_path / 'store.db'}", 60 * RATE, 50 * RATE)


@pytest.mark.long
def test_a_minute_of_500_a_second(tmp_path: Path, store_url: str) -> None:
    """All acknowledged, none twice, and the memory stays where it was."""
    config, port = _house(tmp_path, store_url), free_port()
    process = _start(config, port)
    warm, sent = Sent(), Sent()
    try:
        wait_ready(port, running(process))
        asyncio.run(send(port, 2 * RATE, RATE, warm, prefix="w"))
        before = _peak_mib(process.pid)
        asyncio.run(send(port, 60 * RATE, RATE, sent))
        after = _peak_mib(process.pid)
    finally:
        process.terminate()
        process.wait()
    kept = _keys(store_url)
    assert (sent.refused, len(sent.acknowledged)) == ({}, 60 * RATE)
    assert sorted(kept) == sorted(sent.acknowledged | warm.acknowledged)
    assert after < _MOST_MIB
    assert after - before < 30
    store = Store(store_url)
    with store.read() as conn:
        assert conn.execute(text("SELECT value FROM counters WHERE name = 'events'")).scalar() == len(kept)
    store.close()
