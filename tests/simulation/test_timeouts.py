"""Every write is answered by a time-out after it was done: no duplicate, and none lost."""

from __future__ import annotations

import pytest
from sim_timeouts import endure
from sim_worlds import WORLDS


@pytest.mark.parametrize("ledger", WORLDS)
def test_lost_answers_leave_every_deal_posted_once(ledger: str) -> None:
    end = endure(ledger, 60, at_once=6)
    assert (end.wrong, set(end.states)) == ((), {"posted"})
    assert end.timeouts >= 60


@pytest.mark.long
@pytest.mark.parametrize("ledger", WORLDS)
def test_thousands_of_lost_answers_leave_every_deal_posted_once(ledger: str) -> None:
    """A part of the proof; the whole of it: `tests/simulate.py --timeouts 10000`."""
    end = endure(ledger, 500)
    assert (end.wrong, set(end.states)) == ((), {"posted"})
    assert end.timeouts >= 500
