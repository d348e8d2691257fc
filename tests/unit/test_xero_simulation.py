"""Golden cases into a Xero sandbox that fails often, in time that passes at once: everything gets there, once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from xero_support import Rig, postings_of, wanted

from dealbooks.errors import StopConnection
from sandbox.kit import FaultPlan
from sandbox.kit.faults import Fault

CASES = [("G10", "uk"), ("G14", "uk"), ("G13", "uk"), ("G20", "nz"), ("G15", "au"), ("G09", "uk")]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_every_posting_stands_once_whatever_fails(tmp_path: Path, seed: int) -> None:
    name, country = CASES[seed % len(CASES)]
    plan = FaultPlan(seed, dict.fromkeys(Fault, 0.03))
    dice = random.Random(seed)
    rig = Rig(tmp_path, country)
    rig.put(*postings_of(name))
    rig.sandbox.faults = plan
    for _ in range(200):
        try:
            result = rig.drain()
        except StopConnection:
            result = None
        if result is not None and result.clean:
            break
        rig.clock.sleep(dice.uniform(1, 900))
    assert result is not None
    assert result.clean, result.by_state
    rig.clock.sleep(2000)  # what commits late has done so
    assert rig.balances() == wanted(name, rig.chart)
    assert sum(plan.hits.values()) > 0
