"""Events find their deals: what the gateway was told becomes matched, waits, or is for a person to look at.

Nothing of an event gets into the books. A matched one says that a condition of the book's `post_when` holds (signed,
invoiced); one that names a record at a source over an API says that it should be read again; one about a payment, that
the payment should be read at its provider. The sweeps find what no event told.

Taken again and again, in any order, in as many processes as there are, an event has its effect once: one transaction
decides what becomes of it, and the chain seals that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.events.match import Candidate, Known, Resolution, resolve, told_objects
from dealbooks.events.testmode import says_test
from dealbooks.house import House
from dealbooks.pipeline import places
from dealbooks.pipeline.deal_objects import record_objects
from dealbooks.pipeline.events_known import Said, known_of, said_by
from dealbooks.pipeline.standing import standing_of
from dealbooks.store import Tx
from dealbooks.store.db import HOUSE_CHAIN, Row, read_rows, stamp
from dealbooks.store.tables import audit_heads, cursors, events

PAYMENTS = ("payment.received", "payment.lost")
SIGNED = "document.signed"
_CHUNK = 500
_RETRY = "-events"  # no source is called so: here stands what was known when all that wait were tried last
# A record that was read when an event told of it, and is no sale, is waited for no longer: a sweep takes it when it is.
_RECORD_WAITS = timedelta(days=1)
_SHOWN = 5
# Schemes whose proof does not cover what an event says. What they tell of a signature counts once its contract was read
# at the provider (see `dealbooks.pipeline.signatures`), or a person has seen it.
UNPROVEN: Mapping[str, str] = {
    "adobe_sign": "Adobe signs nothing of what it sends",
    "dropbox_sign": "the proof of Dropbox Sign does not cover which contract is signed",
}


@dataclass(frozen=True, slots=True)
class TakenEvents:
    """What became of events, in this one call.

    Attributes:
        matched: events that found their deal.
        left: numbers of the new events whose deal is not there yet.
        moved: numbers of the events that had waited for their deal, and do not any more.
        review: events that a person must look at.
        ignored: events that count for nothing (of a test mode, or of a record that is no sale).
        read_again: (source, record key) of records that must be read again with our own credentials.
        payments: ids of matched `payment.received` events that were not read at their provider yet (`read_at`).
        books: books in which a deal may have become ready.
        more: whether there may be more new events than were asked for.
        unconfirmed: new events of signatures whose contract is to be read at its provider first.
    """

    matched: int = 0
    left: frozenset[int] = frozenset()
    moved: frozenset[int] = frozenset()
    review: int = 0
    ignored: int = 0
    read_again: tuple[tuple[str, str], ...] = ()
    payments: tuple[int, ...] = ()
    books: tuple[str, ...] = ()
    more: bool = False
    unconfirmed: int = 0

    @property
    def waiting(self) -> int:
        """How many new events wait for their deal at the end."""
        return len(self.left - self.moved)

    def and_then(self, other: TakenEvents) -> TakenEvents:
        """Both calls as one."""
        return TakenEvents(
            self.matched + other.matched, self.left | other.left, self.moved | other.moved,
            self.review + other.review, self.ignored + other.ignored,
            tuple(dict.fromkeys((*self.read_again, *other.read_again))),
            tuple(sorted({*self.payments, *other.payments})), tuple(sorted({*self.books, *other.books})), other.more,
            self.unconfirmed + other.unconfirmed,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "matched": self.matched, "waiting": self.waiting, "review": self.review, "ignored": self.ignored,
            "read_again": [{"source": source, "key": key} for source, key in self.read_again],
            "payments": list(self.payments), "books": list(self.books), "unconfirmed": self.unconfirmed,
        }  # fmt: skip


@dataclass(slots=True)
class _Counts:
    """What was taken so far."""

    states: dict[str, int] = field(default_factory=dict)
    left: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    read_again: dict[tuple[str, str], None] = field(default_factory=dict)
    books: set[str] = field(default_factory=set)
    objects: int = 0
    looked: int = 0

    def count(self, event: int, before: str, state: str) -> None:
        self.states[state] = self.states.get(state, 0) + 1
        if state == "waiting":
            self.left.add(event)
        elif before == "waiting":
            self.moved.add(event)


def take_events(house: House, *, limit: int = 500) -> TakenEvents:
    """Find the deals of new events (at most `limit`, oldest first), and of those that wait, when anything changed.

    Raises:
        StopConnection: the store cannot be used now.
        Overtaken: another process changed the same events; nothing of that step was written.
    """
    counts = _Counts()
    _take(house, "new", limit, counts)
    more = counts.looked >= limit
    if _may_match_now(house) or counts.objects:
        known = _what_is_known(house)
        while True:
            before = counts.objects
            _try_waiting(house, counts)
            if counts.objects == before:  # else an event may be known by what another one told
                break
        _remember(house, known)
    _expire(house)
    return TakenEvents(
        counts.states.get("matched", 0), frozenset(counts.left), frozenset(counts.moved),
        counts.states.get("review", 0), counts.states.get("ignored", 0), tuple(counts.read_again),
        _unread(house, limit), tuple(sorted(counts.books)), more, counts.states.get("unconfirmed", 0),
    )  # fmt: skip


def alone(tx: Tx) -> None:
    """Let no other process decide about events before this transaction ends."""
    tx.conn.execute(select(audit_heads.c.seq).where(audit_heads.c.book == HOUSE_CHAIN).with_for_update())


def try_all_again(tx: Tx) -> None:
    """Have all events that wait looked at by the next `take_events`, whatever else has changed."""
    tx.conn.execute(cursors.delete().where(cursors.c.source == _RETRY))


# -- inside --------------------------------------------------------------------------------------------------------


def _take(house: House, state: str, limit: int, counts: _Counts, after: int = 0) -> int:
    """Decide about events of a state, oldest first, from an id on; the last id that was looked at, 0 for none."""
    chosen = (events.c.state == state) & (events.c.id > after)
    query = select(events).where(chosen).order_by(events.c.id).limit(limit)
    with house.store.read() as conn:
        rows = read_rows(conn, query)
        if not rows:
            return 0
        if not _decisions(house, conn, rows).changes:
            return int(rows[-1]["id"])
    with house.store.transaction(house.actor, "match events with deals") as tx:
        alone(tx)
        rows = tx.rows(query)
        if not rows:
            return 0
        found = _decisions(house, tx.conn, rows)
        tx.change("events", found.changes)
        objects: list[tuple[str, str]] = []
        for row, values in found.changes:
            unread = values["state"] == "waiting" and _is_unconfirmed(house, row)
            counts.count(row["id"], row["state"], "unconfirmed" if unread else values["state"])
            if values["deal_id"]:
                counts.books.add(found.known.deals[values["deal_id"]].book)
                things = told_objects(row["hook"], json.loads(row["object_ids"]))
                objects += [(values["deal_id"], thing) for thing in things if values["state"] == "matched"]
            record = found.said[row["id"]].record
            if state == "new" and record is not None and values["state"] != "ignored":
                counts.read_again[record] = None
        counts.looked += len(rows)
        counts.objects += record_objects(tx, objects)
    return int(rows[-1]["id"])


@dataclass(frozen=True, slots=True)
class _Decisions:
    """What some events say, what is known of their deals, and the new values of the rows that change."""

    said: Mapping[int, Said]
    known: Known
    changes: list[tuple[Row, Row]]


def _decisions(house: House, conn: Connection, rows: Sequence[Row]) -> _Decisions:
    said = {row["id"]: said_by(house, row) for row in rows}
    known = known_of(conn, (one.clues for one in said.values()), house.config.books)
    decide = _Decide(house, known, stamp(house.clock() - _RECORD_WAITS))
    decided = [(row, decide.about(row, said[row["id"]])) for row in rows]
    changes = [(row, new) for row, new in decided if new != {name: row[name] for name in new}]
    return _Decisions(said, known, changes)


def _try_waiting(house: House, counts: _Counts) -> None:
    last = 0
    while last := _take(house, "waiting", _CHUNK, counts, last):
        pass


class _Decide:
    """What becomes of an event."""

    def __init__(self, house: House, known: Known, record_waits_since: str) -> None:
        self._house = house
        self._known = known
        self._since = record_waits_since
        self._live: dict[str, bool] = {}

    def about(self, row: Row, said: Said) -> Row:
        """The new values of its row."""
        test = "yes" if is_test(self._house, row) else None
        if said.astray:
            return _values("review", None, None, said.astray, test)
        if _is_unconfirmed(self._house, row):
            note = row["note"] or "it counts when its contract was read at the provider"
            return _values("waiting", None, None, note, test)
        found = resolve(said.clues, self._known)
        if not found.deals:
            return self._unknown(row, said, test)
        if len(found.deals) > 1:
            note = f"it may be about {self._names(found)}"
            return _values("review", None, found.rule, note, test)
        deal = self._known.deals[found.deals[0]]
        if test and self._is_live(deal.book):
            note = f"it is of the sender's test mode, and {deal.book} is live"
            return _values("ignored", None, None, note, test)
        if found.by_number and (others := places.others(self._house.config, deal, found.sources, said.source)):
            return _values("review", deal.id, found.rule, _bare(deal, others), test)
        if row["kind"] == "payment.lost":
            note = "money was given back or did not come: look at the deal, and say what happened"
            return _values("review", deal.id, found.rule, note, test)
        if row["kind"] == SIGNED and row["scheme"] in UNPROVEN and not row["read_at"]:
            return _values("review", deal.id, found.rule, unproven(row["scheme"]), test)
        if row["kind"] == "deal.voided" and said.record is None:
            note = "it was called off, and its record cannot be read again: look at the deal, and take it back if so"
            return _values("review", deal.id, found.rule, note, test)
        return _values("matched", deal.id, found.rule, row["note"] if row["read_at"] else "", test)

    def _unknown(self, row: Row, said: Said, test: str | None) -> Row:
        if row["kind"].startswith("deal.") and said.record is not None and row["received_at"] < self._since:
            note = "its record was read, and is no sale; it is taken when it is one"
            return _values("ignored", None, None, note, test)
        return _values("waiting", None, None, row["note"], test)

    def _names(self, found: Resolution) -> str:
        deals = [self._known.deals[one] for one in found.deals]
        listed = ", ".join(f"{one.number} of {one.book} ({one.id})" for one in deals[:_SHOWN])
        return listed + (f" and {len(deals) - _SHOWN} more" if len(deals) > _SHOWN else "")

    def _is_live(self, book: str) -> bool:
        if book not in self._live:
            self._live[book] = standing_of(self._house, book).mode == "live"
        return self._live[book]


def _bare(deal: Candidate, others: Sequence[str]) -> str:
    """Why a number does not say which deal is meant, and what to do."""
    own = f"{deal.number} of {deal.book}, {deal.location} ({deal.id})"
    may = f"{', '.join(others[:_SHOWN])}{f' and {len(others) - _SHOWN} more' if len(others) > _SHOWN else ''}"
    return (
        f"it gives a number without its store: it may be about {own}, or one of {may}, still to come. Attach it to the "
        "right one; where no two deals of the group have the same number, set events: {store_numbers: false}"
    )


def _is_unconfirmed(house: House, row: Row) -> bool:
    """Whether an event of a signature counts only when its contract was read at the provider, and it was not yet."""
    read = row["kind"] == SIGNED and any(one.hook == row["hook"] for one in house.config.signatures.values())
    return read and not row["read_at"]


def unproven(scheme: str) -> str:
    """What a person is told of a signature that is not proven; empty where it is."""
    why = UNPROVEN.get(scheme, "")
    return why and f"{why}: look at the contract there, then attach this event or ignore it"


def _values(state: str, deal: str | None, rule: str | None, note: str, test: str | None) -> Row:
    return {"state": state, "deal_id": deal, "rule": rule, "note": note, "test": test}


def is_test(house: House, row: Row) -> bool:
    """Whether an event is of its sender's test mode: that was so when it came, its hook is for that now, or its own
    words say so."""
    if row["test"]:
        return True
    hook = house.config.hooks.get(row["hook"])
    if hook is not None and not hook.live:
        return True
    return says_test(json.loads(row["body"] or "{}"))


def _may_match_now(house: House) -> bool:
    """Whether anything changed since all that wait were tried last: a deal, or the settings."""
    with house.store.read() as conn:
        if conn.execute(select(events.c.id).where(events.c.state == "waiting").limit(1)).first() is None:
            return False
        known = conn.execute(select(cursors.c.body).where(cursors.c.source == _RETRY)).scalar()
    return known != _what_is_known(house)


def _what_is_known(house: House) -> str:
    """The newest link of each book's chain (a deal that is new, or is changed, adds one), and what hooks look for."""
    hooks = sorted((name, hook.source, hook.reference, hook.live) for name, hook in house.config.hooks.items())
    sources = sorted(
        (name, source.platform, sorted(source.books.items())) for name, source in house.config.sources.items()
    )
    with house.store.read() as conn:
        query = select(audit_heads.c.book, audit_heads.c.seq).where(audit_heads.c.book != HOUSE_CHAIN)
        heads = sorted((row.book, row.seq) for row in conn.execute(query))
    read = sorted(one.hook for one in house.config.signatures.values())
    return sha256_hex(canonical_json([heads, hooks, sources, read, house.clock().date().isoformat()]))


def _remember(house: House, known: str) -> None:
    own = cursors.c.source == _RETRY
    with house.store.transaction(house.actor, "events that wait were tried") as tx:
        values = {"body": known, "updated_at": tx.at}
        if tx.conn.execute(cursors.update().where(own).values(**values)).rowcount == 0:
            tx.claim(cursors, {"source": _RETRY} | values)


def _expire(house: House) -> None:
    """Events whose deal never came are set aside."""
    days = house.config.events.keep_days
    old = (events.c.state == "waiting") & (events.c.received_at < stamp(house.clock() - timedelta(days=days)))
    with house.store.read() as conn:
        rows = read_rows(conn, select(events.c.id).where(old))
    if not rows:
        return
    with house.store.transaction(house.actor, "set aside events without a deal") as tx:
        alone(tx)
        tx.update("events", tx.rows(select(events).where(old)), state="expired", note=f"no deal came in {days} days")


def _unread(house: House, limit: int) -> tuple[int, ...]:
    wanted = (events.c.state == "matched") & (events.c.kind == "payment.received") & events.c.read_at.is_(None)
    with house.store.read() as conn:
        return tuple(conn.execute(select(events.c.id).where(wanted).order_by(events.c.id).limit(limit)).scalars())
