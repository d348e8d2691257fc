"""Files of a drop are staged whole, judged, and only then cut into batches of inbox rows.

A file is taken up once by its content. Killed half-way through its rows, the next run goes on with the rows that are
missing. What is judged unfit as a whole is held, and nothing of it is taken.

Sales are known by their deal number, so the same content under another name is the same sales. Money is not: two
payments of one day may look the same to the byte. A file of events is the same only under the same name; under another
it is read, what has a reference of its own is known by that, and about what has none a person is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Protocol

from sqlalchemy import func, select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.draft import RawRecord
from dealbooks.errors import StopBatch
from dealbooks.house import House
from dealbooks.masking import masked
from dealbooks.pipeline.cutter import BATCH_ROWS, BatchCutter
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.records import record_body
from dealbooks.store import Lease
from dealbooks.store.db import Row
from dealbooks.store.tables import cursors, files, inbox

_TAKEN_AT_ONCE = 500
_UNKNOWN = (
    "its name fits none of the patterns of this source, so it was not read; correct its name, or name its layout or "
    "pattern under sources in dealbooks.yaml"
)


class StagedFile(Protocol):
    """A file in the archive."""

    name: str
    uri: str
    sha256: str
    size: int
    modified: datetime | None
    layout: str
    facts: Any


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What became of a file. `reasons` says why it is held or waits."""

    name: str
    state: str  # taken | held | empty | duplicate | waiting | unknown
    rows: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The name and the reasons as one text, the name once: the reader's messages begin with it."""
        first, *more = self.reasons or ("",)
        start = first if first.startswith((f"{self.name} ", f"{self.name}:")) else f"{self.name}: {first}"
        return "; ".join((start, *(one.removeprefix(self.name).removeprefix(":").lstrip() for one in more)))

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"name": self.name, "state": self.state, "rows": self.rows, "reasons": list(self.reasons)}


def take_files(
    house: House, source: str, *, since: date | None = None, progress: Progress = silent, batch_rows: int = BATCH_ROWS
) -> tuple[FileSummary, ...]:
    """Take up what is new in a drop folder. `since` passes over files of an earlier business date.

    Raises:
        StopConnection: the source cannot be reached.
        LeaseLost: another process is taking up this source.
    """
    seen: list[FileSummary] = []
    cutter = BatchCutter(source, batch_rows, _car)
    with Lease(house.store, f"source:{source}"):
        drop = house.source(source)
        _load_seen(house, source, drop)
        listing = drop.look(house.clock(), _processed(house, source))
        _save_seen(house, source, drop)
        seen += [FileSummary(one.name, "waiting", reasons=(one.reason,)) for one in listing.waiting]
        seen += [FileSummary(name, "unknown", reasons=(_UNKNOWN,)) for name in listing.unknown]
        # First what an earlier run left half taken: it is older than what is new, and its rows come before.
        seen += _finish_started(house, source, drop, cutter, progress)
        ready = [one for one in listing.ready if since is None or one.facts.date >= since]
        for number, candidate in enumerate(ready, 1):
            seen.append(_take(house, source, drop, candidate, cutter, progress))
            progress("extract", number, len(ready))
    return tuple(seen)


def _car(record: RawRecord) -> tuple[str, ...]:
    return tuple(str(record.data.get(name) or "") for name in ("vin", "stock_number"))


def _processed(house: House, source: str) -> Any:
    """Whether a file was staged before, told by where it is, its size and its time."""
    with house.store.read() as conn:
        query = select(files.c.uri, files.c.bytes, files.c.modified).where(files.c.source == source)
        known = {(masked(row.uri), row.bytes, row.modified) for row in conn.execute(query)}
    return lambda uri, size, modified: (uri, size, _time(modified)) in known


def _time(moment: datetime | None) -> str:
    return moment.isoformat() if moment is not None else ""


def _take(house: House, source: str, drop: Any, candidate: Any, cutter: BatchCutter, progress: Progress) -> FileSummary:
    try:
        staged = drop.stage(candidate, house.var / "archive")
    except StopBatch as error:
        return FileSummary(candidate.name, "held", reasons=(error.message,))
    with house.store.transaction(house.actor, f"stage {staged.name}") as tx:
        same = (files.c.source == source) & (files.c.sha256 == staged.sha256)
        if kind_of(staged.layout) == "fact":
            same &= files.c.name == staged.name
        before = tx.rows(select(files).where(same))
        # What was held may be sent again as it is, once the settings that it was judged by are mended.
        if any(row["state"] != "held" for row in before):
            if not any(row["uri"] == staged.uri and row["modified"] == _time(staged.modified) for row in before):
                tx.insert(
                    "files",
                    [_file_row(tx.next_ids("files")[0], source, staged, "duplicate", "{}", tx.at)],
                )
            return FileSummary(staged.name, "duplicate", reasons=(f"the same content as {before[0]['name']}",))
    judgement = drop.judge(staged)
    state = "held" if not judgement.accepted else "empty" if judgement.status == "empty" else "accepted"
    with house.store.transaction(house.actor, f"judge {staged.name}") as tx:
        row = _file_row(
            tx.next_ids("files")[0], source, staged, state, canonical_json(_plain(judgement.as_json())), tx.at
        )
        tx.insert("files", [row])
    if state != "accepted":
        return FileSummary(staged.name, state, reasons=tuple(one.message for one in judgement.findings))
    rows = _take_rows(house, source, row, drop.records(staged, judgement), staged, cutter, progress)
    return FileSummary(staged.name, "taken", rows, tuple(one.message for one in judgement.warnings))


