"""Lists of others in the store: two imports at once, and files that are no list."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from bank_support import BankHouse
from cli_support import make_cli
from reconcile_support import BOOK

from dealbooks.config import load_config
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.lists import all_lists, import_list
from dealbooks.pipeline.periods import move
from dealbooks.store import Store
from dealbooks.store.audit import verify
from dealbooks.store.db import Tx


def test_of_two_lists_at_once_one_counts(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house, together, update = BankHouse(store, tmp_path / "var"), Barrier(2), Tx.update

    def slowly(tx: Tx, *args: Any, **values: Any) -> Any:
        with suppress(BrokenBarrierError):
            together.wait(2)
        return update(tx, *args, **values)

    monkeypatch.setattr(Tx, "update", slowly)
    paths = [house.file(f"{index}.csv", f"stock_no,amount\nS{index},1.00\n") for index in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda path: import_list(house, "stock", BOOK, "2026-03", path), paths))
    assert sorted(one.state for one in all_lists(house, BOOK)) == ["replaced", "taken"]
    assert verify(store).intact


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"stock_no,amount\n" + b"x" * 30_000_000, "larger than 20 MB"),
        (b"PK\x03\x04" + bytes(range(256)), "is a workbook"),
        ("stock_no,amount\nS1,1.00\n".encode("utf-16"), "heading of the list|no CSV"),
        (b"stock_no,amount\nS1,NaN\n", "is no amount"),
        (b"stock_no,amount\nS1,1e3\n", "is no amount"),
        (b"stock_no,amount\nS1,1.001\n", "more decimals than GBP"),
        (b'stock_no,amount\n"S1,1.00\nS2,2.00\n', "no CSV"),
        (b"stock_no,amount\nS1,1.00\ns1,2.00\n", "is there twice"),
        (b"stock_no,amount\nS1,1.00\nS2", "has 1 columns, the heading 2"),
        (b"", "heading of the list is empty"),
    ],
)
def test_what_is_no_list_is_refused_with_words(sqlite_store: Store, tmp_path: Path, content: bytes, words: str) -> None:
    house = BankHouse(sqlite_store, tmp_path / "var")
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=words):
        import_list(house, "stock", BOOK, "2026-03", path)
    assert all_lists(house, BOOK) == []


def test_a_list_for_a_closed_month_says_what_that_means(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house")
    stock = tmp_path / "stock.csv"
    stock.write_text("stock_no,amount\nS1,1.00\n", "utf-8")
    given = ("lists", "import", "stock", BOOK, "2026-07", str(stock))
    assert "closed" not in cli.run(*given).output
    with House.open(load_config(cli.config), actor="test") as house, house.store.transaction("test", "close") as tx:
        move(tx, BOOK, Period(2026, 7), PeriodState.CLOSING, who="Ann Lee")
        move(tx, BOOK, Period(2026, 7), PeriodState.LOCKED, who="Ann Lee")
    stock.write_text("stock_no,amount\nS1,2.00\n", "utf-8")
    said = cli.run(*given).output
    assert "2026-07 of northgate is closed" in said
    assert "dealbooks reopen northgate 2026-07" in said
    assert cli.json(*given)["month_closed"] is True
    assert cli.json(*given[:4], "2026-08", str(stock))["month_closed"] is False
