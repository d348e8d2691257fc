"""Sweeps over a source in memory: each content once, whatever changes, ties, comes late or goes away meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli_support import Cli
from pipeline_support import Dealership, LightValidator, sale
from sweep_support import BEHIND, OVERLAP, FakeCrm, crm_shop

from dealbooks.errors import LeaseLost, StopConnection
from dealbooks.house import House
from dealbooks.pipeline.extract import extract
from dealbooks.pipeline.plan import plan, sync_plan
from dealbooks.pipeline.quarantine import fix, show, waiting
from dealbooks.pipeline.status import status
from dealbooks.pipeline.sweep import Reread, Swept, sweep, take_some
from dealbooks.pipeline.trace import trace
from dealbooks.source import SourceCapabilities
from dealbooks.store import Lease, Store, Tx
from dealbooks.store.db import stamp

ABSENCE = SourceCapabilities("everything", None, 3, "absence")
ASKED = SourceCapabilities("changed_since", None, 3, "asked")


@pytest.fixture
def crm() -> FakeCrm:
    return FakeCrm()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crm: FakeCrm) -> Iterator[Dealership]:
    made = crm_shop(tmp_path / "shop", monkeypatch, crm)
    yield made
    made.close()


def _sweep(shop: Dealership) -> Swept:
    """A sweep a minute later."""
    shop.clock.forward(60)
    with shop.open() as house:
        return sweep(house, "crm")


def _fill(crm: FakeCrm, *numbers: int) -> None:
    for number in numbers:
        crm.save(f"00{number}", sale(number))


def _taken(shop: Dealership, key: str) -> list[str]:
    """The prices of a record's rows, in order."""
    rows = [row for row in shop.rows("inbox") if row["natural_key"] == f"fake:crm:{key}"]
    return [json.loads(row["body"])["data"].get("vehicle_price", "") for row in sorted(rows, key=lambda row: row["id"])]


def test_deals_of_a_crm_are_posted_and_known_the_next_time(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, *range(1, 8))
    shop.clock.forward(60)
    result = shop.sync()
    assert result.exit_code == 0, result.as_json()
    assert result.extracted[0].swept == Swept(read=7, new=7)
    assert {row["state"] for row in shop.deals().values()} == {"posted"}
    calls = len(crm.calls)
    shop.clock.forward(3600)
    again = shop.sync()
    assert again.extracted[0].swept == Swept()
    assert len(crm.calls) == calls + 1  # to ask whether there is something


def test_each_database_takes_them_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crm: FakeCrm, store_url: str
) -> None:
    shop = crm_shop(tmp_path / "any", monkeypatch, crm, store_url)
    _fill(crm, *range(1, 6))
    shop.clock.forward(60)
    assert shop.sync().exit_code == 0
    crm.save("002", sale(2, price="9000.00"))
    crm.delete("004")
    crm.expired = True
    shop.clock.forward(60)
    result = shop.sync()
    assert result.extracted[0].swept == Swept(read=4, new=1, unchanged=3, gone=1, compared_all=True)
    assert shop.deals()["N-2"]["posted_version"] == 2
    shop.close()


def test_a_content_that_comes_back_is_a_row_again(shop: Dealership, crm: FakeCrm) -> None:
    for price in ("10000.00", "9900.00", "9900.00", "10000.00"):
        crm.save("1", sale(1, price=price))
        _sweep(shop)
    assert _taken(shop, "1") == ["10000.00", "9900.00", "10000.00"]


def test_only_what_counts_is_taken(shop: Dealership, crm: FakeCrm) -> None:
    crm.save("1", sale(1), counts=False)
    assert _sweep(shop) == Swept(read=1, not_counted=1)
    crm.save("1", sale(1))
    assert _sweep(shop).new == 1


def test_what_becomes_visible_late_is_found_by_the_overlap(shop: Dealership, crm: FakeCrm) -> None:
    crm.save("1", sale(1))
    crm.save("2", sale(2), late=OVERLAP)
    shop.clock.forward(BEHIND)
    with shop.open() as house:
        assert sweep(house, "crm").new == 1
    assert _sweep(shop).new == 1
    assert len(shop.rows("inbox")) == 2


def test_records_that_tie_over_the_edge_of_a_page_are_all_taken(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, *range(1, 9))  # all at the same moment, three a page
    assert _sweep(shop).new == 8


def test_what_changes_while_it_is_read_is_read_again(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, *range(1, 8))

    def change() -> None:
        if len(crm.calls) == 2:
            crm.save("001", sale(1, price="9000.00"))
            crm.save("007", sale(7, price="9000.00"))

    crm.each = change
    _sweep(shop)
    crm.each = lambda: None
    _sweep(shop)
    assert _taken(shop, "001") == ["10000.00", "9000.00"]
    assert _taken(shop, "007") == ["9000.00"]


