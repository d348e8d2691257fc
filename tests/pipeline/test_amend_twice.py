"""An amendment of an amendment that was planned and not yet sent, and a store that is older than its ledger."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pipeline_support import Dealership, sale, void


def _plain(shop: Dealership, price: str) -> dict:
    """The books of a dealership that sold for this price at once."""
    other = Dealership(shop.folder / f"plain-{price}", f"sqlite:///{shop.folder / f'plain-{price}.db'}")
    other.sales(11, sale(1, price=price))
    other.sync()
    return other.balances()


@pytest.mark.parametrize("day", [12, 13], ids=["the same day", "a later day"])
def test_a_reversal_that_was_planned_and_not_sent_is_made_for_the_newer_version(shop: Dealership, day: int) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(12, sale(1, price="9000.00"))
    shop.sync(post=False)  # planned, and then the ledger was busy, or the process was killed
    shop.sales(day, sale(1, price="9500.00"), again=2 if day == 12 else 0)
    result = shop.sync()
    assert result.exit_code == 0, result.as_json()
    assert "reversal-v1" in shop.entry_ids(1)
    assert "sale-v3" in shop.entry_ids(1)
    assert "sale-v2" not in shop.entry_ids(1)
    assert shop.balances() == _plain(shop, "9500.00")
    shop.sound()


def test_an_unwind_that_was_planned_and_taken_back_before_it_was_sent(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(12, sale(1, price="9000.00"))
    shop.sync(post=False)
    shop.sales(13, void(1))
    shop.sync(post=False)
    shop.sales(14, sale(1, price="9700.00"))
    assert shop.sync().exit_code == 0
    assert shop.balances() == _plain(shop, "9700.00")
    shop.sound()


def test_a_held_amendment_is_told_at_every_run_and_a_newer_one_waits_with_it(shop: Dealership) -> None:
    shop.book["amend_limit"] = 0
    shop.write_config()
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(12, sale(1, price="9000.00"))
    assert shop.sync().exit_code == 3
    assert shop.sync().exit_code == 3, "still held"
    shop.book["amend_limit"] = 5
    shop.write_config()
    shop.sales(13, sale(1, price="9100.00"))
    result = shop.sync()
    assert result.exit_code == 3
    assert "sale-v3" not in shop.entry_ids(1)


def test_a_store_that_is_older_than_the_ledger_posts_nothing(shop: Dealership, tmp_path: Path) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    shop.close()
    store = tmp_path / "store.db"
    backup = tmp_path / "backup.db"
    shutil.copy(store, backup)
    shop.sales(12, sale(2))
    shop.sync()
    before = shop.balances()
    shop.close()
    for file in (store, store.with_name(store.name + "-wal"), store.with_name(store.name + "-shm")):
        file.unlink(missing_ok=True)
    shutil.copy(backup, store)
    shop.sales(13, sale(1, price="9000.00"))
    result = shop.sync()
    assert result.exit_code == 3
    assert "restored from an older copy" in " ".join(result.failures)
    assert shop.balances() == before


def test_a_ledger_folder_that_is_gone_is_not_begun_anew(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    books = next(path.parent for path in shop.folder.rglob("main.beancount"))
    shutil.rmtree(books)
    shop.sales(12, sale(2))
    result = shop.sync()
    assert result.exit_code == 3
    assert "is empty, and the store knows of postings" in " ".join(result.failures)
