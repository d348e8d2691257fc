"""How a stage tells how far it is; the terminal shows a bar, a flow logs, a pipe hears nothing."""

from __future__ import annotations

from collections.abc import Callable

# (stage, done, total or None when it is not known)
Progress = Callable[[str, int, int | None], None]


def silent(_stage: str, _done: int, _total: int | None) -> None:
    """Tell nobody."""
