"""Reconciling a book that is kept in real Beancount files, which somebody edits with a text editor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from reconcile_support import BOOK, CHART, UK_MARCH, SmallHouse, account, key_of

from blocks.ledgers.beancount import BeancountLedger
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.store import Store

PERIOD = "2026-03"
OPEN = {"cit_unpaid", "payoff_late", "customer_balance"}


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> Iterator[SmallHouse]:
    ledger = BeancountLedger(tmp_path / "book", "Northgate", "GBP", CHART)
    made = SmallHouse(sqlite_store, tmp_path / "var", ledger)  # type: ignore[arg-type]
    for name in (*UK_MARCH, "G14", "G24"):
        made.take(name)
    made.drain()
    yield made


def planted(rec: Reconciliation) -> list[tuple[str, str]]:
    return sorted((found.code, found.where.partition(",")[0]) for found in rec.exceptions if found.code not in OPEN)


def file_of(house: SmallHouse, name: str, entry_id: str = "sale-v1") -> Path:
    ledger: BeancountLedger = house.kept  # type: ignore[assignment]
    key = key_of(name, entry_id)
    return next(path for path in ledger.path.glob("ledger/*/*.beancount") if f'"{key}"' in path.read_text("utf-8"))


def test_files_as_written_agree_and_edits_are_each_named_once(house: SmallHouse) -> None:
    rec = reconcile(house, BOOK, PERIOD)
    assert planted(rec) == []
    assert rec.agreed, rec.problems
    assert rec.counts["entries"] == rec.counts["records"] == rec.counts["matched"]

    edited = file_of(house, "G10", "receipt-P1")
    text = edited.read_text("utf-8")
    total = next(line.split()[1] for line in text.splitlines() if account("cash.undeposited").split(":")[1] in line)
    cent = f"{total[:-1]}{(int(total[-1]) + 1) % 10}"
    edited.write_text(text.replace(total, cent), "utf-8")
    gone = file_of(house, "G11")
    gone.unlink()
    moved = file_of(house, "G12")
    moved.write_text(moved.read_text("utf-8").replace('location: "', 'location: "OLD-'), "utf-8")
    original = file_of(house, "G13")
    original.with_name("copy.beancount").write_text(original.read_text("utf-8"), "utf-8")
    main = house.kept.main  # type: ignore[attr-defined]
    names = house.kept.accounts  # type: ignore[attr-defined]
    customer, tax = names.name_of("receivable.customer", "the test"), names.name_of("tax.output", "the test")
    with main.open("a", encoding="utf-8") as file:
        file.write(f'\n2026-03-20 * "typed by hand"\n  {customer}  7.00 GBP\n  {tax}  -7.00 GBP\n')
    again = reconcile(house, BOOK, PERIOD)
    assert [code for code, _ in planted(again)] == [
        "deleted_in_ledger",
        "duplicate",
        "edited_after_posting",
        "unexplained_ledger_entry",
        "wrong_location",
    ]
    assert all(row.explained_by for row in again.totals if row.difference)
    assert reconcile(house, BOOK, PERIOD).as_json() == again.as_json()
