"""What the inbox knows of a source: the newest row of a record, and which deals were taken and are missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.pipeline.taken_back import NO_LONGER_THERE
from dealbooks.store import Store, Tx
from dealbooks.store.db import read_rows
from dealbooks.store.tables import inbox

_CHUNK = 500


@dataclass(slots=True)
class Newest:
    """The newest row of a record."""

    number: int
    content_hash: str
    action: str
    place: str


def newest_rows(tx: Tx, source: str, keys: Sequence[str]) -> dict[str, Newest]:
    """The newest row of each record that has one."""
    if not keys:
        return {}
    own = (inbox.c.source == source) & inbox.c.natural_key.in_(sorted(set(keys)))
    ids = select(func.max(inbox.c.id)).where(own).group_by(inbox.c.natural_key)
    columns = (inbox.c.natural_key, inbox.c.content_hash, inbox.c.action, inbox.c.place, inbox.c.revision)
    return {
        row["natural_key"]: Newest(json.loads(row["revision"])[0], row["content_hash"], row["action"], row["place"])
        for row in read_rows(tx.conn, select(*columns).where(inbox.c.id.in_(ids)))
    }


def standing_keys(store: Store, source: str) -> Iterator[str]:
    """Natural keys of the deals that were taken and not taken back, a chunk at a time."""
    last = ""
    while True:
        with store.read() as conn:
            own = (inbox.c.source == source) & (inbox.c.natural_key > last)
            query = select(inbox.c.natural_key, func.max(inbox.c.id).label("id")).where(own)
            some = query.group_by(inbox.c.natural_key).order_by(inbox.c.natural_key).limit(_CHUNK).subquery()
            chosen = select(inbox.c.natural_key, inbox.c.action, inbox.c.content_hash, inbox.c.revision)
            rows = conn.execute(chosen.join(some, inbox.c.id == some.c.id).order_by(inbox.c.natural_key)).all()
        if not rows:
            return
        last = rows[-1].natural_key
        for row in rows:
            gone = void_hash(NO_LONGER_THERE, json.loads(row.revision)[0])
            if row.action == "post" or row.content_hash != gone:
                yield row.natural_key


def absent_keys(store: Store, source: str) -> list[str]:
    """Natural keys of the deals that were not there any more, about which a person is still asked."""
    own = (inbox.c.source == source) & (inbox.c.action == "void") & inbox.c.state.in_(["new", "quarantined"])
    with store.read() as conn:
        rows = conn.execute(select(inbox.c.natural_key, inbox.c.content_hash, inbox.c.revision).where(own)).all()
    gone = (row for row in rows if row.content_hash == void_hash(NO_LONGER_THERE, json.loads(row.revision)[0]))
    return sorted({row.natural_key for row in gone})


def revision(number: int) -> tuple[int, ...]:
    """Which content of its record this is. Three numbers: a file's revisions have fewer, and the two do not compare."""
    return (number, 0, 0)


def void_hash(code: str, number: int) -> str:
    """The hash of a row that takes a deal back: of this one time, so that what a person decides holds for no later
    one."""
    return sha256_hex(canonical_json([code, number]))
