"""What somebody with a database program can leave in a store, and no program of ours writes: it is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from bank_support import BankHouse
from reconcile_support import BOOK
from sqlalchemy import text

from dealbooks.pipeline.lists import import_list
from dealbooks.store import Store
from dealbooks.store.audit import verify


@pytest.fixture
def kept(sqlite_store: Store, tmp_path: Path) -> Callable[[str], list[tuple[str, str]]]:
    """A store with three lists; runs a statement on it and gives what `verify` names."""
    house = BankHouse(sqlite_store, tmp_path / "var")
    for number in range(3):
        import_list(
            house, "stock", BOOK, f"2026-0{number + 1}", house.file("x.csv", f"stock_no,amount\nS{number},1.00\n")
        )
    assert verify(sqlite_store).intact

    def changed(statement: str) -> list[tuple[str, str]]:
        with sqlite_store.engine.begin() as conn:
            assert conn.execute(text(statement)).rowcount == 1
        report = verify(sqlite_store)
        assert all(one.where.isprintable() for one in report.breaks)
        return [(one.where, one.message) for one in report.breaks]

    return changed


@pytest.mark.parametrize(
    "change",
    [
        "body = cast(body as blob)", "body = cast(x'ff00ff' as text)", "kind = cast(kind as blob)",
        "kind = cast(x'ff00ff' as text)", "kind = 17", "row_count = 1.5", "row_count = 9e999", "sha256 = x''",
        "body = 1.5",
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_named_with_its_row(
    kept: Callable[[str], list[tuple[str, str]]], change: str
) -> None:
    [(where, message)] = kept(f"update outside_lists set {change} where id = 2")
    assert where == "outside_lists 2"
    assert "somebody changed it by hand" in message


@pytest.mark.parametrize(
    "change",
    [
        "changes = '[[[1],2,3,4]]'", "changes = '[[{},2,3,4]]'", "changes = '" + "[" * 100_000 + "'", "actor = x'00ff'",
        "changes = cast(x'ff' as text)", "action = cast(x'ff' as text)", "hash = cast(hash as blob)",
    ],
)  # fmt: skip
def test_a_link_that_cannot_be_read_is_named(kept: Callable[[str], list[tuple[str, str]]], change: str) -> None:
    found = kept(f"update audit set {change} where book = '{BOOK}' and seq = 2")
    assert (f"chain {BOOK}, link 2", "its content is not what was sealed") in found


def test_a_head_that_was_taken_out_is_named(kept: Callable[[str], list[tuple[str, str]]]) -> None:
    assert kept(f"delete from audit_heads where book = '{BOOK}'") == [
        (f"chain {BOOK}", "its stored head is gone: somebody removed it by hand")
    ]
