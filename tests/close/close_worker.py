"""A close that is killed at one step after another, and started again.

    python close_worker.py TEMPLATE FOLDER

Each try is a process forked from this one, which has everything loaded: it signs a copy of the template, and is
killed with SIGKILL before or after the n-th commit of what it writes, or when it puts its n-th file into its place.
Then another one signs again. Prints what stood there after each, as JSON.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from close_support import BOOK, PERIOD, copy_of
from pipeline_support import Dealership
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from dealbooks.canonical import sha256_hex
from dealbooks.pack import close_with_pack, verify_pack
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.periods import find
from dealbooks.store import Tx
from dealbooks.store.audit import verify

MOST = 40


def _sign(
    folder: Path, accept: Sequence[str], template: Path | None = None, *, arm: Callable[[], None] = lambda: None
) -> None:
    """Sign what the template was shown."""
    shop = copy_of(template, folder) if template is not None else _opened(folder)
    with shop.open() as house:
        arm()
        close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="seen", accept=accept)


def _shown(template: Path) -> list[str]:
    """Show the month once, for all copies; the classes of what must be accepted."""
    shop = _opened(template)
    with shop.open() as house:
        found = close_with_pack(house, BOOK, PERIOD).obstacles
    shop.close()
    return sorted({one.code for one in found})


def _opened(folder: Path) -> Dealership:
    return Dealership(folder, f"sqlite:///{folder / 'store.db'}")


def _at_commit(number: int, *, after: bool) -> None:
    """Kill before or after the n-th commit of a transaction that writes."""
    seal, commit, numbers = Tx.seal, SQLiteDialect_pysqlite.do_commit, itertools.count(1)
    writing: list[int] = []

    def sealed(self: Tx) -> None:
        seal(self)
        writing.append(next(numbers))

    def committed(self: Any, connection: Any) -> None:
        mine = writing.pop() if writing else 0
        if mine == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, connection)
        if mine == number:
            os.kill(os.getpid(), signal.SIGKILL)

    pytest.MonkeyPatch().setattr(Tx, "seal", sealed)
    pytest.MonkeyPatch().setattr(SQLiteDialect_pysqlite, "do_commit", committed)


def _at_file(number: int) -> None:
    """Kill when the n-th of the files goes to its place, inside the transaction that locks."""
    real, numbers = Path.replace, itertools.count(1)

    def counted(self: Path, target: Path) -> Path:
        if self.parent.name.startswith(".closing-") and Path(target).parent.name == PERIOD and next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, target)

    pytest.MonkeyPatch().setattr(Path, "replace", counted)


def _forked(work: Callable[[], None]) -> int:
    """Run in a process of its own; 0 when it went through, -9 when it was killed."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _found(folder: Path) -> dict[str, Any]:
    """What stands there: in the store, and on the disk."""
    shop = _opened(folder)
    with shop.open() as house:
        with house.store.read() as conn:
            row = find(conn, BOOK, Period.parse(PERIOD))
        broken = [one.message for one in verify(house.store).breaks]
    closes = folder / "var" / "closes" / BOOK / PERIOD
    certificate = closes / "certificate.json"
    locked = row.state is PeriodState.LOCKED
    sealed = json.loads(row.certificate)["sha256"] if row.certificate else ""
    whole = locked and sealed == sha256_hex(certificate.read_bytes()) and not verify_pack(closes / "pack").problems
    found = {
        "state": row.state.value, "broken": broken, "signoffs": [one["state"] for one in shop.rows("signoffs")],
        "signatures": len(shop.rows("signatures")),
        "proven": whole,
        "files": sorted(path.name for path in closes.iterdir()) if closes.exists() else [],
    }  # fmt: skip
    shop.close()
    return found


def main(template: Path, folder: Path) -> None:
    """Every step, one after another, until nothing is left to be killed at."""
    told: dict[str, Any] = {}
    accept = _shown(template)
    ended: set[tuple[str, int]] = set()
    arms: list[tuple[str, Callable[[int], Callable[[], None]]]] = [
        ("before commit", lambda n: lambda: _at_commit(n, after=False)),
        ("after commit", lambda n: lambda: _at_commit(n, after=True)),
        ("at file", lambda n: lambda: _at_file(n)),
    ]
    for (name, arm), number in itertools.product(arms, range(1, MOST)):
        if (name, number - 1) in ended:
            ended.add((name, number))
            continue
        own = folder / f"{name.replace(' ', '-')}-{number}"
        killed = _forked(partial(_sign, own, accept, template, arm=arm(number)))
        at_once = _found(own)
        if killed == 0:
            ended.add((name, number))
            continue
        again = 0 if at_once["state"] == "locked" else _forked(partial(_sign, own, accept))
        told[f"{name} {number}"] = {"killed": killed, "then": at_once, "again": again, "end": _found(own)}
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
