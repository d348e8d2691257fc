"""Prove the audit chains: every link follows from the one before it, and every covered row is as its last link says.

What it finds: a row edited, added or removed by hand; a link edited, removed or inserted; a content without its
hash; a cut tail and a rewritten chain, where a head that was kept outside the store (a certificate, a file beside
the ledger) is handed in. It names the first broken link of each chain and the first broken rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.canonical import sha256_hex
from dealbooks.store.db import Store, digest, make_link
from dealbooks.store.tables import CONTENT, COVERED, PRIMARY, UNSEALED, audit, audit_heads, metadata

_MOST_BREAKS = 20


@dataclass(frozen=True, slots=True)
class Break:
    """Something that does not agree with the chain. `where` names the table and row, or the chain and link."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Result of a verification; `heads` are the newest link of each chain: book -> (number of links, hash)."""

    links: int
    rows: int
    heads: Mapping[str, tuple[int, str]]
    breaks: tuple[Break, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing is broken."""
        return not self.breaks

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "intact": self.intact,
            "links": self.links,
            "rows": self.rows,
            "heads": {book: {"links": seq, "hash": value} for book, (seq, value) in self.heads.items()},
            "breaks": [{"where": found.where, "message": found.message} for found in self.breaks],
        }


def verify(store: Store, *, known_heads: Mapping[str, tuple[int, str]] | None = None) -> AuditReport:
    """Walk every chain and every covered row. Reads in one snapshot; memory grows with the number of rows, not links.

    `known_heads` are heads kept outside the store: each must still stand in its chain.
    """
    breaks: list[Break] = []
    last: dict[tuple[str, str], str] = {}
    with store.read() as conn, _any_text(conn):
        links, heads = _walk_links(conn, known_heads or {}, last, breaks)
        rows = _walk_rows(conn, last, breaks)
    return AuditReport(links, rows, heads, tuple(breaks[:_MOST_BREAKS]))


@contextmanager
def _any_text(conn: Connection) -> Iterator[None]:
    """SQLite keeps whatever somebody writes into a text: bytes that are none are read too, and named."""
    if conn.engine.dialect.name != "sqlite":
        yield
        return
    raw: Any = conn.connection.driver_connection
    raw.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        raw.text_factory = str


def heads(store: Store) -> dict[str, tuple[int, str]]:
    """The newest link of every chain."""
    with store.read() as conn:
        return {row.book: (row.seq, row.hash) for row in conn.execute(select(audit_heads))}


def _walk_links(
    conn: Connection,
    known: Mapping[str, tuple[int, str]],
    last: dict[tuple[str, str], str],
    breaks: list[Break],
) -> tuple[int, dict[str, tuple[int, str]]]:
    count = 0
    found: dict[str, tuple[int, str]] = {}
    broken: set[str] = set()
    seen: set[str] = set()
    for row in conn.execute(select(audit).order_by(audit.c.book, audit.c.seq).execution_options(yield_per=500)):
        count += 1
        seq, prev = found.get(row.book, (0, ""))
        changes = _changes(row.changes)
        problem = ""
        if row.seq != seq + 1:
            problem = f"link {seq + 1} is missing (the next one is {row.seq})"
        elif row.prev != prev:
            problem = "it does not follow from the link before it"
        elif not _is_as_sealed(row, changes):
            problem = "its content is not what was sealed"
        elif row.book in known and known[row.book][0] == row.seq and known[row.book][1] != row.hash:
            problem = "it is not the link that was kept outside the store: the chain was rewritten"
        if problem and row.book not in broken:
            broken.add(row.book)
            breaks.append(Break(f"chain {_shown(row.book)}, link {row.seq}", problem))
        if row.book in known and known[row.book][0] == row.seq:
            seen.add(row.book)
        found[row.book] = (row.seq, row.hash)
        for table, pk, _state, sealed in changes:
            last[table, pk] = sealed
    for book, (seq, _hash) in known.items():
        if book not in seen:
            cut = f"the head kept outside the store is link {seq}, the chain ends at {found.get(book, (0, ''))[0]}"
            breaks.append(Break(f"chain {book}", f"its end was cut off: {cut}"))
    stored = {row.book: (row.seq, row.hash) for row in conn.execute(select(audit_heads))}
    breaks += [
        Break(f"chain {_shown(book)}", "the stored head is not the last link: links are missing at the end")
        for book, head in stored.items()
        if found.get(book, (0, "")) != head
    ]
    breaks += [
        Break(f"chain {_shown(book)}", "its stored head is gone: somebody removed it by hand")
        for book in sorted(set(found) - set(stored), key=str)
    ]
    return count, found


def _is_as_sealed(row: Any, changes: list[list[Any]]) -> bool:
    """Whether a link is what its hash says."""
    try:
        again = make_link(row.book, row.seq, row.at, row.actor, row.action, changes, row.prev)
    except (TypeError, ValueError):  # bytes, or a text that is none
        return False
    return bool(again["hash"] == row.hash and again["changes"] == row.changes)


def _shown(name: object) -> str:
    """A name from the store, as it can be printed."""
    return str(name).encode("utf-8", "replace").decode()


def _changes(text: str) -> list[list[Any]]:
    """What a link says was changed; empty when somebody made it unreadable, which its hash tells."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    whole = isinstance(found, list) and all(
        isinstance(one, list) and len(one) == 4 and all(isinstance(part, str) for part in (one[0], one[1], one[3]))
        for one in found
    )
    return found if whole else []


def _walk_rows(conn: Connection, last: dict[tuple[str, str], str], breaks: list[Break]) -> int:
    count = 0
    for table in COVERED:
        for row in _rows(conn, table):
            pk = str(row[PRIMARY[table]])
            sealed = last.pop((table, pk), None)
            if sealed is None and row.get("state") in UNSEALED.get(table, ()):
                continue
            count += 1
            where = f"{table} {_shown(pk)}"
            if sealed is None:
                breaks.append(Break(where, "this row is in no audit link: somebody added it by hand"))
            elif not _is_sealed(table, row, sealed):
                breaks.append(Break(where, "this row is not as its last audit link says: somebody changed it by hand"))
            elif _content_changed(table, row):
                breaks.append(
                    Break(where, f"its {CONTENT[table][0]} is not what was sealed: somebody changed it by hand")
                )
            if len(breaks) > _MOST_BREAKS:
                return count
    breaks += [
        Break(f"{table} {_shown(pk)}", "an audit link knows this row, but it is gone: somebody removed it by hand")
        for table, pk in sorted(last)[:_MOST_BREAKS]
    ]
    return count


def _rows(conn: Connection, table: str) -> Iterator[dict[str, Any]]:
    target = metadata.tables[table]
    query = select(target).order_by(target.c[PRIMARY[table]]).execution_options(yield_per=500)
    for row in conn.execute(query).mappings():
        yield dict(row)


def _content_changed(table: str, row: Mapping[str, Any]) -> bool:
    if table not in CONTENT:
        return False
    column, hashed = CONTENT[table]
    content = row[column]
    if content is None:
        return False
    try:
        return not isinstance(content, str) or sha256_hex(content) != row[hashed]
    except ValueError:  # a text that is none
        return True


def _is_sealed(table: str, row: Mapping[str, Any], sealed: str) -> bool:
    """Whether a row is as its last link says."""
    try:
        return digest(table, row) == sealed
    except (TypeError, ValueError):  # bytes, or a text that is none
        return False
