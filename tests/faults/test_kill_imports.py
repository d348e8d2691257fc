"""Imports of bank statements and of lists that are killed at each of their statements, that run twice at once, or that
find a full disk: all of a file is there, or nothing."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from bank_support import BankHouse
from reconcile_support import BOOK
from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from dealbooks.errors import StopConnection
from dealbooks.pipeline.lists import import_list
from dealbooks.store import Store
from dealbooks.store.audit import verify
from dealbooks.store.schema import ensure
from dealbooks.store.tables import bank_lines, bank_statements, outside_lists

LINES = 300
MOST = 80  # what is asked of the store in one import; it takes fewer
ROWS = [(f"2026-03-{1 + at // 10:02d}", "1.00", f"payment {at} {'x' * 60}") for at in range(LINES)]
LIST = "stock_no,amount\n" + "".join(f"S{at},{at}.00\n" for at in range(10 * LINES))
ROOM = 80_000  # bytes that a file may have on the full disk: more than either file, less than what is written of it
Import = Callable[[BankHouse], str]


def a_statement(house: BankHouse) -> str:
    [found] = house.bank(ROWS, days=("2026-03-01", "2026-03-31"), name=f"bank-{os.getpid()}.csv")
    return found.state


def a_list(house: BankHouse) -> str:
    return import_list(house, "stock", BOOK, "2026-03", house.file(f"list-{os.getpid()}.csv", LIST)).state


both = pytest.mark.parametrize("work", [a_statement, a_list])


@contextmanager
def opened(folder: Path) -> Iterator[BankHouse]:
    store = Store(f"sqlite:///{folder / 'store.db'}")
    ensure(store)
    house = BankHouse(store, folder / "var")
    house.add_account("main")
    yield house
    store.close()


def forked(work: Callable[[], None]) -> int:
    """How a process of its own ended: 0 when it went through."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            work()
            os._exit(0)
        os._exit(1)
    return child


def ended(child: int) -> int:
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def run(folder: Path, work: Import, patch: Callable[[], None] = lambda: None) -> int:
    def once() -> None:
        patch()
        with opened(folder) as house:
            work(house)

    return forked(once)


def at_statement(number: int) -> None:
    """Kill before the n-th thing that is asked of the store."""
    numbers = count(1)

    def dying(real: Any) -> Any:
        def asked(*given: Any) -> Any:
            if next(numbers) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given)

        return asked

    for name in ("do_execute", "do_executemany", "do_commit"):
        patch = pytest.MonkeyPatch()
        patch.setattr(SQLiteDialect_pysqlite, name, dying(getattr(SQLiteDialect_pysqlite, name)))


def there(folder: Path) -> tuple[int, int, int]:
    """Statements, lines and lists that count, in a store whose chains hold."""
    with opened(folder) as house:
        assert verify(house.store).breaks == ()
        with house.store.read() as conn:
            taken = bank_statements.c.state == "taken"
            one, two, three = (
                conn.execute(query).scalar_one()
                for query in (
                    select(func.count()).select_from(bank_statements).where(taken),
                    select(func.count()).select_from(bank_lines),
                    select(func.count()).select_from(outside_lists).where(outside_lists.c.state == "taken"),
                )
            )
    return one, two, three


WHOLE = {a_statement: (1, LINES, 0), a_list: (0, 0, 1)}


@pytest.mark.long
@both
def test_an_import_that_is_killed_anywhere_leaves_all_or_nothing(tmp_path: Path, work: Import) -> None:
    with opened(tmp_path / "template"):
        pass
    seen = set()
    for number in range(1, MOST):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "template", folder)
        code = ended(run(folder, work, lambda number=number: at_statement(number)))  # type: ignore[misc]
        seen.add(there(folder))
        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert ended(run(folder, work)) == 0
        assert there(folder) == WHOLE[work]
    assert number > 5
    assert seen == {(0, 0, 0), WHOLE[work]}


@both
def test_an_import_on_a_full_disk_leaves_nothing_and_says_so(tmp_path: Path, work: Import) -> None:
    with opened(tmp_path):
        pass

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))

    def told(house: BankHouse) -> str:
        with pytest.raises(StopConnection, match="disk"):
            work(house)
        return ""

    for _ in range(2):
        assert ended(run(tmp_path, told, full)) == 0
        assert there(tmp_path) == (0, 0, 0)
    assert ended(run(tmp_path, work)) == 0
    assert there(tmp_path) == WHOLE[work]


@both
def test_of_many_imports_of_one_file_at_once_one_is_taken(tmp_path: Path, work: Import) -> None:
    with opened(tmp_path):
        pass
    children = [run(tmp_path, work) for _ in range(4)]
    assert [ended(child) for child in children] == [0] * 4
    assert there(tmp_path) == WHOLE[work]
