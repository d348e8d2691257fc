"""Lives of the outbox over the sandboxes, all faults mixed: no deal lost, none doubled, none at a wrong amount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from sim_life import Life, live
from sim_worlds import WORLDS

from sandbox.kit import Fault

_FEW, _MANY = 3, 140


def _failed(lives: Sequence[Life]) -> str:
    return "\n".join(str(life) for life in lives if not life.good)


@pytest.mark.parametrize("ledger", WORLDS)
def test_a_few_lives_end_with_every_deal_posted_once(ledger: str) -> None:
    lives = [live(ledger, seed) for seed in range(1, _FEW + 1)]
    assert not _failed(lives), _failed(lives)
    assert sum(sum(life.faults.values()) for life in lives) > _FEW


def test_the_same_seed_is_the_same_life() -> None:
    assert live("xero", 3) == live("xero", 3)


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("ledger", WORLDS)
def test_many_lives_end_with_every_deal_posted_once(ledger: str, part: int) -> None:
    size = _MANY // 4
    lives = [live(ledger, seed) for seed in range(1 + part * size, 1 + (part + 1) * size)]
    assert not _failed(lives), _failed(lives)
    hits: Counter[Fault] = Counter()
    for life in lives:
        hits.update(life.faults)
    assert {Fault.TIMEOUT_AFTER, Fault.LATE_COMMIT, Fault.RESET, Fault.SERVER_ERROR_AFTER, Fault.SLOW} <= set(hits)
    assert sum(life.deaths for life in lives) > size / 10
    assert sum(life.takeovers for life in lives) > 0
