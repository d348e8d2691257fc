"""Every source lived from seeds, up to the ledger: nothing missed, nothing twice. And the simulation notices sweeps and
sources that are broken on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest
from sim_sources import Total
from sim_sources_life import live
from sim_sources_sabotage import SABOTAGES
from sim_sources_worlds import ALL


def _ended(platform: str, seeds: range, folder: Path) -> list[str]:
    lives = [live(platform, seed, folder / str(seed)) for seed in seeds]
    return [str(life) for life in lives if life.wrong]


@pytest.mark.parametrize("platform", ALL)
def test_a_seed(platform: str, tmp_path: Path) -> None:
    assert not _ended(platform, range(1, 2), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("platform", ALL)
def test_many_seeds(platform: str, tmp_path: Path) -> None:
    assert not _ended(platform, range(2, 4), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_what_is_broken_is_noticed(sabotage: str, tmp_path: Path) -> None:
    make, platform, seeds = SABOTAGES[sabotage]
    total = Total()
    for seed in seeds:
        with pytest.MonkeyPatch.context() as patch:
            make(patch)
            total.add(live(platform, seed, tmp_path / str(seed)))
        if total.told:
            return
    pytest.fail(f"{sabotage} was not noticed: {total}")
