"""A ledger over an API starts in shadow: nothing is sent until a person says so, and what was typed by hand stays."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

import pytest
from pipeline_support import Dealership, sale
from reconcile_support import by_hand

from dealbooks import registry
from dealbooks.errors import UsageError
from dealbooks.ledger import Outcome, Record, RecordLine, Request
from dealbooks.pipeline.golive import go_live, look_alike
from dealbooks.pipeline.load import load
from dealbooks.pipeline.standing import pause, resume, standing_of

BOOK = "northgate"


@pytest.fixture
def shadow(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dealership]:
    """The usual dealership, whose ledger is taken for one over an API."""
    platform = dataclasses.replace(registry.LEDGERS["beancount"], embedded=False)
    monkeypatch.setitem(registry.LEDGERS, "beancount", platform)
    yield shop


def typed(shop: Dealership, *records: Record) -> None:
    """What the ledger holds that is not ours."""
    with shop.open() as house:
        house.ledger(BOOK).records = lambda first, last: [one for one in records if first <= one.date <= last]  # type: ignore[method-assign]


def record(ref: str, day: str, text: str, amount: str = "1.00") -> Record:
    lines = (RecordLine("1100", Decimal(amount), "GBP"), RecordLine("4000", -Decimal(amount), "GBP"))
    return Record(ref, "", date.fromisoformat(day), text, lines)


def test_in_shadow_everything_is_planned_and_nothing_is_sent(shadow: Dealership) -> None:
    shadow.sales(11, sale(1), sale(2))
    result = shadow.sync()
    assert (result.exit_code, result.loaded[0].shadow, result.loaded[0].posted) == (0, 4, 0)
    assert {row["state"] for row in shadow.rows("effects")} == {"pending"}
    assert {row["state"] for row in shadow.rows("deals")} == {"planned"}


def test_gone_live_it_posts_what_was_planned_once(shadow: Dealership) -> None:
    shadow.sales(11, sale(1), sale(2))
    shadow.sync()
    with shadow.open() as house:
        done = go_live(house, BOOK, who="Ann")
    assert (done.to_send, done.left, done.standing.who) == (4, (), "Ann")
    assert shadow.sync().loaded[0].posted == 4
    assert shadow.sync().loaded[0].posted == 0
    assert shadow.records() == 4
    shadow.sound()


def test_a_sale_typed_by_hand_is_found_and_never_posted(shadow: Dealership) -> None:
    shadow.sales(11, sale(1), sale(2))
    shadow.sync()
    first = next(row for row in shadow.rows("deals") if row["deal_number"] == sale(1)["deal_number"])
    vin = first["vin"]
    typed(
        shadow,
        record("INV-77", "2026-09-14", f"Golf, VIN {vin[:8].lower()} {vin[8:]}, Mr Smith"),
        record("INV-78", "2026-09-14", "Rent of the showroom"),
    )
    with shadow.open() as house:
        found = look_alike(house, BOOK)
        assert [(one.deal, one.ref) for one in found] == [(first["deal_number"], "INV-77")]
        assert f"VIN {vin}" in found[0].why
        done = go_live(house, BOOK, who="Ann", typed=[one.deal_id for one in found])
    assert done.left == (first["deal_number"],)
    assert shadow.sync().exit_code == 0
    assert shadow.records() == 2
    assert {row["deal_number"]: row["state"] for row in shadow.rows("deals")}[first["deal_number"]] == "before_go_live"
    shadow.sound()


def test_an_amount_of_the_sale_at_about_its_day_is_like_it(shadow: Dealership) -> None:
    shadow.sales(11, sale(1))
    shadow.sync()
    row = next(one for one in shadow.rows("entries") if one["event"] == "sale.posted")
    amount = next(str(line.debit) for line in shadow.entry(row["entry_id"]).lines if line.role == "receivable.customer")
    typed(shadow, record("J-1", "2026-09-12", "car sold", amount), record("J-2", "2026-12-24", "car sold", amount))
    with shadow.open() as house:
        assert [one.ref for one in look_alike(house, BOOK)] == ["J-1"]


def test_our_own_records_are_not_like_anything(shadow: Dealership) -> None:
    shadow.sales(11, sale(1))
    shadow.sync()
    ours = dataclasses.replace(by_hand("x", "2026-09-11", {}, text=f"deal {sale(1)['deal_number']}"), key="ours")
    typed(shadow, ours)
    with shadow.open() as house:
        assert look_alike(house, BOOK) == []


def test_the_embedded_ledger_is_live_at_once_and_going_live_is_said_once(shop: Dealership) -> None:
    with shop.open() as house:
        assert standing_of(house, BOOK).mode == "live"
        with pytest.raises(UsageError, match="live already"):
            go_live(house, BOOK, who="Ann")


def test_a_paused_book_plans_and_sends_nothing_until_it_is_resumed(shop: Dealership) -> None:
    with shop.open() as house:
        pause(house, BOOK, who="Ann", why="year-end audit")
    shop.sales(11, sale(1))
    result = shop.sync()
    assert result.exit_code == 3
    (said,) = result.failures
    assert said.startswith(f"book {BOOK}: {BOOK} was paused by Ann (year-end audit); nothing of it is sent.")
    assert f"dealbooks resume {BOOK}" in said
    assert {row["state"] for row in shop.rows("effects")} == {"pending"}
    with shop.open() as house:
        with pytest.raises(UsageError, match="paused already"):
            pause(house, BOOK, who="Bob", why="too")
        resume(house, BOOK, who="Ann")
        with pytest.raises(UsageError, match="not paused"):
            resume(house, BOOK, who="Ann")
    assert shop.sync().exit_code == 0
    assert shop.records() == 2
    shop.sound()


def test_a_pause_stops_a_drain_that_is_under_way_after_its_batch(shop: Dealership) -> None:
    shop.sales(11, *(sale(n) for n in range(1, 4)))
    with shop.open() as house:
        pause(house, BOOK, who="Ann", why="first")
    shop.sync()
    with shop.open() as house, shop.open() as other:
        resume(house, BOOK, who="Ann")
        ledger = house.ledger(BOOK)
        able, send = dataclasses.replace(ledger.capabilities, batch_size=2), ledger.send
        ledger.__class__ = type("Small", (ledger.__class__,), {"capabilities": property(lambda _: able)})
        pauses = [lambda: pause(other, BOOK, who="Bob", why="stop")]

        def sent(requests: Sequence[Request]) -> list[Outcome]:
            if pauses:
                pauses.pop()()
            return send(requests)

        ledger.send = sent  # type: ignore[method-assign]
        result = load(house, BOOK)
        assert (result.posted, result.by_state["pending"]) == (2, 4)
        resume(house, BOOK, who="Bob")
    assert shop.sync().exit_code == 0
    assert shop.records() == 6
    shop.sound()


@pytest.mark.parametrize(("who", "why"), [("", "because"), ("Ann", " ")])
def test_a_pause_has_a_name_and_a_reason(shop: Dealership, who: str, why: str) -> None:
    with shop.open() as house, pytest.raises(UsageError, match="by somebody, for a reason"):
        pause(house, BOOK, who=who, why=why)
