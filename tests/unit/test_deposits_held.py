"""Deposits that nobody used or gave back: named after sixty days, and no longer once they are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from reconcile_support import BOOK, SmallHouse, by_hand, case

from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.reconcile.matrix import RowStatus
from dealbooks.store import Store

DEAL = "G09"
[RECEIPT] = [
    one["entry_id"] for one in case(DEAL)["expected"]["entries"] if one["event"] == "deposit.received"
]  # fmt: skip
[TAKEN] = [
    date.fromisoformat(one["accounting_date"])
    for one in case(DEAL)["expected"]["entries"] if one["event"] == "deposit.received"
]  # fmt: skip


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> SmallHouse:
    return SmallHouse(sqlite_store, tmp_path / "var", day=date(2026, 12, 1))


def held(rec: Reconciliation) -> list[str]:
    return [one.what for one in rec.exceptions if one.code == "deposit_held"]


def test_a_deposit_without_a_sale_is_named_after_sixty_days(house: SmallHouse) -> None:
    house.take(DEAL, only=[RECEIPT])
    house.drain()
    house.day = date.fromordinal(TAKEN.toordinal() + 60)
    assert held(reconcile(house, BOOK, house.day.isoformat()[:7])) == []
    house.day = date.fromordinal(TAKEN.toordinal() + 61)
    rec = reconcile(house, BOOK, house.day.isoformat()[:7])
    [what] = held(rec)
    assert "are held for 61 days; no sale stands for it." in what
    [row] = [one for one in rec.matrix if one.number == "R12"]
    assert (row.status, len(row.exceptions)) == (RowStatus.AGREED, 1)
    assert rec.agreed


def test_one_that_the_sale_used_is_not_held(house: SmallHouse) -> None:
    house.take(DEAL)
    house.drain()
    assert held(reconcile(house, BOOK, "2026-07")) == []


def test_one_that_the_bookkeeper_gave_back_is_not_held(house: SmallHouse) -> None:
    house.take(DEAL, only=[RECEIPT])
    house.drain()
    [found] = [one for one in reconcile(house, BOOK, "2026-07").exceptions if one.code == "deposit_held"]
    stock_no = case(DEAL)["deal"]["vehicle"]["stock_no"]
    back = {"payable.customer_deposits": f"{-found.difference}", "cash.bank": f"{found.difference}"}
    house.kept.listing.append(by_hand("refund", "2026-07-02", back, stock_no=stock_no))
    rec = reconcile(house, BOOK, "2026-07")
    assert held(rec) == []
    assert [(one.ref, one.kind) for one in rec.by_hand] == [("refund", "clearing")]
