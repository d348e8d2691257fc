"""Fixtures of the pipeline's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pipeline_support import Dealership


@pytest.fixture
def shop(tmp_path: Path) -> Dealership:
    """A dealership on SQLite, where the database makes no difference."""
    return Dealership(tmp_path / "shop", f"sqlite:///{tmp_path / 'store.db'}")


@pytest.fixture
def any_shop(tmp_path: Path, store_url: str) -> Dealership:
    """A dealership on each database."""
    return Dealership(tmp_path / "shop", store_url)
