"""Limits: a call that comes too soon is not made twice and not lost, and Retry-After is waited for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from conformance.deals import NAMES, postings_of
from conformance.rig import LIMITS, REGIONS, Rig, Unable

from sandbox.kit import Fault

_TOO_MANY, _TIMES = "429", 3


def _kind_of_limit(rig: Rig, fault: Fault) -> float:
    if fault not in rig.limits:
        raise Unable("it has no such limit")
    return rig.limits[fault]


@pytest.mark.parametrize("fault", LIMITS, ids=lambda fault: fault.value)
def test_a_call_that_is_one_too_many_is_made_later_and_once(rig: Rig, fault: Fault) -> None:
    _kind_of_limit(rig, fault)
    rig.put(*postings_of("G10"))
    rig.order(fault, None, fault, None, fault)
    assert rig.settled(pause=1000.0 if fault is not Fault.LIMIT_DAY else 90_000.0).clean, rig.open()
    assert rig.faults.hits[fault] == 3
    assert rig.balances() == rig.wanted("G10")
    assert len(rig.documents()) == sum(rig.standing().values())


@pytest.mark.parametrize("fault", LIMITS, ids=lambda fault: fault.value)
def test_no_call_is_made_before_retry_after_is_over(rig: Rig, fault: Fault) -> None:
    seconds = _kind_of_limit(rig, fault)
    if not seconds:
        raise Unable("it says no Retry-After")
    rig.put(*postings_of("G10"))
    rig.order(None, fault)
    rig.settled(pause=seconds / 4)
    said = [(datetime.fromisoformat(one["at"]), str(one["status"])) for one in rig.exchanges()]
    place = next(place for place, (_, status) in enumerate(said) if status == _TOO_MANY)
    assert (said[place + 1][0] - said[place][0]).total_seconds() >= seconds


def test_within_the_ledgers_own_limits_no_call_is_one_too_many(make: Callable[..., Rig]) -> None:
    rig = make("uk", **make().own_limits)
    if not rig.over_http:
        raise Unable("nothing is said over a network")
    cases = [name for name in NAMES if REGIONS[name] == "uk" and name != "G24"]
    for case in cases:
        for number in range(_TIMES):
            rig.put(*postings_of(case, number=f"UK-{case}-{number}"))
    assert rig.settled().clean, rig.open()
    statuses = {str(one["status"]) for one in rig.exchanges()}
    assert len(rig.exchanges()) > 60
    assert _TOO_MANY not in statuses
    assert rig.balances() == rig.wanted(*cases * _TIMES)
