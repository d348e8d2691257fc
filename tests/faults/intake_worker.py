"""The fast lane killed before and after each commit between an event and its posting, and started again.

    python intake_worker.py FOLDER STEP

Each time is a process forked from this one, which has everything loaded: killed with SIGKILL at a commit, then another
one that goes on. Prints what stood in the ledger after each, as JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from intake_support import running, shop_of, tell, until
from pipeline_support import Dealership, posted, sale
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sweep_support import FakeCrm

from dealbooks.store.audit import verify

DEALS = 3
_NUMBERS = {f"N-{number}" for number in range(1, DEALS + 1)}


def _world(folder: Path, patch: pytest.MonkeyPatch) -> Dealership:
    """The same deals in the CRM every time; the events are told once."""
    begun = (folder / "store.db").exists()
    shop, crm = shop_of(folder, patch)
    _fill(crm)
    if not begun:
        tell(shop, *crm.held)
    return shop


def _fill(crm: FakeCrm) -> None:
    for number in range(1, DEALS + 1):
        crm.save(f"{number:03d}", sale(number))
    for held in crm.held.values():  # as long ago as any sweep finds it
        held.at = held.visible_at = held.at.replace(year=2025)


def _run(folder: Path, kill_at: int, *, after: bool) -> None:
    """The fast lane until everything is posted, or it is killed."""
    with pytest.MonkeyPatch.context() as patch:
        shop = _world(folder, patch)
        if kill_at:
            _kill_at(kill_at, after=after)

        async def go() -> None:
            async with running(shop):
                await until(lambda: posted(shop) == _NUMBERS)

        asyncio.run(go())
        shop.close()


def _kill_at(number: int, *, after: bool) -> None:
    """End this process at its n-th commit from now on, whichever thread makes it."""
    real, numbers = SQLiteDialect_pysqlite.do_commit, itertools.count(1)

    def counted(self: Any, connection: Any) -> None:
        mine = next(numbers)  # of this commit: other threads count on meanwhile
        if mine == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, connection)
        if mine == number:
            os.kill(os.getpid(), signal.SIGKILL)

    SQLiteDialect_pysqlite.do_commit = counted  # type: ignore[method-assign]


def _forked(folder: Path, kill_at: int, *, after: bool) -> int:
    """How it ended: a signal as a negative number."""
    pid = os.fork()
    if not pid:
        try:
            _run(folder, kill_at, after=after)
        except BaseException as error:  # noqa: BLE001 - a forked child ends here, whatever happened
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _found(folder: Path) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        shop = _world(folder, patch)
        with shop.open() as house:
            breaks = len(verify(house.store).breaks)
        found = {
            "posted": sorted(posted(shop)), "records": shop.records(), "entries": len(shop.entry_ids()),
            "events": sorted({row["state"] for row in shop.rows("events")}), "breaks": breaks,
            "inbox": dict(shop.inbox_states()),
        }  # fmt: skip
        shop.close()
        return found


def main() -> None:
    folder, step = Path(sys.argv[1]), int(sys.argv[2])
    results, number = [], 1
    while True:
        place = folder / f"at-{number}"
        ended = _forked(place, (number + 1) // 2, after=number % 2 == 0)
        again = _forked(place, 0, after=False) if ended else 0
        results.append({"at": number, "ended": ended, "again": again, **_found(place)})
        if ended == 0:
            break
        number += step
    sys.stdout.write(json.dumps(results))


main()
