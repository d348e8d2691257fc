"""Sweeps over every source of records, from seeds: the inbox ends as the truth. And the simulation notices a sweep that
is broken on purpose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from sim_sources import NAMES, live

from blocks.sources.api import window
from dealbooks.pipeline import sweep


@pytest.fixture(autouse=True)
def _fast_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "safe_load", partial(yaml.load, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def _ended(platform: str, seeds: range, folder: Path) -> list[str]:
    lives = [live(platform, seed, folder / str(seed)) for seed in seeds]
    return [str(life) for life in lives if life.wrong]


@pytest.mark.parametrize("platform", NAMES)
def test_a_few_seeds(platform: str, tmp_path: Path) -> None:
    assert not _ended(platform, range(1, 4), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("platform", NAMES)
def test_many_seeds(platform: str, tmp_path: Path) -> None:
    assert not _ended(platform, range(4, 64), tmp_path)


def _no_overlap(*args: Any, **options: Any) -> Iterator[window.Window]:
    return window.windows(*args, **(options | {"overlap": 0.0, "behind": 0.0}))


def _rows_only(self: Any, page: Any, place: Any) -> None:
    """The cursor is stored before the data."""
    place.cursor = page.cursor or place.cursor
    self._store((), place)
    self._store(page.records)


def _once_ever(self: Any, record: Any, key: str, before: Any, number: int) -> Any:
    """A content that comes back is taken for known."""
    raw = _raw(self, record, key, before, number)
    seen: dict[str, set[str]] = self.__dict__.setdefault("_seen", _SEEN)
    if raw is None or raw.content_hash in seen.setdefault(key, set()):
        return None
    seen[key].add(raw.content_hash)
    return raw


_raw = sweep._Sweep._raw
_SEEN: dict[str, set[str]] = {}


@pytest.mark.long
@pytest.mark.parametrize("sabotage", ["cursor first", "once ever", "no overlap"])
def test_a_broken_sweep_is_noticed(sabotage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sabotage == "cursor first":
        monkeypatch.setattr(sweep._Sweep, "_take", _rows_only)
    elif sabotage == "once ever":
        _SEEN.clear()
        monkeypatch.setattr(sweep._Sweep, "_raw", _once_ever)
    else:
        monkeypatch.setattr("blocks.sources.odoo.source.windows", _no_overlap)
    noticed: Sequence[str] = ()
    for seed in range(1, 60):
        _SEEN.clear()
        noticed = _ended("odoo", range(seed, seed + 1), tmp_path)
        if noticed:
            break
    assert noticed
