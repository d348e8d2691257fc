"""The same row twice in one file (csv_files.md section 5), found with bounded memory.

Keys and digests go into a temporary SQLite database, which stays in memory while it is small and spills to a file
that nobody else sees when it is not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from types import TracebackType
from typing import Literal, Self

_BATCH = 2000
_Row = tuple[str, int, int, bytes, int]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Rows of one key. `kept` is the line that counts; 0 when the rows contradict each other and none does."""

    key: str
    lines: tuple[int, ...]
    kept: int
    kind: Literal["identical", "older", "conflict"]


class SeenRows:
    """Collects every row's key, revision and digest; use as a context manager."""

    def __init__(self) -> None:
        # An empty name is a private temporary database of SQLite; the cache is what it may hold in memory.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA cache_size=-16384")
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("CREATE TABLE seen (key TEXT, major INTEGER, minor INTEGER, digest BLOB, line INTEGER)")
        self._db.execute("BEGIN")
        self._pending: list[_Row] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def add(self, key: str, revision: tuple[int, ...], digest: str, line: int) -> None:
        """Note one row."""
        major, minor = (revision[0], revision[1]) if len(revision) > 1 else (revision[0], 0)
        self._pending.append((key, major, minor, bytes.fromhex(digest)[:16], line))
        if len(self._pending) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._db.executemany("INSERT INTO seen VALUES (?, ?, ?, ?, ?)", self._pending)
        self._pending.clear()

    def duplicates(self) -> Iterator[Duplicate]:
        """Keys with more than one row, in a stable order."""
        self._flush()
        rows = self._db.execute(
            "SELECT key, major, minor, digest, line FROM seen WHERE key IN "
            "(SELECT key FROM seen GROUP BY key HAVING COUNT(*) > 1) ORDER BY key, line"
        )
        for key, group in groupby(rows, key=lambda row: str(row[0])):
            yield _judged(key, list(group))


def _judged(key: str, rows: list[_Row]) -> Duplicate:
    lines = tuple(row[4] for row in rows)
    highest = max((row[1], row[2]) for row in rows)
    top = [row for row in rows if (row[1], row[2]) == highest]
    if len({row[3] for row in top}) > 1:
        return Duplicate(key, lines, 0, "conflict")
    same = len({row[3] for row in rows}) == 1
    return Duplicate(key, lines, top[0][4], "identical" if same else "older")
