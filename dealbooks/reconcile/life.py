"""The life of findings and exceptions from look to look: seen first, seen again, changed, gone, come back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dealbooks.canonical import canonical_json, sha256_hex

OPEN, ACKNOWLEDGED, GONE = "open", "acknowledged", "gone"
Row = dict[str, Any]


class Living(Protocol):
    """Something that is found again and again. `id` stays the same from look to look; `mark` changes when it is another
    thing than it was, and must be looked at again."""

    @property
    def id(self) -> str:
        """By which a person names it."""

    @property
    def subject(self) -> str:
        """What it is about."""

    @property
    def code(self) -> str:
        """Its class."""

    @property
    def period(self) -> str:
        """The month where it lies."""

    @property
    def mark(self) -> str:
        """Hash of what of it may not change unseen."""

    def as_json(self) -> dict[str, Any]:
        """All of it, in plain types."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What a look does to what is known of a book: rows to add, rows with their new values, ids of those that were only
    seen again; `raised` are those that are new, changed or back."""

    added: tuple[Row, ...]
    changed: tuple[tuple[Row, Row], ...]
    seen: tuple[str, ...]
    raised: tuple[str, ...]


def lived(
    book: str,
    known: Mapping[str, Row],
    found: Sequence[Living],
    looked_at: Callable[[Row], bool],
    now: str,
    *,
    fresh: Mapping[str, Any] | None = None,
) -> Lived:
    """What a look found against what is known (by id of its row). `looked_at` says of a row whether this look would
    have found it: what it did not find is gone. One that a person acknowledged is open again when it is another thing
    than that person saw, or comes back. `fresh` are values of one that is raised, beside those that all have."""
    more = dict(fresh or {})
    added: list[Row] = []
    changed: list[tuple[Row, Row]] = []
    seen: list[str] = []
    raised: list[str] = []
    for one in found:
        name, body = f"{book}/{one.id}", canonical_json(one.as_json())
        values: Row = {
            "subject": one.subject, "code": one.code, "period": one.period, "body": body,
            "body_hash": sha256_hex(body), "mark": one.mark, "state": OPEN, "who": "", "why": "", "last_seen": now,
            "gone_at": "", "raised_at": now, **more,
        }  # fmt: skip
        row = known.get(name)
        if row is None:
            added.append({"id": name, "book": book, "finding": one.id, "first_seen": now} | values)
            raised.append(name)
        elif row["state"] == GONE or row["mark"] != one.mark:
            changed.append((row, values))
            raised.append(name)
        elif row["body_hash"] != values["body_hash"]:  # its words, or its month was closed meanwhile
            kept = {column: row[column] for column in ("state", "who", "why", "raised_at", *more)}
            changed.append((row, values | kept))
        else:
            seen.append(name)
    names = {f"{book}/{one.id}" for one in found}
    over = {"state": GONE, "gone_at": now}
    ended = [
        (row, over) for name, row in known.items() if name not in names and row["state"] != GONE and looked_at(row)
    ]
    return Lived(tuple(added), (*changed, *ended), tuple(seen), tuple(raised))
