"""Fixtures of the planted months."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
import yaml


@pytest.fixture(autouse=True, scope="session")
def _fast_yaml() -> Iterator[None]:
    """Charts, rulebooks and layouts by the C parser, which gives the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "safe_load", partial(yaml.load, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        yield
