"""The drift watch: what was edited, voided, deleted, copied or typed by hand in a book's ledger since the last look.

A look asks the ledger what changed since a cursor, compares what changed with what we posted, and keeps the findings
and the next cursor in one transaction: a look that fails, or is killed, is made again from the same cursor. The whole
ledger is read at first, once a week (a feed has blind spots), and when somebody typed something on accounts that only
deals move: what that clears can be told only from everything else. Nothing is mended, and nothing is posted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.drift import Finding, Sides, finding_of, judged, sides_of
from dealbooks.drift.finding import name_of, numbered
from dealbooks.drift.sides import changed_figures, worth_a_look
from dealbooks.errors import Overtaken
from dealbooks.ledger import Changes, Ledger, Record
from dealbooks.outbox import EffectState
from dealbooks.periods import PeriodState
from dealbooks.pipeline.accepted import accepted_of, said_of
from dealbooks.pipeline.drift_found import DriftRow, acknowledge_signed, row_of, signed_with
from dealbooks.pipeline.expected import expected_by_keys, owners_of
from dealbooks.pipeline.named import standing_of
from dealbooks.pipeline.periods import states
from dealbooks.pipeline.reconcile import ReconcileHouse
from dealbooks.reconcile import AccountMap, Expected, MatchPolicy, ReconException
from dealbooks.reconcile.byhand import Standing
from dealbooks.reconcile.life import lived
from dealbooks.reconcile.model import OWNED
from dealbooks.reconcile.parts import edited
from dealbooks.reconcile.totals import LedgerSums
from dealbooks.store import Tx
from dealbooks.store.db import read_rows, stamp
from dealbooks.store.tables import audit, audit_heads, cursors, drift, effects, entries

_WHOLE_AFTER = timedelta(days=7)
_RECENT = timedelta(days=100)  # of entries of so many days a whole look compares the other figures too
_AHEAD = timedelta(days=3660)
_CHUNK = 400
_LOOKS = 3  # in a row, where our own postings are in the way


@dataclass(frozen=True, slots=True)
class Memory:
    """What the watch of a book knows from its last look: where it ended, when everything was read, and what was typed
    by hand and judged then (reference -> digest)."""

    cursor: str = ""
    whole_at: str = ""
    by_hand: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None  # as it stands in the store; None: there is none yet

    def is_due(self, now: datetime) -> bool:
        """Whether everything is to be read again."""
        return not self.cursor or self.whole_at < stamp(now - _WHOLE_AFTER)


@dataclass(frozen=True, slots=True)
class Watched:
    """One look. `whole`: everything was read; `told`: how many changed documents the ledger told of; `raised` are
    findings that are new, changed or back; `ended` are gone; `open` are all that wait for a person now."""

    book: str
    at: str
    whole: bool
    told: int
    raised: tuple[DriftRow, ...]
    ended: tuple[DriftRow, ...]
    open: tuple[DriftRow, ...]

    @property
    def quiet(self) -> bool:
        """Whether nothing waits for a person."""
        return not self.open

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "at": self.at, "whole": self.whole, "told": self.told, "quiet": self.quiet,
            "raised": [one.finding.id for one in self.raised], "ended": [one.finding.id for one in self.ended],
            "open": [one.as_json() for one in self.open],
        }  # fmt: skip


def watch(house: ReconcileHouse, book: str, *, whole: bool = False) -> Watched:
    """Look once at what changed in the ledger of a book since the last look; `whole` reads everything.

    Raises:
        UsageError: there is no such book.
        StopConnection: the ledger cannot be read now; the next look begins where this one did.
        Overtaken: another look was made meanwhile, or what was found is what we ourselves post just now.
    """
    for _ in range(_LOOKS):
        watched = _look(house, book, whole=whole)
        if watched is not None:
            return watched
    raise Overtaken(
        f"Deals of {book} were posted while its ledger was looked at.",
        fix="Nothing of this look was kept. Look again when 'dealbooks sync' is through.",
    )


def _look(house: ReconcileHouse, book: str, *, whole: bool) -> Watched | None:
    """One look; None when what it found may be of what our own outbox moved meanwhile: the ledger was asked before
    that, and the store after it."""
    policy = _policy(house, book)
    with house.store.read() as conn:
        memory = _memory(conn, book)
        ours = _standing_refs(conn, book)
        link = _links(conn, book)
    if policy is None:  # nothing of ours stands there yet
        return _kept(house, book, memory, memory, [], lambda _: False, told=0, whole=False)
    ledger, now = house.ledger(book), house.store.clock()
    ledger.get_ready()
    told = ledger.changes("" if whole or memory.is_due(now) else memory.cursor, list(ours))
    touched = {record.ref for record in told.records} if not told.whole else set()
    count = len(told.records) + len(told.gone)
    if not told.whole and _somebody_typed(house, book, told, policy, memory):
        told = ledger.changes("")
    with house.store.read() as conn:
        sides = _sides(conn, book, told)
    gone = set(told.gone)
    if more := _other_documents(ledger, sides, told):
        gone |= {ref for ref, record in more.items() if record is None}
        there = tuple(record for record in more.values() if record is not None)
        told = replace(told, records=(*told.records, *there))
        with house.store.read() as conn:
            sides = _sides(conn, book, told)
    found = _judged(house, book, sides, gone, policy, told)
    if told.whole:
        since = (house.today(book) - _RECENT).isoformat()
        touched |= {ref for ref, day in ours.items() if day >= since}
    found += _other_figures(house, book, ledger, sides, found, touched, policy)
    with house.store.read() as conn:
        moved = _moved_by_us(conn, book, link)
    if any(not moved.isdisjoint(_parts(one.subject)) for one in found):
        return None
    findings = _findings(house, book, found, sides, told, lasting=ledger.capabilities.lasting_refs)
    typed = {one.ref: _digest(one) for one in sides.by_hand if worth_a_look(one, policy)} if told.whole else {}
    new = Memory(told.cursor, stamp(now) if told.whole else memory.whole_at, typed if told.whole else memory.by_hand)
    seen = {item.key for item in sides.items} | {record.ref for record in told.records} | gone
    seen -= {one.ref for one in sides.by_hand if worth_a_look(one, policy)}  # known, and as it was

    def looked_at(subject: str) -> bool:
        parts = _parts(subject)
        return moved.isdisjoint(parts) and (told.whole or not seen.isdisjoint(parts))

    return _kept(house, book, memory, new, findings, looked_at, told=count, whole=told.whole)


def _parts(subject: str) -> set[str]:
    """What an exception is about: an entry, a reference, or both with a blank between them."""
    return {subject, *subject.split(" ", 1)}


def _policy(house: ReconcileHouse, book: str) -> MatchPolicy | None:
    """From our first posted entry on; None while there is none."""
    own, config = house.book(book), house.book_config(book)
    with house.store.read() as conn:
        posted = (entries.c.book == book) & (entries.c.state == "posted")
        first = conn.execute(select(func.min(entries.c.accounting_date)).where(posted)).scalar()
    if first is None:
        return None
    places = {code: place.dimension or code for code, place in config.locations.items()}
    owned = OWNED if config.owned is None else config.owned
    last = house.today(book) + _AHEAD
    return MatchPolicy(date.fromisoformat(first), last, own.currency, AccountMap(own.chart), places, owned=owned)


def _standing_refs(conn: Connection, book: str) -> dict[str, str]:
    """References that posted entries have -> the day of the entry; the newest first."""
    query = (
        select(effects.c.ref, entries.c.accounting_date)
        .join(entries, entries.c.id == effects.c.entry)
        .where((entries.c.book == book) & (entries.c.state == "posted"))
        .where((effects.c.state == EffectState.POSTED.value) & (effects.c.ref != ""))
        .order_by(entries.c.accounting_date.desc(), effects.c.seq.desc())
    )
    return {row.ref: row.accounting_date for row in conn.execute(query)}


def _links(conn: Connection, book: str) -> int:
    """How many links the audit chain of a book has."""
    return conn.execute(select(audit_heads.c.seq).where(audit_heads.c.book == book)).scalar() or 0


def _moved_by_us(conn: Connection, book: str, link: int) -> set[str]:
    """Entries, calls and references of the deals that our own outbox moved since a link."""
    since = (audit.c.book == book) & (audit.c.seq > link)
    changed = [one for text in conn.execute(select(audit.c.changes).where(since)).scalars() for one in json.loads(text)]
    ids: set[str] = set()
    for name, table in (("entries", entries), ("effects", effects)):
        keys = sorted({row for kind, row, *_ in changed if kind == name})
        for start in range(0, len(keys), _CHUNK):
            some = table.c.id.in_(keys[start : start + _CHUNK])
            ids |= set(conn.execute(select(table.c.deal_id).where(some)).scalars())
    found: set[str] = set()
    listed = sorted(ids)
    for start in range(0, len(listed), _CHUNK):
        mine = (effects.c.book == book) & effects.c.deal_id.in_(listed[start : start + _CHUNK])
        for row in conn.execute(select(effects.c.id, effects.c.entry, effects.c.ref).where(mine)):
            found |= {row.id, row.entry, row.ref}
    return found - {""}


def _owners(conn: Connection, book: str, told: Changes) -> dict[str, tuple[str, str]]:
    """Keys and references that are ours -> the entry (entries.id) and its deal."""
    found = owners_of(conn, book, (record.key for record in told.records))
    refs = sorted({record.ref for record in told.records} | set(told.gone))
    for start in range(0, len(refs), _CHUNK):
        mine = (effects.c.book == book) & effects.c.ref.in_(refs[start : start + _CHUNK])
        query = select(effects.c.ref, effects.c.entry, effects.c.deal_id).where(mine).order_by(effects.c.seq)
        found.update((row.ref, (row.entry, row.deal_id)) for row in conn.execute(query))
    return found


def _somebody_typed(house: ReconcileHouse, book: str, told: Changes, policy: MatchPolicy, memory: Memory) -> bool:
    """Whether something was typed by hand that has to be judged, and was not judged as it stands."""
    with house.store.read() as conn:
        ours = _owners(conn, book, told)
    typed = [one for one in told.records if not one.key and one.ref not in ours and worth_a_look(one, policy)]
    return any(memory.by_hand.get(one.ref) != _digest(one) for one in typed)


def _digest(record: Record) -> str:
    lines = [[line.account, str(line.amount), line.currency, dict(line.dimensions)] for line in record.lines]
    return sha256_hex(canonical_json([record.date.isoformat(), record.narration, lines]))[:16]


def _sides(conn: Connection, book: str, told: Changes) -> Sides:
    """The entries that what changed belongs to; all of the book, where everything was read."""
    owners = _owners(conn, book, told)
    mine = entries.c.book == book
    if told.whole:
        keys = list(conn.execute(select(entries.c.id).where(mine)).scalars())
        expected = expected_by_keys(conn, book, keys)
    else:
        ids = sorted({deal for _, deal in owners.values()})  # an entry may be carried by another of its deal
        keys = [
            key
            for start in range(0, len(ids), _CHUNK)
            for key in conn.execute(
                select(entries.c.id).where(mine & entries.c.deal_id.in_(ids[start : start + _CHUNK]))
            ).scalars()
        ]
        touched = {entry for entry, _ in owners.values()} | set(owners)
        expected = [one for one in expected_by_keys(conn, book, keys) if _names(one) & touched]
    return sides_of(expected, told.records, {name: entry for name, (entry, _) in owners.items()})


def _names(item: Expected) -> set[str]:
    return {item.key, *item.effect_keys, *item.refs}


def _other_documents(ledger: Ledger, sides: Sides, told: Changes) -> Mapping[str, Record | None]:
    """Documents of the same entries that the ledger did not tell of: unchanged, or missed by a list that moved."""
    known = {record.ref for record in told.records} | set(told.gone)
    wanted = {ref for item in sides.items if item.state == "posted" for ref in item.refs} - known
    return ledger.listed(sorted(wanted)) if wanted else {}


def _judged(
    house: ReconcileHouse, book: str, sides: Sides, gone: Collection[str], policy: MatchPolicy, told: Changes
) -> list[ReconException]:
    """What does not agree, without what a person accepted for good."""
    standing: Standing | None = None
    with house.store.read() as conn:
        if told.whole:
            sums = LedgerSums(policy)
            for record in told.records:
                sums.add(record)
            standing = standing_of(conn, book, policy, sums, told.records)
        accepted = accepted_of(conn, book)
    return [
        one
        for one in judged(sides, gone, policy, standing)
        if not any(said_of(one) in said.found for said in accepted.get(one.subject, ()))
    ]


def _other_figures(
    house: ReconcileHouse,
    book: str,
    ledger: Ledger,
    sides: Sides,
    found: Sequence[ReconException],
    refs: Collection[str],
    policy: MatchPolicy,
) -> list[ReconException]:
    """Documents that agree by their lines, and of which another figure is not as it was read when they were posted."""
    named = {one.subject for one in found}
    item_of = {
        ref: item for item in sides.items if item.state == "posted" and item.key not in named for ref in item.refs
    }
    wanted = sorted(set(refs) & set(item_of))
    posted: dict[str, Mapping[str, str]] = {}
    with house.store.read() as conn:
        for start in range(0, len(wanted), _CHUNK):
            mine = (effects.c.book == book) & effects.c.ref.in_(wanted[start : start + _CHUNK])
            counted = mine & (effects.c.state == EffectState.POSTED.value) & (effects.c.figures != "")
            query = select(effects.c.ref, effects.c.figures).where(counted).order_by(effects.c.seq)
            posted.update((row.ref, json.loads(row.figures)) for row in conn.execute(query))
    differences: dict[str, tuple[list[str], list[str]]] = {}
    for reading in ledger.read(sorted(posted)) if posted else ():
        words = changed_figures(posted[reading.ref], reading.figures or {})
        if words:
            told = differences.setdefault(item_of[reading.ref].key, ([], []))
            told[0].append(reading.ref)
            told[1].extend(f"{reading.ref}, {one}" for one in words)
    items = {item.key: item for item in sides.items}
    return [edited(items[key], some, words, policy) for key, (some, words) in sorted(differences.items())]


def _findings(
    house: ReconcileHouse, book: str, found: Sequence[ReconException], sides: Sides, told: Changes, *, lasting: bool
) -> list[Finding]:
    items = {item.key: item for item in sides.items}
    records = {record.ref: record for record in told.records}
    with house.store.read() as conn:
        locked = {month for month, state in states(conn, book).items() if state is PeriodState.LOCKED}
    named = []
    for one in found:
        parts = _parts(one.subject)
        about = [records[part] for part in parts if part in records] or [
            record for part in parts for record in sides.records.get(part, ())
        ]
        of = [items[part] for part in parts if part in items]
        made = finding_of(one, of, about, locked, lasting=lasting)
        named.append((made, name_of(one, about, lasting=lasting)))
    kept = numbered(named)
    with house.store.read() as conn:
        signed = signed_with(conn, book, kept)
    return [  # what was signed stands there: that its month is closed makes it no graver
        replace(said, severity=one.severity.value, what=one.what) if said.id in signed else said
        for said, one in zip(kept, found, strict=True)
    ]


def _memory(conn: Connection, book: str) -> Memory:
    body = conn.execute(select(cursors.c.body).where(cursors.c.source == _name(book))).scalar()
    return Memory() if body is None else Memory(**json.loads(body), body=body)


def _name(book: str) -> str:
    return f"drift {book}"  # no source is called so


def _kept(
    house: ReconcileHouse,
    book: str,
    old: Memory,
    new: Memory,
    findings: Sequence[Finding],
    looked_at: Callable[[str], bool],
    *,
    told: int,
    whole: bool,
) -> Watched:
    """Keep findings and cursor, both or neither. Raises Overtaken."""
    with house.store.transaction("drift watch", f"look at the ledger of {book}") as tx:
        known = {row["id"]: row for row in tx.rows(select(drift).where(drift.c.book == book))}
        life = lived(book, known, findings, lambda row: looked_at(row["subject"]), tx.at, fresh={"told": ""})
        tx.insert("drift", life.added)
        for row, values in life.changed:
            tx.change("drift", [(row, values)])
        for start in range(0, len(life.seen), _CHUNK):
            some = drift.c.id.in_(life.seen[start : start + _CHUNK])
            tx.conn.execute(drift.update().where(some).values(last_seen=tx.at))
        acknowledge_signed(tx, book)
        if new is not old:
            _move_on(tx, book, old, new)
        at = tx.at
    with house.store.read() as conn:
        rows = {row["id"]: row_of(row) for row in read_rows(conn, select(drift).where(drift.c.book == book))}
    ended = tuple(rows[row["id"]] for row, values in life.changed if values["state"] == "gone")
    waiting = sorted((one for one in rows.values() if one.state == "open"), key=DriftRow.rank)
    raised = tuple(rows[name] for name in life.raised if rows[name].state == "open")
    return Watched(book, at, whole, told, raised, ended, tuple(waiting))


def _move_on(tx: Tx, book: str, old: Memory, new: Memory) -> None:
    body = canonical_json({"cursor": new.cursor, "whole_at": new.whole_at, "by_hand": dict(new.by_hand)})
    own = cursors.c.source == _name(book)
    if old.body is None:
        done = tx.claim(cursors, {"source": _name(book), "body": body, "updated_at": tx.at})
    else:
        mine = cursors.update().where(own & (cursors.c.body == old.body)).values(body=body, updated_at=tx.at)
        done = tx.conn.execute(mine).rowcount == 1
    if not done:
        raise Overtaken(
            f"Another look at the ledger of {book} was made meanwhile.", fix="Nothing of this one was kept. Look again."
        )
