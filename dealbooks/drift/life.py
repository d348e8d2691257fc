"""The life of findings from look to look: seen first, seen again, changed, gone, come back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.drift.finding import Finding

OPEN, ACKNOWLEDGED, GONE = "open", "acknowledged", "gone"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lived:
    """What a look does to the findings of a book: rows to add, rows with their new values, ids of those that were only
    seen again; `raised` are findings that people have to be told of."""

    added: tuple[Row, ...]
    changed: tuple[tuple[Row, Row], ...]
    seen: tuple[str, ...]
    raised: tuple[str, ...]


def lived(
    book: str, known: Mapping[str, Row], found: Sequence[Finding], looked_at: Callable[[str], bool], now: str
) -> Lived:
    """The findings of a look against those that are known (by id of their row). `looked_at` says of a subject whether
    this look would have found it: what it did not find is gone. One that a person acknowledged is open again when it is
    another thing than that person saw, or comes back."""
    added: list[Row] = []
    changed: list[tuple[Row, Row]] = []
    seen: list[str] = []
    raised: list[str] = []
    for one in found:
        name, body = f"{book}/{one.id}", canonical_json(one.as_json())
        values: Row = {
            "subject": one.subject, "code": one.code, "period": one.period, "body": body,
            "body_hash": sha256_hex(body), "mark": one.mark, "state": OPEN, "who": "", "why": "", "last_seen": now,
            "gone_at": "",
        }  # fmt: skip
        row = known.get(name)
        if row is None:
            more = {"id": name, "book": book, "finding": one.id, "first_seen": now, "raised_at": now, "told": ""}
            added.append(more | values)
            raised.append(name)
        elif row["state"] == GONE or row["mark"] != one.mark:
            changed.append((row, values | {"raised_at": now, "told": ""}))
            raised.append(name)
        elif row["body_hash"] != values["body_hash"]:  # its words, or its month was closed meanwhile
            kept = {name: row[name] for name in ("state", "who", "why")}
            changed.append((row, values | kept | {"raised_at": row["raised_at"], "told": row["told"]}))
        else:
            seen.append(name)
    names = {f"{book}/{one.id}" for one in found}
    over = {"state": GONE, "gone_at": now}
    ended = [
        (row, over)
        for name, row in known.items()
        if name not in names and row["state"] != GONE and looked_at(row["subject"])
    ]
    return Lived(tuple(added), (*changed, *ended), tuple(seen), tuple(raised))
