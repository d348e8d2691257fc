"""A rehearsal sees what it does, and leaves nothing; on each database."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from dealbooks.store import Lease, Store
from dealbooks.store.audit import heads, verify
from dealbooks.store.tables import batches


def _batch(number: int) -> dict[str, object]:
    return {
        "id": number, "source": "drop", "file_id": None, "state": "extracted", "row_count": 1, "summary": "{}",
        "created_at": "2026-10-01",
    }  # fmt: skip


def _numbers(store: Store) -> list[int]:
    with store.read() as conn:
        return [row.id for row in conn.execute(select(batches.c.id).order_by(batches.c.id))]


def _add(store: Store, number: int) -> None:
    with store.transaction("test", f"add {number}") as tx:
        assert tx.next_ids("batches")[0] == number
        tx.insert("batches", [_batch(number)])


def test_what_is_rehearsed_is_seen_and_does_not_remain(store: Store) -> None:
    _add(store, 1)
    before = heads(store)
    with store.rehearse() as rehearsal:
        _add(rehearsal, 2)
        assert _numbers(rehearsal) == [1, 2]
        assert heads(rehearsal) != before
        assert verify(rehearsal).intact
    assert _numbers(store) == [1]
    assert heads(store) == before
    _add(store, 2)
    assert verify(store).intact


def test_a_transaction_that_fails_undoes_only_itself(store: Store) -> None:
    with store.rehearse() as rehearsal:
        _add(rehearsal, 1)
        with pytest.raises(ValueError, match="stop"), rehearsal.transaction("test", "fail") as tx:
            tx.insert("batches", [_batch(2)])
            raise ValueError("stop")
        assert _numbers(rehearsal) == [1]
    assert _numbers(store) == []


def test_an_error_in_a_rehearsal_leaves_nothing(store: Store) -> None:
    with pytest.raises(ValueError, match="stop"), store.rehearse() as rehearsal:
        _add(rehearsal, 1)
        raise ValueError("stop")
    assert _numbers(store) == []


def test_a_lease_that_is_taken_in_a_rehearsal_is_free_afterwards(store: Store) -> None:
    with store.rehearse() as rehearsal, Lease(rehearsal, "source:drop") as held:
        held.renew()
        assert held.token == 1
    with Lease(store, "source:drop") as real:
        assert real.token == 1
