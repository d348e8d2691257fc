"""Answers that are lost, late or wrong, and processes that die: everything stands once in the end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from conformance.deals import postings_of
from conformance.rig import AFTER, BEFORE, Rig

from dealbooks.ledger import Outcome, Request
from sandbox.kit import Fault


def _stands_once(rig: Rig, case: str) -> None:
    result = rig.settled()
    assert rig.open() == {}
    assert result.clean
    assert rig.balances() == rig.wanted(case)
    assert len(rig.documents()) == sum(rig.standing().values())
    assert len(rig.customers()) == len(set(rig.customers()))


@pytest.mark.parametrize("fault", [*AFTER, *BEFORE], ids=lambda fault: fault.value)
def test_a_write_that_meets_a_fault_is_made_once(rig: Rig, fault: Fault) -> None:
    rig.put(*postings_of("G10"))
    rig.order(fault, None, fault, None, None, fault)
    _stands_once(rig, "G10")
    assert rig.faults.hits[fault] >= 1


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.LATE_COMMIT], ids=lambda fault: fault.value)
def test_a_reversal_that_meets_a_fault_is_made_once(rig: Rig, fault: Fault) -> None:
    first, receipt, *rest = postings_of("G14")
    rig.put(first, receipt)
    rig.drain()
    rig.put(*rest)
    rig.order(*[fault, None] * 4)
    _stands_once(rig, "G14")
    assert rig.faults.hits[fault] >= 1


def test_a_search_that_lags_does_not_prove_that_nothing_was_done(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    rig.order(*[Fault.LAGGING_SEARCH] * 12, kind="read")
    rig.order(None, Fault.RESET, Fault.RESET, Fault.RESET)
    _stands_once(rig, "G10")
    assert rig.faults.hits[Fault.LAGGING_SEARCH] >= 1
    assert rig.faults.hits[Fault.RESET] >= 1


def test_a_read_that_fails_stops_nothing_for_good(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    met = (Fault.SERVER_ERROR, Fault.REFUSED, Fault.RESET)
    rig.order(None, *met[:2], None, *met[2:], kind="read")
    _stands_once(rig, "G10")
    assert all(rig.faults.hits[fault] >= 1 for fault in met)


class Died(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("done", [True, False], ids=["after the call", "before the call"])
def test_a_process_that_dies_around_a_call_leaves_each_document_once(rig: Rig, done: bool) -> None:
    rig.put(*postings_of("G10"))
    for _ in range(4):
        send = rig.ledger.send

        def dies(requests: Sequence[Request], send=send) -> list[Outcome]:  # type: ignore[no-untyped-def]
            if done:
                send(requests)
            raise Died

        rig.ledger.send = dies  # type: ignore[method-assign]
        try:
            rig.drain()
        except Died:
            assert "sending" in rig.states()
        rig.clock.sleep(1000)
        rig.reconnect()
    _stands_once(rig, "G10")
