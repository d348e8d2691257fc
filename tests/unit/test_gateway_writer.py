"""The writer: everything that waits in one transaction, each event once, nothing told that is not there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from gateway_support import stored
from sqlalchemy import text

from dealbooks.canonical import sha256_hex
from dealbooks.errors import StopConnection
from dealbooks.store import Store, Tx
from gateway.writer import NotWritten, Writer


def _row(key: str, hook: str = "crm", **changes: Any) -> dict[str, Any]:
    return {
        "hook": hook, "scheme": "stripe", "source": "", "kind": "deal.updated", "dedupe_key": key, "deal_ref": "",
        "object_ids": "{}", "text": "", "amount": "", "currency": "", "occurred_at": "", "body": "{}",
        "body_hash": sha256_hex("{}"), "state": "new", "deal_id": None, "note": "", "received_at": "2026",
    } | changes  # fmt: skip


@contextmanager
def _writing(store: Store, **options: Any) -> Iterator[Writer]:
    writer = Writer(store, **options)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()


class _Held(Store):
    """A store whose transactions wait until they are let."""

    def __init__(self, real: Store) -> None:
        self.real = real
        self.let = threading.Event()
        self.entered = threading.Event()

    @contextmanager
    def transaction(self, actor: str, action: str) -> Iterator[Tx]:
        """As the real one, later."""
        self.entered.set()
        assert self.let.wait(60)
        with self.real.transaction(actor, action) as tx:
            yield tx


def test_what_waits_together_is_committed_together(store: Store) -> None:
    held, commits = _Held(store), list[int]()

    async def run(writer: Writer) -> list[int]:
        first = asyncio.create_task(writer.write([_row("k0")]))
        while not held.entered.is_set():
            await asyncio.sleep(0)
        rest = [asyncio.create_task(writer.write([_row(f"k{n % 40}"), _row(f"k{n % 40}", "pay")])) for n in range(80)]
        while writer.waiting() < 80:
            await asyncio.sleep(0)
        held.let.set()
        return await asyncio.gather(first, *rest)

    with _writing(held) as writer:
        writer.on_commit = commits.append
        new = asyncio.run(run(writer))
    assert (new[0], sum(new)) == (1, 80)
    assert commits == [1, 79]
    rows = stored(store)
    assert [row["id"] for row in rows] == list(range(1, 81))
    assert len({(row["hook"], row["dedupe_key"]) for row in rows}) == 80


def test_two_gateways_write_each_event_once(store: Store) -> None:
    async def run(writers: list[Writer]) -> list[int]:
        return await asyncio.gather(*(one.write([_row(f"k{n}")]) for n in range(100) for one in writers))

    other = Store(store.url, clock=store.clock)
    with _writing(store) as first, _writing(other) as second:
        new = asyncio.run(run([first, second]))
    other.close()
    assert sum(new) == 100
    assert sorted(row["id"] for row in stored(store)) == list(range(1, 101))


def test_too_many_waiting(sqlite_store: Store) -> None:
    held = _Held(sqlite_store)

    async def run(writer: Writer) -> list[int | BaseException]:
        calls = [asyncio.create_task(writer.write([_row("k0")]))]
        while not held.entered.is_set():
            await asyncio.sleep(0)
        calls += [asyncio.create_task(writer.write([_row(f"k{n}")])) for n in range(1, 5)]
        await asyncio.sleep(0)
        held.let.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    with _writing(held, most_waiting=2) as writer:
        done = asyncio.run(run(writer))
    assert done[:3] == [1, 1, 1]
    assert [error.reason for error in done[3:] if isinstance(error, NotWritten)] == ["full", "full"]
    assert len(stored(sqlite_store)) == 3


def test_one_that_cannot_be_written_does_not_hold_back_the_others(sqlite_store: Store) -> None:
    held = _Held(sqlite_store)

    async def run(writer: Writer) -> list[int | BaseException]:
        calls = [asyncio.create_task(writer.write([_row("k0")]))]
        while not held.entered.is_set():
            await asyncio.sleep(0)
        bad: Any = None
        calls += [asyncio.create_task(writer.write([_row(key, kind=kind)])) for key, kind in (("a", "x"), ("b", bad))]
        await asyncio.sleep(0)
        held.let.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    with _writing(held) as writer:
        done = asyncio.run(run(writer))
    assert done[:2] == [1, 1]
    assert isinstance(done[2], NotWritten)
    assert [row["dedupe_key"] for row in stored(sqlite_store)] == ["k0", "a"]


def test_a_store_that_is_away_is_told_and_comes_back(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sqlite_store.transaction

    def away(*_: str) -> Any:
        raise StopConnection("The disk is full.")

    with _writing(sqlite_store) as writer:
        monkeypatch.setattr(sqlite_store, "transaction", away)
        with pytest.raises(NotWritten):
            asyncio.run(writer.write([_row("k")]))
        monkeypatch.setattr(sqlite_store, "transaction", real)
        assert asyncio.run(writer.write([_row("k")])) == 1
        assert asyncio.run(writer.write([_row("k")])) == 0


def test_one_that_was_stopped_takes_nothing(sqlite_store: Store) -> None:
    with _writing(sqlite_store) as writer:
        assert asyncio.run(writer.write([_row("k")])) == 1
    with pytest.raises(NotWritten):
        asyncio.run(writer.write([_row("other")]))


def test_a_commit_is_on_the_disk(sqlite_store: Store) -> None:
    """WAL with synchronous=FULL: a 2xx survives a loss of power, as far as the disk tells the truth."""
    with sqlite_store.read() as conn:
        found = [conn.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    assert found == ["wal", 2]
