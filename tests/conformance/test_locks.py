"""The ledger's own closing date: asked before anything is planned, and obeyed when it moves in between."""

from __future__ import annotations

from datetime import date

from conformance.deals import BOOK, postings_of
from conformance.rig import Rig

from dealbooks.outbox import Drain

MARCH = date(2026, 3, 31)


def test_the_closing_date_is_told_as_it_stands_now(rig: Rig) -> None:
    assert rig.ledger.lock_date() is None
    rig.lock(MARCH)
    assert rig.ledger.lock_date() == MARCH
    rig.lock(None)
    assert rig.ledger.lock_date() is None
    assert rig.ledger.capabilities.lock_dates


def test_what_is_planned_after_it_was_asked_for_goes_into_the_open_period(rig: Rig) -> None:
    rig.lock(MARCH)
    postings = postings_of("G10", closed=rig.ledger.lock_date())
    assert {one.entry.accounting_date for one in postings} == {date(2026, 4, 1)}
    rig.put(*postings)
    assert rig.drain().clean, rig.open()
    assert {record.date for record in rig.records() if record.lines} == {date(2026, 4, 1)}
    assert rig.balances() == rig.wanted("G10")


def test_what_is_on_its_way_when_a_period_closes_is_refused_and_sent_when_a_person_says_so(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    rig.lock(MARCH)
    result = rig.drain()
    assert result.refused >= 1
    told = [row["reason"] for row in rig.rows() if row["state"] == "refused"]
    assert all("closed" in reason.lower() for reason in told)
    assert rig.standing() == {}
    assert rig.drain().refused == 0, "it is not tried again by itself"
    rig.lock(None)
    rig.clock.sleep(1000)
    rig.reconnect()
    Drain(rig.store, BOOK, rig.ledger).send_refused_again("controller")
    assert rig.settled().clean, rig.open()
    assert rig.balances() == rig.wanted("G10")


def test_a_period_that_closes_between_the_look_and_the_call_is_never_posted_silently(rig: Rig) -> None:
    """A ledger that moves the date by itself is found out when it is read."""
    rig.put(*postings_of("G10"))
    rig.lock(MARCH)
    rig.ledger.lock_date = lambda: None  # type: ignore[method-assign]  # asked just before it was closed
    rig.drain()
    assert {row["state"] for row in rig.rows() if row["name"] == rig.sale} <= {"refused", "disputed", "held"}
    reasons = [row["reason"] for row in rig.rows() if row["state"] in ("refused", "disputed")]
    assert reasons
    assert all("closed" in reason.lower() or "date:" in reason for reason in reasons)