def test_a_page_that_fails_leaves_what_was_read_and_the_next_sweep_goes_on_there(
    shop: Dealership, crm: FakeCrm
) -> None:
    _fill(crm, *range(1, 8))
    crm.fails = [2]
    with pytest.raises(StopConnection):
        _sweep(shop)
    assert len(shop.rows("inbox")) == 3
    assert _sweep(shop) == Swept(read=4, new=4)


@pytest.mark.parametrize("killed_at", [1, 2, 3])
def test_killed_before_or_after_a_commit_nothing_is_missed_and_nothing_is_twice(
    shop: Dealership, crm: FakeCrm, killed_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(crm, *range(1, 8))
    count = 0
    seal = Tx.seal

    def stop(self: Tx) -> None:
        nonlocal count
        if "read crm" in self._action:
            count += 1
            if count == killed_at:
                raise KeyboardInterrupt
        seal(self)

    with monkeypatch.context() as patch:
        patch.setattr(Tx, "seal", stop)
        with pytest.raises(KeyboardInterrupt):
            _sweep(shop)
    _sweep(shop)
    rows = [row["natural_key"] for row in shop.rows("inbox")]
    assert sorted(rows) == [f"fake:crm:00{number}" for number in range(1, 8)]


def test_an_expired_cursor_compares_everything_by_content(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, *range(1, 8))
    _sweep(shop)
    crm.expired = True
    crm.save("003", sale(3, price="9000.00"))
    swept = _sweep(shop)
    assert swept == Swept(read=7, new=1, unchanged=6, compared_all=True)
    crm.expired = False
    assert _sweep(shop).compared_all is False


@pytest.mark.parametrize("cursor", ["changed_since", "everything"])
def test_a_full_comparison_that_fails_says_nothing_of_what_is_missing(
    shop: Dealership, crm: FakeCrm, cursor: Any
) -> None:
    crm.can = replace(ABSENCE, cursor=cursor)
    _fill(crm, *range(1, 8))
    _sweep(shop)
    crm.expired = True
    crm.fails = [2]
    with pytest.raises(StopConnection):
        _sweep(shop)
    assert len(shop.rows("inbox")) == 7
    assert _sweep(shop).gone == 0


@pytest.mark.parametrize("can", [ABSENCE, ASKED, SourceCapabilities("changed_since", None, 3, "listed")])
def test_a_deleted_deal_waits_for_a_person(shop: Dealership, crm: FakeCrm, can: SourceCapabilities) -> None:
    crm.can = can
    _fill(crm, *range(1, 5))
    shop.clock.forward(60)
    assert shop.sync().exit_code == 0
    crm.delete("002")
    shop.clock.forward(86400)
    result = shop.sync()
    assert result.extracted[0].swept is not None
    assert result.extracted[0].swept.gone == 1
    assert result.exit_code == 3
    (waits,) = [row for row in shop.rows("quarantine") if row["state"] == "open"]
    assert [one["code"] for one in json.loads(waits["reasons"])] == ["S023"]
    assert shop.deals()["N-2"]["state"] == "posted"  # nothing is unwound by itself
    shop.clock.forward(86400)
    assert shop.sync().extracted[0].swept == replace(Swept(), **_idle(can))  # it is said once


def _idle(can: SourceCapabilities) -> dict[str, Any]:
    return {"read": 3, "unchanged": 3, "compared_all": True} if can.cursor == "everything" else {}


def test_so_many_are_not_believed_to_be_gone(shop: Dealership, crm: FakeCrm) -> None:
    crm.can = ABSENCE
    _fill(crm, *range(1, 10))
    _sweep(shop)
    for number in range(1, 7):
        crm.delete(f"00{number}")
    shop.clock.forward(60)
    result = shop.sync()
    assert result.exit_code == 3
    assert "6 of 9 deals" in result.extracted[0].notices[0]
    assert all(row["action"] == "post" for row in shop.rows("inbox"))


def test_a_sale_that_was_reopened_stands_if_a_person_says_so(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, 1, 2)
    shop.clock.forward(60)
    shop.sync()
    crm.reopen("001")
    shop.clock.forward(60)
    assert shop.sync().exit_code == 3
    (waits,) = [row for row in shop.rows("quarantine") if row["state"] == "open"]
    assert [one["code"] for one in json.loads(waits["reasons"])] == ["S022"]
    with shop.open() as house:
        fix(house, str(waits["id"]), "void_date", "keep", who="Ann", why="reopened to correct a phone number")
    assert [row["state"] for row in shop.rows("quarantine")] == ["released"]
    assert shop.sync().exit_code == 0
    assert shop.deals()["N-1"]["state"] == "posted"
    # What was decided once holds for this one time.
    crm.save("001", sale(1))
    shop.clock.forward(60)
    assert shop.sync().exit_code == 0
    crm.reopen("001")
    shop.clock.forward(60)
    assert shop.sync().exit_code == 3


def test_a_sale_that_was_reopened_is_unwound_on_the_day_that_a_person_gives(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, 1)
    shop.clock.forward(60)
    shop.sync()
    crm.reopen("001")
    shop.clock.forward(60)
    shop.sync()
    (waits,) = [row for row in shop.rows("quarantine") if row["state"] == "open"]
    with shop.open() as house:
        fix(house, str(waits["id"]), "void_date", "2026-09-25", who="Ann", why="the customer returned the car")
    shop.sync()
    assert shop.deals()["N-1"]["state"] == "unwound"


def test_a_sale_that_is_complete_again_as_it_was_closes_the_question(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, 1)
    _sweep(shop)
    shop.sync()
    crm.reopen("001")
    shop.clock.forward(60)
    shop.sync()
    crm.save("001", sale(1))
    shop.clock.forward(60)
    assert shop.sync().exit_code == 0
    assert {row["state"] for row in shop.rows("quarantine")} == {"superseded"}


def test_what_was_never_taken_into_the_books_is_gone_without_a_question(shop: Dealership, crm: FakeCrm) -> None:
    crm.save("1", sale(1, vehicle_price=""))
    shop.clock.forward(60)
    assert shop.sync().exit_code == 3
    crm.delete("1")
    shop.clock.forward(60)
    assert shop.sync().exit_code == 0
    assert {row["state"] for row in shop.rows("quarantine")} == {"superseded"}


def test_some_deals_are_taken_at_once_and_the_sweep_knows_them(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, 1, 2, 3)
    with shop.open() as house:
        assert take_some(house, "crm", ["002", "003", "002"]) == Reread(Swept(read=2, new=2))
        assert take_some(house, "crm", ["002"]) == Reread(Swept(read=1, unchanged=1))
    assert {row["batch_id"] for row in shop.rows("inbox")} == {1}
    assert _sweep(shop) == Swept(read=3, new=1, unchanged=2)


def test_a_deal_that_is_not_shown_as_it_was_told_may_be_late(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, 1)
    crm.save("open", sale(4), counts=False)
    with shop.open() as house:
        take_some(house, "crm", ["001"])
        shop.clock.forward(120)
        assert take_some(house, "crm", ["001", "open", "nobody"]) == Reread(
            Swept(read=3, unchanged=1, not_counted=2), ("001", "open", "nobody")
        )
        crm.save("001", sale(1))
        assert take_some(house, "crm", ["001"]).late == ()


def test_what_was_read_before_the_source_failed_is_kept(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, 1, 2)
    crm.fails = [2]
    with shop.open() as house, pytest.raises(StopConnection):
        take_some(house, "crm", ["001", "002"])
    assert [row["natural_key"] for row in shop.rows("inbox")] == ["fake:crm:001"]


def test_a_plan_reads_before_it_rehearses_and_changes_nothing(
    shop: Dealership, crm: FakeCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(crm, *range(1, 5))
    shop.clock.forward(600)
    rehearsing = []
    rehearse = Store.rehearse

    @contextmanager
    def noted(store: Store) -> Iterator[Store]:
        rehearsing.append(len(crm.calls))
        with rehearse(store) as rehearsed:
            yield rehearsed
        rehearsing.append(len(crm.calls))

    monkeypatch.setattr(Store, "rehearse", noted)
    monkeypatch.setattr(House, "validator", LightValidator())  # of the houses that a plan opens
    with shop.open() as house:
        made = plan(house)
    assert rehearsing == [len(crm.calls)] * 2
    assert {one.deal for one in made.postings} == {"N-1", "N-2", "N-3", "N-4"}
    assert shop.rows("inbox") == []
    crm.expired = True
    assert shop.sync().exit_code == 0
    crm.save("002", sale(2, price="9000.00"))
    crm.fails = [1]
    shop.clock.forward(600)
    with shop.open() as house:
        assert "does not answer" in plan(house).not_posted[0].reason
        assert plan(house).postings
    with shop.open() as house:
        assert sync_plan(house, plan(house)).exit_code == 0
    assert shop.deals()["N-2"]["posted_version"] == 2


def test_one_reads_at_a_time(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, 1)
    with shop.open() as house, Lease(house.store, "source:crm"), pytest.raises(LeaseLost):
        sweep(house, "crm")
    assert not crm.calls


def test_one_whose_lease_was_lost_writes_nothing(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, 1)

    def take_over() -> None:
        with shop.open() as house, house.store.transaction("other", "take over") as tx:
            tx.conn.exec_driver_sql("UPDATE leases SET token = token + 1")

    crm.each = take_over
    with pytest.raises(LeaseLost):
        _sweep(shop)
    assert shop.rows("inbox") == []


def test_the_result_says_what_was_read(shop: Dealership, crm: FakeCrm) -> None:
    _fill(crm, 1, 2)
    shop.clock.forward(60)
    with shop.open() as house:
        told = extract(house, "crm").as_json()
    assert told["records"] == {
        "read": 2, "new": 2, "unchanged": 0, "not_counted": 0, "gone": 0, "compared_all": False, "notices": [],
    }  # fmt: skip
    assert told["batches"] == [1]


def test_a_source_is_asked_only_for_what_its_map_reads(shop: Dealership) -> None:
    with shop.open() as house:
        fields = house.source("crm").fields
    assert {"deal_number", "fees.amount", "trades.vin"} <= fields
    assert "fees" not in fields


def test_status_says_how_far_a_source_is_read(shop: Dealership, crm: FakeCrm) -> None:
    with shop.open() as house:
        (before,) = status(house).sources
    assert before.swept is not None
    assert (before.swept.records, before.swept.last_sweep, before.swept.cursor) == (0, "", None)
    assert "never" in Cli(shop.folder).run("status").output
    _fill(crm, 1, 2)
    _sweep(shop)
    read_at = stamp(shop.clock())
    crm.save("001", sale(1, deposit="100.00"))
    _sweep(shop)
    with shop.open() as house:
        (now,) = status(house).sources
    assert now.swept is not None and now.swept.cursor is not None
    assert (now.swept.records, now.swept.last_sweep > read_at, now.swept.asked_at != "") == (2, True, True)
    assert now.as_json()["swept"]["records"] == 2
    shown = Cli(shop.folder).run("status").output
    assert now.swept.last_sweep[:19].replace("T", " ") in shown


def test_what_waits_in_quarantine_is_found_by_its_deal_number_and_by_its_id_at_the_source(
    shop: Dealership, crm: FakeCrm
) -> None:
    """Also where the source counts from one, as the list of the quarantine does."""
    for key in ("2", "1"):
        crm.save(key, sale(int(key), vehicle_price=""))
    crm.save("a7", sale(7, vehicle_price="", deal_number=""))
    shop.clock.forward(60)
    (checked,) = shop.sync().validated
    assert [row.deal_number for row in checked.refused] == ["N-1", "N-2", "a7"]
    with shop.open() as house:
        assert [(one.id, one.deal_number, one.at_source) for one in waiting(house)] == [
            (1, "N-1", "1"), (2, "N-2", "2"), (3, "a7", "a7"),
        ]  # fmt: skip
        assert [one.id for one in show(house, "N-2")] == [2]
        assert [one.id for one in show(house, "a7")] == [3]
        assert trace(house, "N-2").deal == trace(house, "2").deal == "N-2"
        assert trace(house, "a7").deal == "a7"
    cli = Cli(shop.folder)
    assert "deal N-2" in cli.run("quarantine", "show", "N-2").stdout


def test_a_number_of_the_list_names_one_row_whatever_ids_a_source_has(shop: Dealership, crm: FakeCrm) -> None:
    for key in ("2", "1"):
        crm.save(key, sale(int(key), vehicle_price="", deal_number={"1": "2", "2": "1"}[key]))
    shop.clock.forward(60)
    shop.sync()
    with shop.open() as house:
        assert [one.id for one in show(house, "1")] == [1, 2]
        fix(house, "1", "vehicle_price", "10000.00", who="Ann Lee", why="the contract says so")
        assert [one.id for one in waiting(house)] == [2]


def test_a_sale_that_was_taken_back_waits_under_its_deal_number(shop: Dealership, crm: FakeCrm) -> None:
    crm.save("a9", sale(9))
    shop.clock.forward(60)
    shop.sync()
    crm.delete("a9")
    shop.clock.forward(60)
    (checked,) = shop.sync().validated
    assert [row.deal_number for row in checked.refused] == ["N-9"]
    with shop.open() as house:
        assert [one.deal_number for one in waiting(house)] == ["N-9"]
        assert [one.id for one in show(house, "a9")] == [1]
