"""Every test of the suite for every source of records in the registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conformance.sources.source_rig import NAMES, SourceRig, rig_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "deals" in metafunc.fixturenames:
        metafunc.parametrize("platform", NAMES)


@pytest.fixture
def deals(request: pytest.FixtureRequest, platform: str, tmp_path: Path) -> Iterator[SourceRig]:
    """A rig of the source."""
    kind = rig_of(platform)
    why = kind.cannot.get(request.function.__name__)
    if why:
        pytest.skip(why)
    made = kind(tmp_path / "shop")
    yield made
    made.shop.close()
