"""The end of the demo: a close of its first month in a copy of the books, in which things were done by hand."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

from dealbooks.cli import output
from dealbooks.config import load_config
from dealbooks.demo.by_hand import BOOK, PERIOD, ByHand, change_by_hand
from dealbooks.demo.setup import write_setup
from dealbooks.house import House
from dealbooks.pipeline.reconcile import reconcile
from dealbooks.reconcile.model import ReconException
from flows.period_close import period_close

# What stands in a copy: not the runs and pages of the original.
_COPIED = ("archive", "books", "inbox")


async def close_first_month(folder: Path) -> list[str]:
    """Close July of Northgate in `folder`/first-close, where people changed the ledger by hand; print what was found.

    Returns what is not as it must be: something done by hand that was not found, or found under another name, and
    exceptions that nobody caused.
    """
    copy = _copy(folder, folder / "first-close")
    done = change_by_hand(copy / "books")
    config = copy / "dealbooks.yaml"
    state = await period_close(config=str(config), book=BOOK, period=PERIOD, return_state=True)
    with House.open(load_config(config), actor="demo") as house:
        found = reconcile(house, BOOK, PERIOD).exceptions
    output.say()
    output.table(
        ["done by hand", "found as", "what mends it"],
        [(one.what, _shown(of), of[0].cure if of else "") for one in done for of in [_found(found, one)]],
        title=f"A close of {PERIOD}, after {len(done)} things were done by hand in a copy of the ledger",
    )
    output.say(state.message or "")
    wrong = [
        f"{one.what} It is found as {_shown(_found(found, one))}, once under {one.code} was due." for one in done
        if [of.code for of in _found(found, one)] != [one.code]
    ]  # fmt: skip
    caused = {(one.code, one.deal) for one in done}
    return wrong + [f"Nobody did this by hand: {one.what}" for one in found if (one.code, one.deal) not in caused]


def _copy(folder: Path, copy: Path) -> Path:
    if copy.exists():
        shutil.rmtree(copy)  # of an earlier run
    copy.mkdir()
    for name in _COPIED:
        shutil.copytree(folder / name, copy / name)
    with closing(connect(folder / "dealbooks.db")) as store, closing(connect(copy / "dealbooks.db")) as copied:
        store.backup(copied)
    write_setup(copy)
    return copy


def _found(found: tuple[ReconException, ...], done: ByHand) -> list[ReconException]:
    """What was found of the deal; of no deal, what was found of none."""
    return [one for one in found if one.deal == done.deal]


def _shown(found: list[ReconException]) -> str:
    return ", ".join(one.code for one in found) or "NOT FOUND"
