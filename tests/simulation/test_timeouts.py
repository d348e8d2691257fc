"""Every write is answered by a time-out after it was done: no duplicate, and none lost."""

from __future__ import annotations

import pytest
from sim_timeouts import endure
from sim_worlds import WORLDS


@pytest.mark.parametrize("ledger", WORLDS)
def test_a_hundred_lost_answers_leave_every_deal_posted_once(ledger: str) -> None:
    end = endure(ledger, 100, at_once=10)
    assert (end.wrong, set(end.states)) == ((), {"posted"})
    assert end.timeouts >= 100


@pytest.mark.long
@pytest.mark.parametrize("ledger", WORLDS)
def test_ten_thousand_lost_answers_leave_every_deal_posted_once(ledger: str) -> None:
    end = endure(ledger, 10_000)
    assert (end.wrong, set(end.states)) == ((), {"posted"})
    assert end.timeouts >= 10_000
