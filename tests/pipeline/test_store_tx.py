"""Transactions of the store when two processes work at once, on each database."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from dealbooks.errors import LeaseLost, Overtaken
from dealbooks.store import Lease, Store
from dealbooks.store.audit import verify
from dealbooks.store.db import Row
from dealbooks.store.tables import batches


def _batch(store: Store) -> Row:
    with store.transaction("test", "batch") as tx:
        row: Row = {
            "id": tx.next_ids("batches")[0], "source": "drop", "state": "extracted", "row_count": 0, "summary": "{}",
            "created_at": tx.at,
        }  # fmt: skip
        tx.insert("batches", [row])
    return row


def _stored(store: Store) -> list[Row]:
    with store.read() as conn:
        return [dict(row) for row in conn.execute(select(batches).order_by(batches.c.id)).mappings()]


def test_what_another_process_changed_since_it_was_read_is_not_overwritten(store: Store) -> None:
    row, other = _batch(store), _batch(store)
    with store.transaction("one", "validate") as tx:
        tx.update("batches", [row], state="validated", row_count=7)
    with pytest.raises(Overtaken), store.transaction("two", "late") as tx:
        tx.update("batches", [other, row], state="extracted")
    assert [(one["state"], one["row_count"]) for one in _stored(store)] == [("validated", 7), ("extracted", 0)]
    assert verify(store).intact


def test_a_row_that_is_gone_is_told(store: Store) -> None:
    row = _batch(store)
    with pytest.raises(Overtaken), store.transaction("two", "late") as tx:
        tx.update("batches", [row | {"id": 99}], state="validated")


def test_a_row_is_changed_twice_in_one_transaction(store: Store) -> None:
    row = _batch(store)
    with store.transaction("one", "twice") as tx:
        (row,) = tx.update("batches", [row], row_count=1)
        tx.update("batches", [row], row_count=2)
    assert _stored(store)[0]["row_count"] == 2
    assert verify(store).intact


def test_reading_sees_one_moment(store: Store) -> None:
    row = _batch(store)
    with store.read() as conn:
        before = conn.execute(select(batches.c.state)).scalar_one()
        with store.transaction("other", "meanwhile") as tx:
            tx.update("batches", [row], state="validated")
        assert conn.execute(select(batches.c.state)).scalar_one() == before
    assert _stored(store)[0]["state"] == "validated"


def _together(count: int, work: object) -> list[BaseException]:
    """Run some threads that begin at the same moment; what they raised."""
    barrier, raised = threading.Barrier(count), []

    def run() -> None:
        barrier.wait()
        try:
            work()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001
            raised.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_numbers_and_chains_that_are_begun_at_the_same_moment(store: Store) -> None:
    assert _together(6, lambda: _batch(store)) == []
    assert [row["id"] for row in _stored(store)] == [1, 2, 3, 4, 5, 6]
    report = verify(store)
    assert (report.intact, report.links) == (True, 6)


def test_one_of_many_takes_a_lease_for_the_first_time(store: Store) -> None:
    held: list[bool] = []
    assert _together(6, lambda: held.append(Lease(store, "source:drop").acquire())) == []
    assert sorted(held) == [False] * 5 + [True]


def test_a_lease_that_is_held_is_refused_in_words(store: Store) -> None:
    lease = Lease(store, "source:drop")
    with lease, pytest.raises(LeaseLost, match="another process"), Lease(store, "source:drop"):
        pass
    assert Lease(store, "source:drop").acquire()
