"""Listing a period: whole, over pages, with what people typed, and summing up to the balances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from conformance.deals import BOOK, postings_of
from conformance.rig import Rig

from dealbooks.ledger import Posting
from tests.beancount_support import receipt


def sums_of(rig: Rig) -> dict[str, Decimal]:
    """Balances by account number, from the records that the ledger lists."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for record in rig.records():
        assert sum((line.amount for line in record.lines), Decimal(0)) == 0
        for line in record.lines:
            sums[rig.number(line.account)] += line.amount
    return {number: amount for number, amount in sorted(sums.items()) if amount}


@pytest.mark.parametrize("golden", ["G09", "G14", "G08"])
def test_the_records_of_a_period_add_up_to_the_balances(make: Callable[..., Rig], golden: str) -> None:
    region = "us" if golden == "G08" else "uk"
    rig = make(region, **make(region).small_pages)
    rig.put(*postings_of(golden))
    assert rig.drain().clean
    assert sums_of(rig) == rig.balances()
    listed = rig.records()
    assert len({record.ref for record in listed}) == len(listed)
    assert {record.ref for record in listed if record.lines} <= rig.documents()


def test_every_record_of_ours_has_our_key_and_the_day_of_its_entry(rig: Rig) -> None:
    rig.put(*postings_of("G14"))
    rig.drain()
    days = rig.days()
    listed = [record for record in rig.records() if record.lines]
    assert listed
    assert {(record.key, record.date.isoformat()) for record in listed} <= set(days.items())
    assert {days[record.key] for record in listed} == set(days.values())


def test_a_period_has_both_its_days_and_no_other(rig: Rig) -> None:
    rig.put(*postings_of("G14"))
    rig.drain()
    first, last = date(2026, 2, 26), date(2026, 3, 4)
    whole = rig.records(first, last)
    assert {record.date for record in whole} == {first, last}
    assert {record.date for record in rig.records(first, last - timedelta(days=1))} == {first}
    assert {record.date for record in rig.records(first + timedelta(days=1), last)} == {last}
    assert rig.records(date(2001, 1, 1), date(2001, 12, 31)) == []


def test_what_a_person_typed_is_listed_without_a_key(rig: Rig) -> None:
    rig.typed(date(2026, 3, 1), Decimal("5.00"))
    (record,) = rig.records(date(2026, 3, 1), date(2026, 3, 1))
    assert record.key == ""
    assert sorted(line.amount for line in record.lines) == [Decimal("-5.00"), Decimal("5.00")]


def _receipts(count: int) -> list[Posting]:
    made = [receipt("d1", f"P{number}", amount=f"{number}.01") for number in range(1, count + 1)]
    return [replace(one, key=replace(one.key, book=BOOK)) for one in made]


def _listed_whole(rig: Rig, count: int) -> None:
    rig.put(*_receipts(count))
    assert rig.drain().clean
    listed = rig.records()
    assert len(listed) == len({record.key for record in listed}) == count
    assert {record.key for record in listed} <= set(rig.days())
    assert sums_of(rig) == rig.balances()


def test_more_than_a_page_is_listed_whole(make: Callable[..., Rig]) -> None:
    _listed_whole(make("uk", **make().small_pages), 23)


@pytest.mark.long
def test_more_than_a_thousand_documents_are_listed_whole(rig: Rig) -> None:
    _listed_whole(rig, 1_050)
