"""The fast lane: what a webhook told is in the books at once, whatever is away, late, busy or doubled meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from intake_support import running, shop_of, tell, until
from pipeline_support import Dealership, posted, sale
from sweep_support import FakeCrm, FakeSource

from dealbooks.errors import StopConnection
from dealbooks.pipeline.standing import pause, resume
from dealbooks.source import SourceRecord
from dealbooks.store import Lease
from flows.intake import BEGIN_ANEW, Intake
from flows.summary import Summary


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Dealership, FakeCrm]]:
    shop, crm = shop_of(tmp_path / "shop", monkeypatch)
    yield shop, crm
    shop.close()


def _fill(crm: FakeCrm, *numbers: int) -> None:
    for number in numbers:
        crm.save(f"{number:03d}", sale(number))


def test_what_is_told_is_posted_once_however_often_it_is_told(world: tuple[Dealership, FakeCrm]) -> None:
    shop, crm = world

    async def go() -> None:
        async with running(shop, catch_up=False):
            _fill(crm, 1, 2, 3)
            for again in "abc":
                tell(shop, "001", "002", "003", again=again)
            await until(lambda: posted(shop) == {"N-1", "N-2", "N-3"})
            await until(lambda: {row["state"] for row in shop.rows("events")} == {"matched"})

    asyncio.run(go())
    assert shop.inbox_states() == {"accepted": 3}
    assert shop.records() == len(shop.entry_ids())
    assert "changes" not in crm.calls  # only the deals that were told about were read
    shop.sound()


def test_what_came_before_it_began_and_what_no_event_told_is_found_at_the_start(
    world: tuple[Dealership, FakeCrm],
) -> None:
    shop, crm = world
    _fill(crm, 1)
    tell(shop, "001")
    held = crm.held["001"]
    crm.save("002", sale(2))
    crm.held["002"].at = crm.held["002"].visible_at = held.at.replace(year=2025)

    async def go() -> None:
        async with running(shop):
            await until(lambda: posted(shop) == {"N-1", "N-2"})

    asyncio.run(go())
    assert posted(shop) == {"N-1", "N-2"}
    shop.sound()


def test_a_deal_that_its_source_shows_late_is_read_again(world: tuple[Dealership, FakeCrm]) -> None:
    shop, crm = world

    async def go() -> None:
        async with running(shop, catch_up=False):
            tell(shop, "001")
            await until(lambda: crm.calls.count("fetch") >= 2)
            _fill(crm, 1)
            await until(lambda: posted(shop) == {"N-1"})

    asyncio.run(go())
    assert posted(shop) == {"N-1"}
    shop.sound()


def test_what_never_comes_is_left_to_the_sweep(world: tuple[Dealership, FakeCrm]) -> None:
    shop, crm = world

    async def go() -> None:
        async with running(shop, catch_up=False):
            tell(shop, "nobody")
            await until(lambda: crm.calls.count("fetch") == 13)
            _fill(crm, 1)
            tell(shop, "001")
            await until(lambda: posted(shop) == {"N-1"})

    asyncio.run(go())
    assert crm.calls.count("fetch") == 14


def test_a_source_that_does_not_answer_is_asked_again(world: tuple[Dealership, FakeCrm]) -> None:
    shop, crm = world
    _fill(crm, 1, 2)
    crm.fails = [2, 3, 4]

    async def go() -> None:
        async with running(shop, catch_up=False):
            tell(shop, "001", "002")
            await until(lambda: posted(shop) == {"N-1", "N-2"})

    asyncio.run(go())
    assert shop.inbox_states() == {"accepted": 2}


@pytest.mark.parametrize("name", ["source:crm", "plan:northgate", "ledger:northgate"])
def test_it_waits_for_another_process_that_is_at_it(world: tuple[Dealership, FakeCrm], name: str) -> None:
    shop, crm = world
    _fill(crm, 1)

    async def go() -> None:
        async with running(shop, catch_up=False):
            with shop.open() as house, Lease(house.store, name):
                tell(shop, "001")
                await until(lambda: {row["state"] for row in shop.rows("events")} <= {"waiting", "matched"})
                await until(lambda: name == "source:crm" or bool(shop.deals()))
                assert posted(shop) == set()
            await until(lambda: posted(shop) == {"N-1"})

    asyncio.run(go())
    shop.sound()


def test_a_ledger_that_cannot_be_used_is_tried_again(world: tuple[Dealership, FakeCrm]) -> None:
    shop, crm = world
    _fill(crm, 1)
    with shop.open() as house:
        pause(house, "northgate", who="Ann", why="stocktaking")

    async def go() -> None:
        async with running(shop, catch_up=False):
            tell(shop, "001")
            await until(lambda: bool(shop.rows("effects")))
            assert posted(shop) == set()
            with shop.open() as house:
                resume(house, "northgate", who="Ann")
            await until(lambda: posted(shop) == {"N-1"})

    asyncio.run(go())


def test_it_goes_on_without_prefect_and_says_so_once(
    world: tuple[Dealership, FakeCrm], caplog: pytest.LogCaptureFixture
) -> None:
    shop, crm = world

    async def go() -> None:
        async with running(shop, catch_up=False):
            for number in (1, 2):
                _fill(crm, number)
                tell(shop, f"{number:03d}")
                await until(lambda number=number: len(posted(shop)) == number)

    with caplog.at_level(logging.INFO, "dealbooks.intake"):
        asyncio.run(go())
    assert sum("Prefect does not answer" in line for line in caplog.messages) == 1
    assert [line for line in caplog.messages if "without Prefect" in line]


def test_a_bad_deal_waits_and_the_others_go_on(world: tuple[Dealership, FakeCrm]) -> None:
    shop, crm = world
    crm.save("001", sale(1, vehicle_price=""))
    _fill(crm, 2)

    async def go() -> None:
        async with running(shop, catch_up=False):
            tell(shop, "001", "002")
            await until(lambda: posted(shop) == {"N-2"})

    asyncio.run(go())
    assert len(shop.reasons()) == 1


def test_it_begins_anew_after_a_number_of_batches(world: tuple[Dealership, FakeCrm]) -> None:
    shop, crm = world
    _fill(crm, 1)

    async def go() -> str:
        async with running(shop, catch_up=False, most_batches=1) as task:
            tell(shop, "001")
            return await asyncio.wait_for(task, 60)

    assert asyncio.run(go()) == BEGIN_ANEW
    assert posted(shop) == {"N-1"}  # what was under way was ended first


def test_it_begins_anew_when_the_settings_change(
    world: tuple[Dealership, FakeCrm], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = world
    monkeypatch.setattr("flows.intake._RENEW_SECONDS", 0.1)

    async def go() -> str:
        async with running(shop, catch_up=False) as task:
            shop.book["name"] = "Northgate Cars Ltd"
            shop.write_config()
            return await asyncio.wait_for(task, 60)

    assert asyncio.run(go()) == BEGIN_ANEW


def test_a_store_that_is_away_is_asked_again(
    world: tuple[Dealership, FakeCrm], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dealbooks.errors import StopConnection
    from flows import intake

    shop, crm = world
    _fill(crm, 1)
    real, fails = intake.anything_new, [True, True]

    def sometimes(store: object) -> bool:
        if fails:
            fails.pop()
            raise StopConnection("The store cannot be used now.")
        return real(store)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "anything_new", sometimes)
    monkeypatch.setattr(intake, "_AWAY_GAPS", (0.05,))

    async def go() -> None:
        async with running(shop, catch_up=False):
            tell(shop, "001")
            await until(lambda: posted(shop) == {"N-1"})

    asyncio.run(go())
    assert fails == []


def test_a_book_with_wrong_settings_does_not_keep_it_from_beginning(
    world: tuple[Dealership, FakeCrm], caplog: pytest.LogCaptureFixture
) -> None:
    shop, crm = world
    shop.settings["books"]["southgate"] = shop.book | {
        "legal_entity": "SOUTHGATE-LTD", "chart": "charts/none.yaml", "ledger": {"platform": "beancount", "path": "s"},
    }  # fmt: skip
    shop.write_config()
    _fill(crm, 1)

    async def go() -> None:
        async with running(shop, catch_up=False):
            tell(shop, "001")
            await until(lambda: posted(shop) == {"N-1"})

    with caplog.at_level(logging.WARNING, "dealbooks.intake"):
        asyncio.run(go())
    assert any("none.yaml" in line for line in caplog.messages)


def test_it_is_quiet_while_there_is_nothing(world: tuple[Dealership, FakeCrm], monkeypatch: pytest.MonkeyPatch) -> None:
    """No batch begins, and the inbox is looked into at an even pace, not without a pause."""
    from flows import intake

    shop, _ = world
    looks: list[float] = []
    real = intake.anything_new

    def counted(store: object) -> bool:
        looks.append(time.monotonic())
        return real(store)  # type: ignore[arg-type]

    async def go() -> None:
        async with running(shop, catch_up=False):
            await until(lambda: len(looks) >= 5)

    monkeypatch.setattr(intake, "anything_new", counted)
    began: list[object] = []
    monkeypatch.setattr(Intake, "_begin_batch", began.append)
    asyncio.run(go())
    assert began == []
    gaps = [after - before for before, after in itertools.pairwise(looks)]
    assert min(gaps) >= intake.LOOK_SECONDS * 0.9


def test_a_deal_that_cannot_be_read_does_not_hold_up_the_one_read_before_it(
    world: tuple[Dealership, FakeCrm], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, crm = world
    real = FakeSource.fetch
    refused: list[str] = []

    def fetch(source: FakeSource, key: str) -> SourceRecord | None:
        if key == "002" and len(refused) < 2:
            refused.append(key)
            raise StopConnection("002 has no lines yet.")
        return real(source, key)

    async def go() -> None:
        async with running(shop, catch_up=False):
            crm.save("001", sale(1))
            crm.save("002", sale(2), counts=False)
            tell(shop, "001", "002")
            await until(lambda: posted(shop) == {"N-1"})

    monkeypatch.setattr(FakeSource, "fetch", fetch)
    asyncio.run(go())
    assert shop.inbox_states() == {"accepted": 1}


def test_a_fault_that_nobody_foresaw_is_told_and_the_work_comes_again(
    world: tuple[Dealership, FakeCrm], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop, crm = world
    real = Summary.took
    faults = iter([ValueError("a day that cannot be")])

    def once(*arguments: Any) -> Any:
        for fault in faults:
            raise fault
        return real(*arguments)

    async def go() -> None:
        async with running(shop, catch_up=False):
            _fill(crm, 1)
            tell(shop, "001")
            await until(lambda: posted(shop) == {"N-1"})

    monkeypatch.setattr(Summary, "took", once)
    with caplog.at_level(logging.WARNING, "dealbooks.intake"):
        asyncio.run(go())
    assert any("ended in the middle (ValueError)" in line for line in caplog.messages)
