"""The life of an exception over runs: first seen and never dated again, still there, gone by what, come back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from reconcile_support import BOOK, POLICY, UK_MARCH, SmallHouse, by_hand, key_of, nudged
from sqlalchemy import select

from dealbooks.errors import UsageError
from dealbooks.pipeline.cutoff import CutOff
from dealbooks.pipeline.exceptions import ExceptionRow, Looked, acknowledge, exceptions_of, keep
from dealbooks.pipeline.reconcile import reconcile
from dealbooks.reconcile.life import ACKNOWLEDGED, GONE, OPEN
from dealbooks.reconcile.match import match
from dealbooks.store import Store
from dealbooks.store.audit import verify
from dealbooks.store.tables import audit, drift

MARCH, APRIL = "2026-03", "2026-04"
TYPED = ("typed", "2026-03-12", {"receivable.customer": "500.00", "cash.bank": "-500.00"})


class Days:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 4, 3, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def later(self, days: int = 1) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def days() -> Days:
    return Days()


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path, days: Days) -> SmallHouse:
    sqlite_store.clock = days
    made = SmallHouse(sqlite_store, tmp_path / "var")
    for name in UK_MARCH:
        made.take(name)
    made.drain()
    return made


def look(house: SmallHouse, days: Days, month: str = MARCH) -> Looked:
    days.later()
    return keep(house, reconcile(house, BOOK, month))


def of(house: SmallHouse, code: str, state: str = OPEN) -> list[ExceptionRow]:
    return [one for one in exceptions_of(house, BOOK, [state]) if one.code == code]


def links(house: SmallHouse) -> int:
    with house.store.read() as conn:
        return len(conn.execute(select(audit.c.seq).where(audit.c.book == BOOK)).all())


def test_an_exception_keeps_the_day_and_the_run_that_found_it_first(house: SmallHouse, days: Days) -> None:
    look(house, days)
    house.kept.listing.append(by_hand(*TYPED))
    second = look(house, days)
    [one] = of(house, "unexplained_ledger_entry")
    assert (one.since, one.first_run, second.run, one.age(date(2026, 4, 9))) == (date(2026, 4, 5), 2, 2, 4)
    assert one.id in second.raised
    before = links(house)
    third = look(house, days)
    assert (third.run, third.raised, third.ended) == (3, (), ())
    assert links(house) == before  # nothing was changed: no link says so
    assert of(house, "unexplained_ledger_entry")[0].first_seen == one.first_seen
    [shown] = [row for row in third.rec.as_json()["exceptions"] if row["id"] == one.id]
    assert shown["since"] == "2026-04-05, run 2"
    assert [row["since"] for row in reconcile(house, BOOK, MARCH).as_json()["exceptions"] if row["id"] == one.id] == [
        shown["since"]
    ]
    assert verify(house.store).intact


def test_what_is_solved_says_by_what_and_what_comes_back_is_the_old_one(house: SmallHouse, days: Days) -> None:
    listing = house.kept.listing
    at = next(i for i, record in enumerate(listing) if record.key == key_of("G10", "sale-v1"))
    right = listing[at]
    listing[at] = nudged(nudged(right), 1, "-0.01")
    look(house, days)
    [one] = of(house, "edited_after_posting")
    listing[at] = right
    solved = look(house, days)
    assert [row.id for row in solved.ended] == [one.id]
    [gone] = of(house, "edited_after_posting", GONE)
    assert gone.gone_by == f"{right.ref} in the ledger agrees with sale.posted of {right.date.isoformat()}."
    listing[at] = nudged(nudged(right), 1, "-0.01")
    back = look(house, days)
    [again] = of(house, "edited_after_posting")
    assert (again.id, again.first_seen, again.gone_at) == (one.id, one.first_seen, "")
    assert one.id in back.raised
    assert again.since_words == "2026-04-04, run 1; again since 2026-04-06"


def test_it_may_be_another_class_or_explain_itself_now(house: SmallHouse, days: Days) -> None:
    listing = house.kept.listing
    at = next(i for i, record in enumerate(listing) if record.key == key_of("G10", "sale-v1"))
    listing[at] = nudged(nudged(listing[at]), 1, "-0.01")
    listing.append(by_hand(*TYPED))
    look(house, days)
    listing.pop(at)
    listing[-1] = by_hand("typed", "2026-03-12", {"payable.supplier": "500.00", "cash.bank": "-500.00"})
    look(house, days)
    [edited] = of(house, "edited_after_posting", GONE)
    [deleted] = of(house, "deleted_in_ledger")
    assert edited.gone_by == f"It is now deleted in the ledger ({deleted.id})."
    [typed] = of(house, "unexplained_ledger_entry", GONE)
    assert typed.gone_by == "typed explains itself now (other)."


def test_open_items_are_carried_into_later_months_with_their_age(house: SmallHouse, days: Days) -> None:
    march = look(house, days)
    carried = {one.id for one in march.rec.exceptions if one.code == "cit_unpaid"}
    assert carried
    house.kept.listing.append(by_hand(*TYPED))
    look(house, days)
    house.day = date(2026, 5, 2)
    april = look(house, days, APRIL)
    kept = {one.id: one for one in exceptions_of(house, BOOK)}
    for one in april.rec.exceptions:
        if one.id in carried:
            assert (kept[one.id].period, kept[one.id].first_run) == (APRIL, 1)
    # What lies in March alone was not looked at in April; a later look at March leaves April's word.
    [typed] = of(house, "unexplained_ledger_entry")
    assert typed.period == MARCH
    again = look(house, days)
    assert again.ended == ()
    assert {one.id: one.period for one in exceptions_of(house, BOOK)} == {
        name: row.period for name, row in kept.items()
    }


def test_the_lender_pays_in_the_next_month(house: SmallHouse, days: Days) -> None:
    first = look(house, days)
    one = next(one for one in first.rec.exceptions if one.code == "cit_unpaid")
    [stock_no] = one.stock_nos
    amount = one.difference
    house.kept.listing.append(
        by_hand(
            "wire", "2026-04-07", {"cash.bank": f"{amount}", "receivable.finance_company": f"{-amount}"},
            stock_no=stock_no,
        )
    )  # fmt: skip
    house.day = date(2026, 5, 2)
    look(house, days, APRIL)
    [gone] = [row for row in exceptions_of(house, BOOK, [GONE]) if row.id == one.id]
    assert gone.gone_by == (
        "The account stands as it should; "
        f"wire clears 1110 Due from finance companies, {stock_no}: {amount} GBP credit."
    )


def test_a_person_acknowledges_and_it_is_open_again_when_it_changes(house: SmallHouse, days: Days) -> None:
    house.kept.listing.append(by_hand(*TYPED))
    look(house, days)
    [one] = of(house, "unexplained_ledger_entry")
    with pytest.raises(UsageError, match="by somebody, with a note"):
        acknowledge(house, BOOK, [one.id], who="Ann Lee", why=" ")
    with pytest.raises(UsageError, match="no open exception 0123456789"):
        acknowledge(house, BOOK, ["0123456789"], who="Ann Lee", why="asked Sam")
    acknowledge(house, BOOK, [one.id], who="Ann Lee", why="asked Sam")
    look(house, days)
    [seen] = of(house, "unexplained_ledger_entry", ACKNOWLEDGED)
    assert (seen.who, seen.why) == ("Ann Lee", "asked Sam")
    more = ("typed", "2026-03-12", {"receivable.customer": "501.00", "cash.bank": "-501.00"})
    house.kept.listing[-1] = by_hand(*more)
    look(house, days)
    [open_] = of(house, "unexplained_ledger_entry")
    assert (open_.who, open_.first_seen) == ("", one.first_seen)
    assert verify(house.store).intact


def test_what_the_drift_watch_saw_first_is_known_since_then(house: SmallHouse, days: Days) -> None:
    house.kept.listing.append(by_hand(*TYPED))
    [one] = [found for found in reconcile(house, BOOK, MARCH).exceptions if found.code == "unexplained_ledger_entry"]
    seen = "2026-03-13T08:00:00.000000Z"
    with house.store.transaction("drift watch", "look") as tx:
        row = {column.name: "" for column in drift.columns}
        named = {"id": f"{BOOK}/{one.id}", "book": BOOK, "finding": one.id, "first_seen": seen, "state": "open"}
        tx.insert("drift", [row | named | {"body": "{}", "body_hash": "x"}])
    look(house, days)
    assert of(house, "unexplained_ledger_entry")[0].since == date(2026, 3, 13)


def test_what_is_typed_keeps_its_name_when_lines_move() -> None:
    policy = replace(POLICY, lasting=False)
    one = by_hand("main.beancount:12", *TYPED[1:])

    def ids(*refs: str) -> list[str]:
        return sorted(found.id for found in match([], [replace(one, ref=ref) for ref in refs], policy).exceptions)

    assert ids("main.beancount:12") == ids("main.beancount:15")
    twice = ids("main.beancount:12", "main.beancount:15")
    assert len(set(twice)) == 2
    assert set(ids("main.beancount:12")) < set(twice)
    assert ids("main.beancount:13", "main.beancount:16") == twice
    lasting = match([], [one], POLICY).exceptions
    assert [found.id for found in lasting] != ids("main.beancount:12")


def test_a_deal_that_waits_for_somebody_hides_what_is_known_of_it(house: SmallHouse, days: Days) -> None:
    first = look(house, days)
    hidden = next(one for one in first.rec.exceptions if one.code == "cit_unpaid")
    waits = CutOff("quarantined", hidden.deal, "", "x", "The deal waits.", "Mend it.")
    rest = tuple(one for one in first.rec.exceptions if one.id != hidden.id)
    found = keep(house, replace(first.rec, exceptions=rest, cut_off=(waits,)))
    assert found.ended == ()
    assert [row.id for row in keep(house, replace(first.rec, exceptions=rest)).ended] == [hidden.id]


def test_of_two_runs_at_once_each_is_whole(store: Store, tmp_path: Path) -> None:
    house = SmallHouse(store, tmp_path / "var")
    house.take("G10")
    house.drain()
    house.kept.listing.append(by_hand(*TYPED))
    rec = reconcile(house, BOOK, MARCH)
    assert rec.exceptions
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: keep(house, rec), range(2)))
    assert sorted(one.run for one in runs) == [1, 2]
    assert sorted(len(one.raised) for one in runs) == [0, len(rec.exceptions)]
    assert {one.first_run for one in exceptions_of(house, BOOK)} == {1}
    assert verify(store).intact
