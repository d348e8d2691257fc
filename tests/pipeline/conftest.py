"""Fixtures of the pipeline's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from events_support import SIGNED, with_hooks
from pipeline_support import Dealership


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


@pytest.fixture
def signing(shop: Dealership) -> Dealership:
    """A dealership that posts a sale when the customer has signed."""
    shop.book["post_when"] = SIGNED
    with_hooks(shop)
    return shop