def _plain(value: Any) -> Any:
    """Judgements may hold exact numbers; the store keeps them as text."""
    return json.loads(json.dumps(value, default=str))


def _file_row(number: int, source: str, staged: StagedFile, state: str, judgement: str, at: str) -> Row:
    return {
        "id": number, "source": source, "name": staged.name, "uri": staged.uri, "sha256": staged.sha256,
        "bytes": staged.size, "modified": _time(staged.modified), "layout": staged.layout, "state": state,
        "judgement": judgement, "archive": f"{staged.sha256}.csv", "first_seen": at,
    }  # fmt: skip


def _take_rows(
    house: House,
    source: str,
    file: Row,
    records: Iterable[RawRecord],
    staged: StagedFile,
    cutter: BatchCutter,
    progress: Progress,
) -> int:
    told_on = staged.facts.date.isoformat() if staged.facts.date else ""
    kind = kind_of(staged.layout)
    content = _content(house, source, file)
    count = 0
    for chunk in _chunks(records, min(cutter.most, _TAKEN_AT_ONCE)):
        with house.store.transaction(house.actor, f"take {file['name']}") as tx:
            keys = [f"{content}:{record.line}" for record in chunk]
            there = _already_there(tx.rows, source, keys)
            fresh = [(key, record) for key, record in zip(keys, chunk, strict=True) if key not in there]
            ids = tx.next_ids("inbox", len(fresh)) if fresh else range(0)
            numbers = cutter.assign(tx, [record for _, record in fresh])
            tx.insert(
                "inbox",
                [
                    _inbox_row(number, source, kind, batch, file["id"], key, record, told_on, tx.at)
                    for number, batch, (key, record) in zip(ids, numbers, fresh, strict=True)
                ],
            )
        count += len(chunk)
        progress("take", count, None)
    with house.store.transaction(house.actor, f"took {file['name']}") as tx:
        tx.update("files", [file], state="taken")
    return count


def kind_of(layout: str) -> str:
    """What the rows of a layout are: deals, facts about deals, or opening balances."""
    return {"deal_events": "fact", "opening_stock": "opening"}.get(layout.split("/")[0], "deal")


def _chunks(records: Iterable[RawRecord], size: int) -> Iterator[list[RawRecord]]:
    source = iter(records)
    while chunk := list(islice(source, size)):
        yield chunk


def _content(house: House, source: str, file: Row) -> str:
    """What the rows of a file are known by: its content; of a copy that is read all the same, also which copy."""
    taken = (files.c.source == source) & (files.c.sha256 == file["sha256"]) & files.c.state.in_(("accepted", "taken"))
    with house.store.read() as conn:
        first = conn.execute(select(func.min(files.c.id)).where(taken)).scalar()
    return str(file["sha256"]) if first in (None, file["id"]) else f"{file['sha256']}#{file['id']}"


def _already_there(rows: Any, source: str, keys: Sequence[str]) -> set[str]:
    there: set[str] = set()
    for start in range(0, len(keys), 500):
        query = select(inbox.c.dedupe_key).where(
            (inbox.c.source == source) & inbox.c.dedupe_key.in_(keys[start : start + 500])
        )
        there.update(row["dedupe_key"] for row in rows(query))
    return there


def _inbox_row(
    number: int, source: str, kind: str, batch: int, file_id: int, key: str, record: RawRecord, told_on: str, at: str
) -> Row:
    record.changed_on = record.changed_on or told_on
    body = record_body(record)
    return {
        "id": number, "source": source, "dedupe_key": key, "kind": kind, "natural_key": record.natural_key,
        "content_hash": record.content_hash, "revision": json.dumps(list(record.revision)), "action": record.action,
        "state": "new", "batch_id": batch, "file_id": file_id, "place": record.location, "body": body,
        "body_hash": sha256_hex(body), "deal_id": None, "version": None, "note": "", "received_at": at,
    }  # fmt: skip


def _finish_started(house: House, source: str, drop: Any, cutter: BatchCutter, progress: Progress) -> list[FileSummary]:
    """Files whose rows were not all taken because a run was killed: judged already, read again from the archive."""
    with house.store.read() as conn:
        started = (files.c.source == source) & (files.c.state == "accepted")
        rows = [dict(row) for row in conn.execute(select(files).where(started).order_by(files.c.id)).mappings()]
    finished = []
    for row in rows:
        staged, judgement = drop.again(row, house.var / "archive")
        count = _take_rows(house, source, row, drop.records(staged, judgement), staged, cutter, progress)
        finished.append(FileSummary(staged.name, "taken", count, tuple(one.message for one in judgement.warnings)))
    return finished


def _load_seen(house: House, source: str, drop: Any) -> None:
    with house.store.read() as conn:
        row = conn.execute(select(cursors.c.body).where(cursors.c.source == source)).first()
    if row is not None:
        drop.remember(json.loads(row.body))


def _save_seen(house: House, source: str, drop: Any) -> None:
    body = canonical_json(drop.memory())
    with house.store.transaction(house.actor, f"look into {source}") as tx:
        found = tx.conn.execute(select(cursors.c.body).where(cursors.c.source == source)).first()
        if found is None:
            tx.conn.execute(cursors.insert(), [{"source": source, "body": body, "updated_at": tx.at}])
        elif found.body != body:
            tx.conn.execute(cursors.update().where(cursors.c.source == source).values(body=body, updated_at=tx.at))
