"""What was said to a source over an API when a deal was read, for `trace`.

It is kept of what brought something new, without what came back: a page is full of other customers, and what of it is a
deal's stands in its own row of the inbox. A refusal on the way is kept with the platform's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

from sqlalchemy import Connection, select

from dealbooks.http import Exchange
from dealbooks.pipeline.said import Said, said_by
from dealbooks.pipeline.trace_rows import read_all
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import exchanges

Timed = list[tuple[tuple[str, int], Said]]
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


def readings_of(rows: Iterable[Row]) -> dict[str, str]:
    """The readings that brought rows of the inbox: what each is kept under, and what it is called."""
    return {_reading(row["source"], row["received_at"]): f"reading {row['source']}" for row in rows}


def said_in(conn: Connection, readings: Mapping[str, str]) -> dict[str, Timed]:
    """What was said in some readings (see `readings_of`), each exchange with its place in the order of time."""
    found: dict[str, Timed] = {}
    for row in read_all(conn, select(exchanges), exchanges.c.effect, sorted(readings)):
        found.setdefault(row["effect"], []).append(((row["at"], row["id"]), said_by(row, readings)))
    return found


def said_to_sources(said: Mapping[str, Timed], readings: Iterable[str]) -> tuple[Said, ...]:
    """What was said in the readings of one deal, in the order of time."""
    mine = [pair for one in readings for pair in said.get(one, ())]
    return tuple(told for _, told in sorted(mine, key=itemgetter(0)))


def _reading(source: str, at: str) -> str:
    return f"read {source} {at}"
