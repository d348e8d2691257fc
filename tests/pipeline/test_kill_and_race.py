"""A sync that is killed anywhere, two at once, a ledger folder that cannot be written: nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pipeline_support import Dealership, financed, sale, void

from blocks.ledgers.beancount import BeancountLedger
from blocks.ledgers.beancount.files import EffectFiles
from dealbooks.errors import Overtaken, StopConnection
from dealbooks.ledger import Lookup, Outcome, Presence, Verdict
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline import transform as module
from dealbooks.pipeline.extract import extract
from dealbooks.pipeline.load import load
from dealbooks.pipeline.periods import move
from dealbooks.pipeline.planned import plan_deals
from dealbooks.pipeline.sync import SyncResult, take_batches
from dealbooks.pipeline.transform import transform
from dealbooks.store import Tx

ROOT = Path(__file__).parents[2]
STEP = 8
WORKER = Path(__file__).with_name("sync_worker.py")


def _start(shop: Dealership, **environment: str) -> subprocess.Popen[str]:
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"} | environment
    return subprocess.Popen(
        [sys.executable, str(WORKER), str(shop.config_file)],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _end(process: subprocess.Popen[str]) -> dict[str, Any] | None:
    """What a worker says; None when it was killed."""
    out, err = process.communicate(timeout=240)
    assert process.returncode in (0, -9), err[-3000:]
    return json.loads(out) if process.returncode == 0 else None


def _no_answer(patch: pytest.MonkeyPatch) -> None:
    """The ledger neither says that it took a posting, nor whether it has it."""
    unknown, undecided = Outcome(Verdict.UNKNOWN, reason="no answer"), Lookup(Presence.UNDECIDED)
    patch.setattr(BeancountLedger, "send", lambda _self, some: [unknown] * len(some))
    patch.setattr(BeancountLedger, "find", lambda _self, some: [undecided] * len(some))


def _fill(shop: Dealership) -> None:
    """Two weeks: sales, an amendment, a void, a bad row, money from a lender."""
    shop.sales(11, *(sale(number) for number in range(1, 8)), financed(20), sale(30, vehicle_cost=""))
    shop.sales(12, sale(2, price="9000.00"), void(3), sale(8))
    shop.events(13, ("N-20", "funded", "9000.00", "F1", ""))


def _kept(shop: Dealership) -> dict[str, Any]:
    """What must be the same however often a sync was killed."""
    return {
        "files": shop.files(),
        "deals": {name: (row["state"], row["version"], row["posted_version"]) for name, row in shop.deals().items()},
        "inbox": Counter((row["place"], row["state"]) for row in shop.rows("inbox")),
        "waits": [row["place"] for row in shop.rows("quarantine") if row["state"] == "open"],
        "effects": Counter(row["state"] for row in shop.rows("effects")),
        "batches": {row["state"] for row in shop.rows("batches")},
    }


@pytest.mark.long
def test_killed_before_or_after_a_commit_the_next_sync_ends_the_same(tmp_path: Path) -> None:
    calm = Dealership(tmp_path / "calm", f"sqlite:///{tmp_path / 'calm' / 'store.db'}")
    _fill(calm)
    calm.close()
    shutil.copytree(calm.folder, tmp_path / "new")
    said = _end(_start(calm, BATCH_ROWS="3"))
    assert said is not None
    assert said["commits"] > 20
    wanted = _kept(calm)
    assert wanted["batches"] == {"validated"}
    first = random.SystemRandom().randint(1, STEP)
    for number in range(first, said["commits"] + 1, STEP):  # another set of moments each time, all of them in the end
        for side in ("", "+"):
            folder = tmp_path / f"at-{number}{side}"
            shutil.copytree(tmp_path / "new", folder)
            shop = Dealership(folder, f"sqlite:///{folder / 'store.db'}")
            assert _end(_start(shop, BATCH_ROWS="3", KILL_COMMIT=f"{number}{side}")) is None
            again = shop.sync()
            assert again.failures == []
            assert _kept(shop) == wanted, f"killed at commit {number}{side} of {said['commits']}"
            shop.sound()
            shop.close()


@pytest.mark.parametrize("at", ["1", "2", "3", "4"])
def test_an_extract_that_breaks_off_goes_on_where_it_was(
    shop: Dealership, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    rows = [sale(number) for number in range(1, 12)]
    shop.sales(11, *rows)
    taken = 0
    insert = Tx.insert

    def broken(self: Tx, table: str, some: Any) -> None:
        nonlocal taken
        insert(self, table, some)
        if table == "inbox":
            taken += 1
            if taken == int(at):
                raise StopConnection("the disk is full")

    with shop.open() as house:
        with monkeypatch.context() as patch:
            patch.setattr(Tx, "insert", broken)
            with pytest.raises(StopConnection):
                extract(house, "drop", batch_rows=3)
        assert len(shop.rows("inbox")) == 3 * (int(at) - 1)
        extract(house, "drop", batch_rows=3)
    found = shop.rows("inbox")
    assert sorted(row["place"] for row in found) == sorted(f"CompletedSale_20260911.csv line {n}" for n in range(2, 13))
    assert Counter(row["batch_id"] for row in found) == {row["id"]: row["row_count"] for row in shop.rows("batches")}
    assert max(row["row_count"] for row in shop.rows("batches")) == 3
    assert [row["state"] for row in shop.rows("files")] == ["taken"]
    shop.sync()
    assert {row["state"] for row in shop.rows("deals")} == {"posted"}
    assert len(shop.deals()) == 11
    shop.sound()


def test_batches_of_an_extract_that_broke_off_are_not_filled_further(shop: Dealership) -> None:
    """The cutter of the next run starts a batch of its own."""
    shop.sales(11, *(sale(number) for number in range(1, 4)))
    with shop.open() as house:
        extract(house, "drop")
        shop.sales(12, *(sale(number) for number in range(4, 6)))
        extract(house, "drop")
    assert [row["row_count"] for row in shop.rows("batches")] == [3, 2]
    shop.sync()
    assert len(shop.deals()) == 5
    shop.sound()


@pytest.mark.parametrize("store_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True)
def test_two_syncs_at_once_post_nothing_twice(any_shop: Dealership) -> None:
    shop = any_shop
    shop.sales(11, *(sale(number) for number in range(1, 41)))
    shop.sales(12, *(sale(number, price="9000.00") for number in range(1, 4)))
    shop.close()
    both = [_end(process) for process in [_start(shop, BATCH_ROWS="7"), _start(shop, BATCH_ROWS="7")]]
    for one in both:
        assert one is not None
        assert all("another process" in text.lower() or "run again" in text.lower() for text in one["failures"]), one
    shop.sync()  # whoever left, left nothing undone that a later sync does not do
    assert {row["state"] for row in shop.rows("deals")} == {"posted"}
    assert sum(row["posted_version"] for row in shop.rows("deals")) == 43
    assert Counter(row["state"] for row in shop.rows("effects")) == {"posted": len(shop.files())}
    # A sale and its money each; and, where its first version was posted before the second was read, three more.
    posted = len(shop.files())
    assert posted in (80, 83, 86, 89)
    assert shop.records() == posted
    shop.sound()


def test_a_ledger_folder_that_cannot_be_written_is_told_and_nothing_is_half_written(
    shop: Dealership, monkeypatch: pytest.MonkeyPatch
) -> None:

    shop.sales(11, sale(1), sale(2))
    shop.sync()
    books = shop.files()
    shop.sales(12, sale(3), sale(4))

    def full(_self: EffectFiles, _items: Any) -> Any:
        raise StopConnection("The disk of the ledger folder is full.", fix="Make room, then run again.")

    with monkeypatch.context() as patch:
        patch.setattr(EffectFiles, "write", full)
        result = shop.sync()
    assert (result.exit_code, result.failures) == (
        3,
        ["book northgate: The disk of the ledger folder is full. Make room, then run again."],
    )
    assert shop.files() == books
    assert {name: row["state"] for name, row in shop.deals().items() if name > "N-2"} == {
        "N-3": "planned", "N-4": "planned",
    }  # fmt: skip
    shop.clock.forward(60)
    assert shop.sync().exit_code == 0
    assert {row["state"] for row in shop.rows("deals")} == {"posted"}
    assert len(shop.files()) == 8
    shop.sound()


def test_a_folder_where_the_ledger_cannot_be_made(shop: Dealership) -> None:
    """Not a matter of rights, which root does not feel: a file stands where the folder should be."""
    place = shop.folder / "books"
    place.write_text("not a folder")
    shop.sales(11, sale(1))
    result = shop.sync()
    assert result.exit_code == 3
    assert "books" in result.failures[0]
    assert shop.deals()["N-1"]["state"] == "accepted"  # nothing is planned for a ledger that cannot be asked
    place.unlink()
    shop.clock.forward(60)
    assert shop.sync().exit_code == 0
    assert shop.deals()["N-1"]["state"] == "posted"
    shop.sound()


def test_an_amendment_waits_while_its_first_version_is_in_doubt(
    shop: Dealership, monkeypatch: pytest.MonkeyPatch
) -> None:

    shop.sales(11, sale(1))
    with monkeypatch.context() as patch:
        patch.setattr(
            BeancountLedger, "send", lambda _self, some: [Outcome(Verdict.UNKNOWN, reason="no answer")] * len(some)
        )
        patch.setattr(BeancountLedger, "find", lambda _self, some: [Lookup(Presence.UNDECIDED)] * len(some))
        shop.sync()
        assert shop.deals()["N-1"]["state"] == "unknown"
        shop.sales(20, void(1))
        shop.clock.forward(3600)
        result = shop.sync()
        assert [deal for deal, _ in result.transformed[0].waiting] == ["N-1"]
    shop.clock.forward(7200)
    with shop.open() as house:
        load(house, "northgate")
    deal = shop.deals()["N-1"]
    # The sale stands now, and its void is not planned yet: that is not unwound.
    assert (deal["state"], deal["posted_version"]) == ("unwinding", 0)
    assert "sale-v1" in shop.entry_ids()
    shop.sync()
    assert shop.deals()["N-1"]["state"] == "unwound"
    assert "unwind-v1" in shop.entry_ids()
    shop.sound()


def test_an_unwind_that_was_in_doubt_ends_unwound(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:

    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(20, void(1))
    with monkeypatch.context() as patch:
        patch.setattr(
            BeancountLedger, "send", lambda _self, some: [Outcome(Verdict.UNKNOWN, reason="no answer")] * len(some)
        )
        patch.setattr(BeancountLedger, "find", lambda _self, some: [Lookup(Presence.UNDECIDED)] * len(some))
        shop.sync()
    assert shop.deals()["N-1"]["state"] == "unknown"
    shop.clock.forward(7200)
    shop.sync()
    assert shop.deals()["N-1"]["state"] == "unwound"


def test_a_drain_in_between_is_not_planned_over(any_shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process sends version 1 after transform has read that it was never sent."""

    shop = any_shop
    shop.sales(11, sale(1))
    shop.sync(post=False)
    shop.sales(12, sale(1, price="9000.00"))
    with shop.open() as house:
        extract(house, "drop")
        take_batches(house, "drop", SyncResult())
        read = module.load_work

        def slow(*args: Any) -> Any:
            work = read(*args)
            load(house, "northgate")
            return work

        with monkeypatch.context() as patch:
            patch.setattr(module, "load_work", slow)
            with pytest.raises(Overtaken):
                transform(house, "northgate")
    shop.sync()
    assert shop.entry_ids(1) == ["receipt-P-BANK", "receipt-P-BANK-v2", "reversal-v1", "sale-v1", "sale-v2"]
    shop.sound()


def test_a_close_in_between_moves_what_was_planned(any_shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month that is locked after its deals were planned, and before that was written, gets nothing more."""
    shop = any_shop
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(12, sale(1, price="9000.00"))
    month = Period.parse(shop.rows("entries")[0]["accounting_date"][:7])
    planned = 0
    with shop.open() as house:
        extract(house, "drop")
        take_batches(house, "drop", SyncResult())

        def slow(*args: Any) -> Any:
            nonlocal planned
            planned += 1
            made = plan_deals(*args)
            if planned == 1:
                with house.store.transaction("test", "close") as tx:
                    for state in (PeriodState.CLOSING, PeriodState.LOCKED):
                        move(tx, "northgate", month, state, who="Pat Vale")
            return made

        monkeypatch.setattr(module, "plan_deals", slow)
        transform(house, "northgate")
    assert planned == 2
    days = {row["entry_id"]: row["accounting_date"] for row in shop.rows("entries")}
    assert {name for name, day in days.items() if month.first <= date.fromisoformat(day) <= month.last} == {
        "sale-v1", "receipt-P-BANK",
    }  # fmt: skip
    assert {"reversal-v1", "sale-v2"} < set(days)
