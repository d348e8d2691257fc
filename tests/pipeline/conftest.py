"""Fixtures of the pipeline's tests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml
from pipeline_support import Dealership


@pytest.fixture(autouse=True, scope="session")
def _fast_yaml() -> Iterator[None]:
    """Charts, rulebooks and layouts are read for every test: by the C parser, which gives the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "safe_load", partial(yaml.load, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        yield


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Dealership]:
    """A dealership on SQLite, where the database makes no difference."""
    made = Dealership(tmp_path / "shop", f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.close()


@pytest.fixture
def any_shop(tmp_path: Path, store_url: str) -> Iterator[Dealership]:
    """A dealership on each database."""
    made = Dealership(tmp_path / "shop", store_url)
    yield made
    made.close()
