"""Lists that others give (stock, statements, floorplan, payroll, factory): kept whole, with their hash, and audited.

One list of a kind counts for a book and a month: the one that was imported last. Those before it stay in the store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, select

from dealbooks.book import Book
from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.errors import UsageError
from dealbooks.periods import Period
from dealbooks.reconcile.lists import KINDS, MOST_BYTES, ListKind, ListRow, parse_list
from dealbooks.store import Store
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import outside_lists

TAKEN, REPLACED = "taken", "replaced"


class ListHouse(Protocol):
    """What this module needs of a house."""

    @property
    def store(self) -> Store:
        """The store."""

    @property
    def actor(self) -> str:
        """Who or what runs this."""

    def book(self, name: str) -> Book:
        """A book."""


@dataclass(frozen=True, slots=True)
class OutsideList:
    """A list as it was imported. `state` is taken or replaced; `sha256` is the hash of the file."""

    book: str
    kind: str
    period: str
    file: str
    sha256: str
    state: str
    at: str
    rows: tuple[ListRow, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types, without the rows."""
        return {
            "book": self.book, "kind": self.kind, "period": self.period, "file": self.file, "sha256": self.sha256,
            "state": self.state, "rows": len(self.rows), "imported_at": self.at,
        }  # fmt: skip


def import_list(house: ListHouse, kind: str, book: str, period: str, path: Path) -> OutsideList:
    """Take a list for a month of a book. The same file again changes nothing; another one replaces it.

    Raises:
        UsageError: there is no such kind, book or file, or the file is not of the layout.
    """
    month, known = Period.parse(period), kind_of(kind)
    own = house.book(book)
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)  # one more than is taken, so that a larger list is known by it
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", fix="Check its name and its rights.") from error
    rows = parse_list(known, data, own.currency)
    body = canonical_json([row.as_json() for row in rows])
    with house.store.transaction(house.actor, f"take the {kind} list of {month}") as tx:
        mine = (outside_lists.c.book == book) & (outside_lists.c.kind == kind) & (outside_lists.c.period == str(month))
        tx.next_ids("outside_lists", 0)  # one at a time: two lists of a kind must not count both
        before = tx.rows(select(outside_lists).where(mine & (outside_lists.c.state == TAKEN)))
        if before and before[0]["body_hash"] == sha256_hex(body):
            return _of(before[0])
        tx.update("outside_lists", before, state=REPLACED)
        [number] = tx.next_ids("outside_lists", 1)
        row: Row = {
            "id": number, "book": book, "kind": kind, "period": str(month), "file": path.name,
            "sha256": sha256_hex(data), "row_count": len(rows), "body": body, "body_hash": sha256_hex(body),
            "state": TAKEN, "imported_at": tx.at,
        }  # fmt: skip
        tx.insert("outside_lists", [row])
    return _of(row)


def lists_of(conn: Connection, book: str, period: Period) -> Mapping[str, OutsideList]:
    """The lists that count for a month of a book, by kind."""
    mine = (outside_lists.c.book == book) & (outside_lists.c.period == str(period)) & (outside_lists.c.state == TAKEN)
    return {row["kind"]: _of(row) for row in read_rows(conn, select(outside_lists).where(mine))}


def all_lists(house: ListHouse, book: str = "") -> list[OutsideList]:
    """Every list that was imported, of one book or of all, in the order of their months."""
    query = select(outside_lists).order_by(outside_lists.c.book, outside_lists.c.period, outside_lists.c.id)
    if book:
        house.book(book)
        query = query.where(outside_lists.c.book == book)
    with house.store.read() as conn:
        return [_of(row) for row in read_rows(conn, query)]


def kind_of(name: str) -> ListKind:
    """A kind of list by its name.

    Raises:
        UsageError: naming those there are.
    """
    if name not in KINDS:
        raise UsageError(f"There is no kind of list called {name!r}.", fix=f"Choose one of {', '.join(KINDS)}.")
    return KINDS[name]


def _of(row: Row) -> OutsideList:
    rows = tuple(ListRow.from_json(one) for one in json.loads(row["body"]))
    return OutsideList(
        row["book"], row["kind"], row["period"], row["file"], row["sha256"], row["state"], row["imported_at"], rows
    )
