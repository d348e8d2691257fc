"""Differences that a person accepted, as a reconciliation and the story of a deal want them. Reads only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.outbox import EffectState
from dealbooks.reconcile.model import ReconException
from dealbooks.store.db import read_rows
from dealbooks.store.tables import acceptances, effects


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A difference that a person accepted: of which entry (`entries.id`) and write call, in words, who, why and when.
    `found` is what a reconciliation says of it."""

    entry: str
    effect: str
    differences: tuple[str, ...]
    found: tuple[str, ...]
    who: str
    why: str
    at: str

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)


def said_of(found: ReconException) -> str:
    """What differs, without the class: that depends on whether the document was read in full before."""
    return found.what.partition(": ")[2]


def accepted_of(conn: Connection, book: str) -> Mapping[str, list[Acceptance]]:
    """Accepted differences of a book, by entry (`entries.id`)."""
    found: dict[str, list[Acceptance]] = {}
    query = (
        select(acceptances, effects.c.entry.label("now"))
        .join(effects, effects.c.id == acceptances.c.id)
        .where((acceptances.c.book == book) & (effects.c.state == EffectState.POSTED.value))
        .order_by(acceptances.c.at)
    )
    for row in read_rows(conn, query):
        one = Acceptance(
            row["now"], row["id"], tuple(json.loads(row["figures"])), tuple(json.loads(row["found"])),
            row["who"], row["why"], row["at"],
        )  # fmt: skip
        found.setdefault(one.entry, []).append(one)
    return found
