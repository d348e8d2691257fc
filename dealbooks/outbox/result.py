"""What a drain did and left, and how figures are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from dealbooks.outbox.states import EffectState
from dealbooks.store import Store
from dealbooks.store.tables import effects

_S = EffectState


@dataclass(frozen=True, slots=True)
class DrainResult:
    """What one drain did, and what is left. `by_state` counts all effects of the book as they stand now."""

    book: str
    posted: int
    disputed: int
    refused: int
    retried: int
    unknown: int
    by_state: Mapping[str, int] = field(default_factory=dict)
    shadow: int | None = None  # the book is not live: so many entries would be sent; None: it is live

    @property
    def clean(self) -> bool:
        """Whether nothing is left to be sent and nothing waits for a person."""
        if self.shadow is not None:
            return True
        return not any(self.by_state.get(state.value, 0) for state in _S if state not in (_S.POSTED, _S.SUPERSEDED))

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "posted": self.posted, "disputed": self.disputed, "refused": self.refused,
            "retried": self.retried, "unknown": self.unknown, "by_state": dict(self.by_state), "shadow": self.shadow,
        }  # fmt: skip


def compare(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Differences between the figures we expect and those the ledger shows, in words; empty when all are equal."""
    return [
        f"{name}: we expect {value}, the ledger shows {found.get(name, 'nothing')}"
        for name, value in expected.items()
        if found.get(name) != value
    ]


def effect_counts(store: Store, book: str) -> dict[str, int]:
    """How many effects of a book are in each state."""
    with store.read() as conn:
        query = select(effects.c.state, func.count()).where(effects.c.book == book).group_by(effects.c.state)
        return {row[0]: row[1] for row in conn.execute(query)}
