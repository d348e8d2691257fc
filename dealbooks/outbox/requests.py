"""Effects as requests: what a ledger is asked to send, find or compare."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from sqlalchemy import select

from dealbooks.ledger import Request
from dealbooks.store import Store
from dealbooks.store.db import Row
from dealbooks.store.tables import effects


def requests_of(store: Store, rows: Sequence[Row], held: Callable[[], bool]) -> list[Request]:
    """One request per effect, in order, with the refs of what it waited for; `held` says whether the book is ours."""
    waits = {row["id"]: json.loads(row["waits_for"]) for row in rows}
    needed = sorted({effect for names in waits.values() for effect in names.values()})
    refs: dict[str, str] = {}
    if needed:
        with store.read() as conn:
            query = select(effects.c.id, effects.c.ref).where(effects.c.id.in_(needed))
            refs = {row.id: row.ref for row in conn.execute(query)}
    return [
        Request(
            row["seq"], row["id"], row["name"], json.loads(row["payload"]),
            {name: refs.get(effect, "") for name, effect in waits[row["id"]].items()}, row["subject"], held,
        )
        for row in rows
    ]  # fmt: skip
