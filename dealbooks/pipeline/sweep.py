"""Sweep: the records of a source over an API become rows of the inbox, each content once.

A source gives its records a page at a time. Of each page only what differs from the newest row of the same record is
stored, and the cursor in the same transaction, so that a sweep that is killed goes on where it stood: nothing is
missed, and what is read again is known by its content. A content that comes back after another one is a row again
(A, B, A).

What the source does not call a completed sale is not taken. Where that was taken before, or is gone, a row says so, and
waits for a person: nothing is unwound by itself. That a deal is gone may be concluded from its absence, but only when
everything was read, and not of too many at once: then it is rather the reading that is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.catalogue import found
from dealbooks.draft import RawRecord
from dealbooks.house import House
from dealbooks.http import Exchange
from dealbooks.pipeline.cutter import BATCH_ROWS, BatchCutter
from dealbooks.pipeline.keys import record_key
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.records import record_body
from dealbooks.pipeline.said_sources import keep_said
from dealbooks.pipeline.settings import BookFinder
from dealbooks.pipeline.sweep_known import Newest, absent_keys, newest_rows, revision, standing_keys, void_hash
from dealbooks.pipeline.taken_back import DECISION, NO_LONGER_SOLD, NO_LONGER_THERE
from dealbooks.source import Cursor, CursorExpired, DealSource, Page, SourceRecord
from dealbooks.store import Lease, Tx
from dealbooks.store.db import Row, stamp
from dealbooks.store.tables import cursors

_CHUNK = 500
_LATELY = timedelta(minutes=1)  # a deal that changed since then is read as it was told
_ASKED_EVERY = timedelta(hours=20)  # how often a source is asked for what is missing: once a day
# More than this share of all deals, and more than this number, are not believed to be gone at once.
_MOST_GONE_PERCENT, _SOME_GONE = 10, 5


@dataclass(slots=True)
class Swept:
    """What a sweep read. `read` are the records that came, `new` those that were stored, `unchanged` those that were
    known, `not_counted` those that are no completed sales and never were, `gone` the deals that are not there any more
    or not sold any more. `notices` are for a person."""

    read: int = 0
    new: int = 0
    unchanged: int = 0
    not_counted: int = 0
    gone: int = 0
    compared_all: bool = False
    notices: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "read": self.read, "new": self.new, "unchanged": self.unchanged, "not_counted": self.not_counted,
            "gone": self.gone, "compared_all": self.compared_all, "notices": list(self.notices),
        }  # fmt: skip


def sweep(house: House, source: str, *, progress: Progress = silent, batch_rows: int = BATCH_ROWS) -> Swept:
    """Read what changed at a source since the last time, or all where it cannot say that, into the inbox.

    Raises:
        StopConnection: the source cannot be read, or not read on; what was read is stored.
        LeaseLost: another process reads this source.
    """
    with Lease(house.store, f"source:{source}") as lease:
        return _Sweep(house, source, lease, batch_rows, progress).run()


@dataclass(frozen=True, slots=True)
class Reread:
    """Some deals, read again. `late` are the keys of those that the source may not show yet as they were told: nothing
    new came of them, and they have not changed lately, are no completed sale, or are not there."""

    swept: Swept
    late: tuple[str, ...] = ()


def take_some(house: House, source: str, keys: Sequence[str]) -> Reread:
    """Read some deals as they are now at their source, into the inbox, in one batch where it can be; the place of the
    sweeps does not change.

    Raises:
        StopConnection: the source cannot be read now, or not read on; what was read is stored.
        LeaseLost: another process reads this source; its sweep may be past these deals.
    """
    with Lease(house.store, f"source:{source}") as lease:
        return _Sweep(house, source, lease, BATCH_ROWS, silent).some(keys)


@dataclass(slots=True)
class Place:
    """Where the sweeps of a source stand, as the store keeps it. `asked_at`: when it was last asked for what is
    missing."""

    cursor: Cursor | None = None
    asked_at: str = ""


def place_of(house: House, source: str) -> Place:
    """Where the sweeps of a source stand."""
    with house.store.read() as conn:
        body = conn.execute(select(cursors.c.body).where(cursors.c.source == source)).scalar()
    return Place(**json.loads(body)) if body is not None else Place()


class _Sweep:
    """One sweep, under the source's lease."""

    def __init__(self, house: House, source: str, lease: Lease, batch_rows: int, progress: Progress) -> None:
        self.swept = Swept()
        self._house = house
        self._source = source
        self._lease = lease
        self._progress = progress
        self._reader: DealSource = house.source(source)
        self._platform = house.source_config(source).platform
        self._finder = BookFinder(house, source)
        self._cutter = BatchCutter(source, batch_rows, self._car)
        self._stored: set[str] = set()

    def run(self) -> Swept:
        self._reader.get_ready()
        place, now = place_of(self._house, self._source), self._house.clock()
        if self._reader.capabilities.cursor == "everything":
            self._compare_all(place, now)
            return self.swept
        try:
            for page in self._reader.changes(place.cursor, now):
                self._take(page, place)
        except CursorExpired:
            self._compare_all(place, now)
        if not place.asked_at or place.asked_at <= stamp(now - _ASKED_EVERY):
            if self._reader.capabilities.deletions == "asked":
                self._ask_for_missing()
            self._find_again()
            place.asked_at = stamp(now)
            self._store((), place)
        return self.swept

    def some(self, keys: Sequence[str]) -> Reread:
        self._reader.get_ready()
        found: list[SourceRecord] = []
        try:
            for key in dict.fromkeys(keys):
                record = self._reader.fetch(key)
                found.append(record if record is not None else SourceRecord(key, {}, gone=True))
        finally:
            self._store(self._believed(found))
        return Reread(self.swept, tuple(record.key for record in found if self._may_be_late(record)))

    def _believed(self, found: list[SourceRecord]) -> list[SourceRecord]:
        """The same without deals that are not there, where these are too many to be believed gone. Those of which
        absence a person is asked already count too: hints come a few at a time."""
        gone = {self._key(record) for record in found if record.gone}
        asked = set(absent_keys(self._house.store, self._source)) if gone else set()
        if len(gone | asked) <= _SOME_GONE:
            return found
        standing = set(standing_keys(self._house.store, self._source))
        gone &= standing
        if not self._too_many(len(gone | asked), len(standing | asked)):
            return found
        return [record for record in found if not record.gone]

    def _may_be_late(self, record: SourceRecord) -> bool:
        if self._key(record) in self._stored:
            return False
        if record.gone or not record.counts:
            return True
        changed = datetime.fromisoformat(record.changed_at) if record.changed_at else None
        if changed is None:
            return False
        changed = changed if changed.tzinfo is not None else changed.replace(tzinfo=UTC)
        return changed < self._house.clock() - _LATELY

    def _take(self, page: Page, place: Place) -> None:
        """Store a page, and with it the place from which a later sweep goes on."""
        if page.cursor is not None:
            place.cursor = page.cursor
        self._store(page.records, place if page.cursor is not None else None)
        self._progress("sweep", self.swept.read, None)

    def _compare_all(self, place: Place, now: datetime) -> None:
        """Everything that there is, by content. The cursor is stored with the last of it; what is absent is gone."""
        self.swept.compared_all = True
        seen: set[str] = set()
        cursor: Cursor | None = None
        for page in self._reader.everything(now):
            seen.update(self._key(record) for record in page.records)
            cursor = page.cursor or cursor
            self._take(Page(page.records), place)
        if self._reader.capabilities.deletions != "none":
            self._gone(key for key in standing_keys(self._house.store, self._source) if key not in seen)
            place.asked_at = stamp(now)
        place.cursor = cursor
        self._store((), place)

    def _ask_for_missing(self) -> None:
        """Ask a source that tells of no deletions for the deals that are known."""
        missing: list[str] = []
        some: list[str] = []
        page = self._reader.capabilities.page_size
        for key in standing_keys(self._house.store, self._source):
            some.append(key)
            if len(some) == page:
                missing += self._missing(some)
                some = []
        missing += self._missing(some)
        self._gone(missing)

    def _find_again(self) -> None:
        """Read the deals about whose absence a person is still asked: one that is there again settles the question,
        and a record that was only out of sight has not changed, so no sweep brings it."""
        start = len(record_key(self._platform, self._source, ""))
        found = [self._reader.fetch(key[start:]) for key in absent_keys(self._house.store, self._source)]
        self._store([record for record in found if record is not None and not record.gone])

    def _missing(self, keys: Sequence[str]) -> list[str]:
        """Natural keys of those that the source does not have any more."""
        if not keys:
            return []
        start = len(record_key(self._platform, self._source, ""))
        missing = self._reader.missing([key[start:] for key in keys])
        return [record_key(self._platform, self._source, key) for key in missing]

    # -- storing ---------------------------------------------------------------------------------------------------

    def _store(self, records: Sequence[SourceRecord], place: Place | None = None) -> None:
        said = self._reader.exchanges()  # kept where something new came of it; what failed is told by its error
        for start in range(0, len(records), _CHUNK):
            last = start + _CHUNK >= len(records)
            self._store_some(records[start : start + _CHUNK], place if last else None, said)
        if not records and place is not None:
            self._store_some((), place, said)

    def _store_some(self, records: Sequence[SourceRecord], place: Place | None, said: Sequence[Exchange]) -> None:
        counted = Swept()
        with self._house.store.transaction(self._house.actor, f"read {self._source}") as tx:
            self._lease.check(tx)
            rows = self._rows(tx, records, counted)
            numbers = self._cutter.assign(tx, [record for _, record in rows])
            ids = tx.next_ids("inbox", len(rows)) if rows else range(0)
            tx.insert(
                "inbox",
                [
                    self._inbox_row(number, batch, newest, record, tx.at)
                    for number, batch, (newest, record) in zip(ids, numbers, rows, strict=True)
                ],
            )
            if rows:
                keep_said(tx, self._source, said)
            if place is not None:
                self._save(tx, place)
        self._add(counted)

    def _rows(self, tx: Tx, records: Sequence[SourceRecord], counted: Swept) -> list[tuple[int, RawRecord]]:
        """What is new of these records, with the number that it is of its own record."""
        newest = newest_rows(tx, self._source, [self._key(record) for record in records])
        rows: list[tuple[int, RawRecord]] = []
        for record in records:
            counted.read += 1
            key = self._key(record)
            before = newest.get(key)
            if before is None and (record.gone or not record.counts):
                counted.not_counted += 1
                continue
            number = before.number + 1 if before is not None else 1
            raw = self._raw(record, key, before, number)
            if raw is None:
                counted.unchanged += 1
                continue
            if raw.action == "void":
                counted.gone += 1
            else:
                counted.new += 1
            self._stored.add(key)
            newest[key] = Newest(number, raw.content_hash, raw.action, raw.location)
            rows.append((number, raw))
        return rows

    def _raw(self, record: SourceRecord, key: str, before: Newest | None, number: int) -> RawRecord | None:
        """The record as a row of the inbox; None when its newest row says the same."""
        if record.gone or not record.counts:
            return self._taken_back(record, key, before, number)
        data = dict(record.data)
        content = sha256_hex(canonical_json(data))
        if before is not None and before.action == "post" and before.content_hash == content:
            return None
        raw = RawRecord(key, content, data, revision(number), location=record.place or key)
        raw.changed_on = self._day(record, raw)
        return raw

    def _taken_back(self, record: SourceRecord, key: str, before: Newest | None, number: int) -> RawRecord | None:
        """A deal that was taken, and is not there or not sold any more. Its hash is of this one time: what a person
        decides holds for no later one."""
        code = NO_LONGER_THERE if record.gone else NO_LONGER_SOLD
        if before is not None and before.action == "void" and before.content_hash == void_hash(code, before.number):
            return None
        raw = RawRecord(key, void_hash(code, number), dict(record.data), revision(number), action="void")
        raw.location = record.place or (before.place if before is not None else "") or key
        raw.columns = {DECISION: DECISION}
        raw.findings = [found(code, DECISION)]
        raw.changed_on = self._day(record, raw)
        return raw

    def _inbox_row(self, number: int, batch: int, version: int, record: RawRecord, at: str) -> Row:
        body = record_body(record)
        return {
            "id": number, "source": self._source, "dedupe_key": f"{record.natural_key}#{version}", "kind": "deal",
            "natural_key": record.natural_key, "content_hash": record.content_hash,
            "revision": json.dumps(list(record.revision)), "action": record.action, "state": "new", "batch_id": batch,
            "file_id": None, "place": record.location, "body": body, "body_hash": sha256_hex(body), "deal_id": None,
            "version": None, "note": "", "received_at": at,
        }  # fmt: skip

    def _gone(self, keys: Iterable[str]) -> None:
        """Deals that are not at the source any more, unless they are too many to be believed."""
        missing = list(keys)
        known = sum(1 for _ in standing_keys(self._house.store, self._source))
        if self._too_many(len(missing), known):
            return
        start = len(record_key(self._platform, self._source, ""))
        self._store([SourceRecord(key[start:], {}, gone=True) for key in missing])
        self.swept.read -= len(missing)  # these did not come

    def _too_many(self, missing: int, known: int) -> bool:
        """Whether so many are not believed to be gone; then a notice says it."""
        if missing <= max(_SOME_GONE, known * _MOST_GONE_PERCENT // 100):
            return False
        self.swept.notices = (
            f"{missing} of {known} deals taken from {self._source} are not to be found there any more. So many are not "
            "believed to be deleted: check the rights of our user and the settings of the source.",
        )
        return True

    # -- the place in the sweeps -------------------------------------------------------------------------------------

    def _save(self, tx: Tx, place: Place) -> None:
        own = cursors.c.source == self._source
        cursor = dict(place.cursor) if place.cursor is not None else None
        values = {"body": canonical_json({"cursor": cursor, "asked_at": place.asked_at}), "updated_at": tx.at}
        if tx.conn.execute(cursors.update().where(own).values(**values)).rowcount == 0:
            tx.conn.execute(cursors.insert(), [{"source": self._source} | values])

    # -- small things ------------------------------------------------------------------------------------------------

    def _key(self, record: SourceRecord) -> str:
        return record_key(self._platform, self._source, record.key)

    def _day(self, record: SourceRecord, raw: RawRecord) -> str:
        """The business date of a change, in the time zone of the deal's book."""
        moment = datetime.fromisoformat(record.changed_at) if record.changed_at else self._house.clock()
        book = self._finder.book_of(raw)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return moment.astimezone(self._house.book_config(book).zone() if book else UTC).date().isoformat()

    def _car(self, record: RawRecord) -> tuple[str, ...]:
        field_map = self._house.field_map(self._source)
        return tuple(str(field_map.value(f"vehicle.{name}", record.data) or "") for name in ("vin", "stock_no"))

    def _add(self, more: Swept) -> None:
        self.swept.read += more.read
        self.swept.new += more.new
        self.swept.unchanged += more.unchanged
        self.swept.not_counted += more.not_counted
        self.swept.gone += more.gone
