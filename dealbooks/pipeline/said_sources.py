"""What was said to a source over an API when a deal was read, for `trace`.

It is kept of what brought something new, without what came back: a page is full of other customers, and what of it is a
deal's stands in its own row of the inbox. A refusal on the way is kept with the platform's words.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from dealbooks.http import Exchange
from dealbooks.pipeline.said import Said, said_by
from dealbooks.store import Tx
from dealbooks.store.db import read_rows
from dealbooks.store.tables import exchanges, inbox

_REFUSED = 400
_LONGEST = 2000  # characters of a refusal


def keep_said(tx: Tx, source: str, said: Sequence[Exchange]) -> None:
    """Keep what was said to a source with the rows that this transaction stores."""
    if not said:
        return
    rows = [
        {
            "id": number, "book": "", "effect": _reading(source, tx.at), "at": one.at, "what": one.what,
            "method": one.method, "url": one.url, "request": one.request, "status": one.status,
            "response": one.response[:_LONGEST] if not one.status or one.status >= _REFUSED else "",
            "seconds": f"{one.seconds:.3f}",
        }
        for number, one in zip(tx.next_ids("exchanges", len(said)), said, strict=True)
    ]  # fmt: skip
    tx.conn.execute(exchanges.insert(), rows)


def said_to_sources(conn: Connection, keys: Sequence[str]) -> tuple[Said, ...]:
    """What was said when the records under these natural keys were read, in the order of time."""
    query = select(inbox.c.source, inbox.c.received_at).where(inbox.c.natural_key.in_(keys))
    readings = {_reading(row.source, row.received_at): f"reading {row.source}" for row in conn.execute(query)}
    rows = read_rows(conn, select(exchanges).where(exchanges.c.effect.in_(sorted(readings))))
    return tuple(said_by(row, readings) for row in sorted(rows, key=lambda row: (row["at"], row["id"])))


def _reading(source: str, at: str) -> str:
    return f"read {source} {at}"
