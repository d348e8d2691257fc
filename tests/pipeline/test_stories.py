"""The stories of many deals are those of each alone, and cost a store no more questions than one does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pipeline_support import Dealership, financed, sale, void
from plant_month import PlantedHouse, make_group
from sqlalchemy import event

from dealbooks.entries import Entry
from dealbooks.house import House
from dealbooks.pipeline import trace_rows
from dealbooks.pipeline.quarantine import fix
from dealbooks.pipeline.trace import Story, stories, trace
from dealbooks.store.tables import deals, exchanges

READ = {
    "id": 1, "book": "northgate", "effect": "", "at": "", "what": "look for it", "method": "GET", "url": "https://b/x",
    "request": "", "status": 200, "response": "{}", "seconds": "0.100",
}  # fmt: skip


def _ids(house: House) -> list[str]:
    with house.store.read() as conn:
        return [row.id for row in conn.execute(deals.select().order_by(deals.c.deal_number.desc(), deals.c.id))]


def _each_as_alone(house: House, together: Sequence[Story]) -> None:
    assert [one.deal_id for one in together] == _ids(house)
    for one in together:
        alone = trace(house, one.deal_id)
        assert one.as_json() == alone.as_json()
        assert one.entries == alone.entries


@contextmanager
def _asked(house: House) -> Iterator[list[str]]:
    """The statements that the store is asked meanwhile."""
    found: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT"):
            found.append(statement)

    event.listen(house.store.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(house.store.engine, "before_cursor_execute", note)


def _busy(shop: Dealership) -> None:
    """Deals that were posted, amended, taken back, corrected and refused, that wait, and facts with and without one."""
    shop.book["post_when"] = {"all": ["completed", "paid_in_full"]}
    shop.write_config()
    shop.sales(
        12, sale(1), sale(2, vehicle_cost="-1"), financed(3), sale(4), financed(5), sale(6),
        sale(7, balance_due="400.00", bank_transfer_paid="9600.00"),
    )  # fmt: skip
    shop.events(15, ("N-3", "funded", "9000.00", "F3", ""), ("N-3", "payoff_paid", "3000.00", "", "U3P"))
    shop.sync()
    with shop.open() as house:
        fix(house, "N-2", "vehicle_cost", "8000.00", who="Ann Lee", why="typed wrongly")
    shop.clock.forward(60)
    shop.sales(21, void(4), sale(6, vehicle_cost="-1"), sale(1, customer_name="Ann Other"), again=1)
    shop.events(16, ("N-5", "funded", "9000.00", "F5", ""), ("N-9", "funded", "1.00", "F9", ""))
    shop.sync()


def test_a_story_among_others_is_the_story_alone(any_shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    _busy(any_shop)
    with any_shop.open() as house:
        for most in (trace_rows.CHUNK, 2):
            monkeypatch.setattr(trace_rows, "CHUNK", most)
            monkeypatch.setattr("dealbooks.pipeline.trace.CHUNK", most)
            _each_as_alone(house, list(stories(house, _ids(house))))
        told = {one.deal: one for one in stories(house, _ids(house))}
    assert {name: one.state for name, one in told.items()} == {
        "N-1": "posted", "N-2": "posted", "N-3": "posted", "N-4": "unwound", "N-5": "posted", "N-6": "posted",
        "N-7": "accepted",
    }  # fmt: skip
    assert told["N-7"].waits_for == ("the customer has paid in full",)
    assert told["N-6"].meaning.endswith("Newer content waits in quarantine under 2.")
    assert [one.kind for one in told["N-2"].moments[:4]] == ["arrived", "correction", "quarantine", "quarantine"]
    assert sum(one.kind == "fact" for one in told["N-3"].moments) == 2
    assert [(type(entry), state) for entry, state in told["N-1"].entries][:1] == [(Entry, "posted")]


def test_in_a_month_of_many_shapes_each_is_told_as_alone(tmp_path: Path) -> None:
    group = make_group("northgate", 45, 3)
    made = PlantedHouse(tmp_path)
    try:
        made.drop_first(group)
        made.sync()
        together = list(stories(made.house, _ids(made.house)))
        assert len(together) == len(group.sales)
        _each_as_alone(made.house, together)
    finally:
        made.close()


def test_many_deals_ask_no_more_than_one(shop: Dealership) -> None:
    shop.sales(12, *(financed(number) for number in range(1, 13)))
    shop.events(15, *((f"N-{number}", "funded", "9000.00", f"F{number}", "") for number in range(1, 13)))
    shop.sync()
    with shop.open() as house:
        ids = _ids(house)
        with _asked(house) as of_one:
            (one,) = stories(house, ids[:1])
        with _asked(house) as of_all:
            told = list(stories(house, ids))
    assert one == told[0]
    assert len(told) == 12
    assert 0 < len(of_all) == len(of_one)


def test_a_read_is_told_of_every_deal_whose_key_it_holds(shop: Dealership) -> None:
    shop.sales(12, sale(1), sale(2), sale(3))
    shop.sync()
    sent = sorted(shop.rows("effects"), key=lambda row: -row["seq"])
    keys = {row["deal_id"]: row["id"] for row in sent}  # of each deal the first
    numbers = {row["deal_number"]: keys[row["id"]] for row in shop.rows("deals")}
    at = shop.clock.now.isoformat()[:19]
    before = (datetime.fromisoformat(at) - timedelta(seconds=1)).isoformat()
    after = (datetime.fromisoformat(at) + timedelta(seconds=1)).isoformat()
    said = (
        {"at": f"{at}.5Z", "response": f'["{numbers["N-1"]}", "{numbers["N-2"]}"]'},
        {"at": f"{at}.4Z", "url": f"https://b/x?key=0{numbers['N-2'].upper()}f"},  # a key in a longer word
        {"at": f"{at}.3Z", "request": numbers["N-2"][:-1]},  # part of a key
        {"at": f"{before}.9Z", "response": numbers["N-1"]},
        {"at": f"{after}.0Z", "response": numbers["N-1"]},
        {"at": f"{at}.2Z", "book": "another", "response": numbers["N-1"]},
        {"at": f"{at}.1Z", "effect": numbers["N-1"], "method": "POST", "response": numbers["N-2"]},
    )
    with shop.open() as house:
        with house.store.transaction("a test", "what was said") as tx:
            tx.conn.execute(exchanges.insert(), [READ | one | {"id": id_} for id_, one in enumerate(said, 1)])
        told = {one.deal: one for one in stories(house, _ids(house))}
        _each_as_alone(house, [told[name] for name in ("N-3", "N-2", "N-1")])
    seconds = {name: [each.at[len(at) :] for each in one.exchanges] for name, one in told.items()}
    assert seconds == {"N-1": [".1Z", ".5Z"], "N-2": [".4Z", ".5Z"], "N-3": []}
    assert [each.effect for each in told["N-1"].exchanges] == ["sale-v1, journal", ""]
