"""Python's cycle collector, held back while a stage works.

A stage makes many small objects that all go away by themselves, in a process that holds hundreds of thousands more:
the collector would look through them again and again and find nothing. Cycles are still collected, only less often.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NORMAL = gc.get_threshold()
_SELDOM = (100_000, 20, 20)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collect seldom until the end; also a decorator. Whichever thread ends first puts the normal setting back."""
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*_NORMAL)
