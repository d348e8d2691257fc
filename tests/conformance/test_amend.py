"""Amendments and unwinds: by the ledger's proper means, in the proper period, each under a key of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from conformance.deals import postings_of
from conformance.rig import Rig, Unable

TAKEN_BACK = {"G14": "uk", "G08": "us"}


@pytest.mark.parametrize("golden", TAKEN_BACK)
def test_a_sale_is_taken_back_by_a_credit_note(make: Callable[..., Rig], golden: str) -> None:
    rig = make(TAKEN_BACK[golden])
    if not rig.credit:
        raise Unable("it has journals only: the mirror is one")
    rig.put(*postings_of(golden))
    assert rig.drain().clean
    assert rig.standing()[rig.credit] == 1
    assert rig.standing()[rig.kind(rig.sale)] == (2 if golden == "G14" else 1)


@pytest.mark.parametrize("golden", TAKEN_BACK)
def test_each_entry_stands_in_its_own_period(make: Callable[..., Rig], golden: str) -> None:
    rig = make(TAKEN_BACK[golden])
    postings = postings_of(golden)
    rig.put(*postings)
    assert rig.drain().clean
    days = rig.days()
    by_day: dict[str, int] = {}
    for record in rig.records():
        if record.lines:
            assert record.date.isoformat() == days[record.key]
            by_day[days[record.key]] = by_day.get(days[record.key], 0) + 1
    assert set(by_day) == {one.entry.accounting_date.isoformat() for one in postings}


@pytest.mark.parametrize("golden", TAKEN_BACK)
def test_what_is_taken_back_leaves_nothing_of_the_first_sale(make: Callable[..., Rig], golden: str) -> None:
    rig = make(TAKEN_BACK[golden])
    both = [one for one in postings_of(golden) if one.entry.entry_id.endswith("-v1")]
    assert len(both) == 2
    rig.put(*both)
    assert rig.drain().clean
    own = {rig.chart.roles[role].number for role in ("receivable.customer", "payable.customer_refund")}
    assert {number: amount for number, amount in rig.balances().items() if number not in own} == {
        number: amount for number, amount in rig.summed(both).items() if number not in own
    }


def test_a_reversal_that_comes_in_a_later_run_finds_its_sale(rig: Rig) -> None:
    for posting in postings_of("G14"):
        rig.put(posting)
        assert rig.drain().clean, rig.open()
        rig.reconnect()
    assert rig.balances() == rig.wanted("G14")


def test_every_effect_has_a_key_of_its_own_and_a_generation(rig: Rig) -> None:
    postings = postings_of("G14")
    rig.put(*postings)
    rows = rig.rows()
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["version"] for row in rows} == {0, 1, 2}
    assert all(len(row["id"]) <= rig.ledger.capabilities.key_length for row in rows)


def test_an_entry_issued_again_by_a_person_has_another_key_and_stands_beside_nothing(rig: Rig) -> None:
    sale = postings_of("G11")[0]
    rig.put(sale)
    assert rig.drain().clean
    before = {row["id"] for row in rig.rows()}
    again = replace(sale, key=replace(sale.key, issue=1))
    rig.put(again)
    assert {row["id"] for row in rig.rows()} - before
    assert not {row["id"] for row in rig.rows() if row["state"] != "posted"} & before
