"""A month in which defects of every class are planted in known numbers: each is named once, nothing else is, and the
proof of every account comes to nothing. More seeds: `make plant SEEDS=20`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from plant_defects import DEFECTS, ONCE
from plant_honest import HARMLESS
from plant_run import Outcome, run

from dealbooks.reconcile.model import SEVERITIES

# Classes that no file of a ledger, source or bank can bring about by itself: entries that the store has lost or the
# ledger never confirmed, a version that waits after its reversal, and currency rounding of a single deal.
NOT_PLANTED = {
    "missing_in_ledger", "amount_mismatch", "reversed_without_repost", "fx_residual", "deposit_held",
    "intercompany_unmatched",
}  # fmt: skip


def judged(outcome: Outcome) -> Outcome:
    assert outcome.sound, f"{outcome}"
    return outcome


def test_every_kind_of_defect_is_named_once_and_nothing_else_is(tmp_path: Path) -> None:
    outcome = judged(run(tmp_path, seed=1, deals=60))
    planted = sum(one.planted for one in outcome.verdicts.values())
    assert planted >= len(DEFECTS) + len(ONCE)
    assert sum(outcome.harmless.values()) >= len(HARMLESS)
    codes = Counter(plant.code for plant in outcome.plants if plant.part == "exceptions")
    assert set(SEVERITIES) - set(codes) <= NOT_PLANTED


@pytest.mark.long
def test_a_month_with_nothing_planted_agrees(tmp_path: Path) -> None:
    outcome = judged(run(tmp_path, seed=2, deals=200, only=("nothing",), again=True))
    assert all(report["agreed"] and not report["exceptions"] for report in outcome.reports.values())


@pytest.mark.long
@pytest.mark.parametrize("seed", [3, 4])
def test_every_kind_in_both_books(tmp_path: Path, seed: int) -> None:
    judged(run(tmp_path, seed=seed, deals=60, each=1, again=True))


@pytest.mark.long
def test_a_month_of_five_thousand_deals(tmp_path: Path) -> None:
    outcome = judged(run(tmp_path, seed=5, deals=5000, each=4))
    assert outcome.deals >= 5000
