"""Authorisation that ends: renewed on the way where that is possible, and a person is told where it is not."""

from __future__ import annotations

from conformance.deals import BOOK, postings_of
from conformance.rig import Rig, Unable

from dealbooks.errors import StopConnection
from sandbox.kit import Fault


def test_a_token_that_ends_in_the_middle_of_a_run_stops_nothing(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    rig.order(None, Fault.TOKEN_EXPIRED, None, None, Fault.TOKEN_EXPIRED)
    rig.drain()
    assert rig.settled().clean, rig.open()
    assert rig.faults.hits[Fault.TOKEN_EXPIRED] == 2
    assert rig.balances() == rig.wanted("G10")
    assert len(rig.documents()) == sum(rig.standing().values())


def test_a_token_that_ends_while_nobody_looks_is_renewed(rig: Rig) -> None:
    if not rig.over_http:
        raise Unable("nothing to be connected to")
    rig.put(*postings_of("G10"))
    rig.clock.sleep(5 * 3600)
    assert rig.settled().clean, rig.open()
    assert rig.balances() == rig.wanted("G10")


def test_a_dead_grant_is_told_with_the_book_and_not_tried_again(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    rig.revoke()
    rig.reconnect()
    rig.clock.sleep(5 * 3600)
    told, ways = _stopped(rig), (f"dealbooks connect {BOOK}", f"new key there, and put it into books.{BOOK}.ledger")
    assert any(way in told for way in ways)
    asked = rig.calls()
    for _ in range(3):
        rig.clock.sleep(3600)
        assert any(way in _stopped(rig) for way in ways)
    assert rig.calls() <= asked + 3 * rig.calls_to_see_a_dead_grant
    assert rig.standing() == {}
    assert rig.states() <= {"pending", "held"}


def _stopped(rig: Rig) -> str:
    """What a person is told when a run stops; what was to be sent stays."""
    try:
        rig.drain()
    except StopConnection as error:
        return error.words
    return " ".join(row["reason"] for row in rig.rows())
