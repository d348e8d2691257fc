"""Transform: accepted deal versions (and facts that arrived for posted deals) become entries in the outbox.

A deal's versions go one after another: the next one waits until what was sent of the last is settled; a version that
was never sent is superseded. A run that would amend or reverse more posted deals than the book allows posts none of
them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from dealbooks.book import Locks
from dealbooks.deal import Deal, Deposit, Payment
from dealbooks.entries import Entry
from dealbooks.errors import ConfigError
from dealbooks.house import House
from dealbooks.ledger import Posting
from dealbooks.outbox import EffectState, Planned, enqueue
from dealbooks.pipeline.facts import Fact, conflicts, load_facts, with_facts
from dealbooks.pipeline.history import SUMMED
from dealbooks.pipeline.keys import posting_key
from dealbooks.pipeline.periods import closed_through
from dealbooks.pipeline.periods import locks as locks_of
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.posting import History, PostingError, post_deal
from dealbooks.posting.arithmetic import ZERO
from dealbooks.posting.lifecycle import posted_versions
from dealbooks.readiness import missing_for
from dealbooks.store import Lease, Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import deal_versions, deals, effects, entries

_CHUNK = 100
_UNSENT = (EffectState.HELD.value, EffectState.PENDING.value)
_POSTED = EffectState.POSTED.value
_REFUSED = EffectState.REFUSED.value  # the ledger does not have it, for good
_MOVING = (EffectState.SENDING.value, EffectState.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class TransformResult:
    """What a transform did. `held` are deals whose amendment waits for `sync --plan`, with the reason."""

    book: str
    deals: int
    postings: int
    amended: int
    held: tuple[tuple[str, str], ...] = ()
    waiting: tuple[tuple[str, str], ...] = ()
    before_go_live: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "deals": self.deals, "postings": self.postings, "amended": self.amended,
            "held": [{"deal": deal, "reason": reason} for deal, reason in self.held],
            "waiting": [{"deal": deal, "reason": reason} for deal, reason in self.waiting],
            "before_go_live": self.before_go_live,
        }  # fmt: skip


@dataclass(slots=True)
class _Work:
    """One deal with something to post: its newest version, or facts that arrived."""

    deal: Row
    version: Row | None
    canonical: Deal
    recorded: dict[str, Entry] = field(default_factory=dict)
    entry_rows: list[Row] = field(default_factory=list)
    effect_rows: list[Row] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    @property
    def is_held(self) -> bool:
        """Whether the newest version waits for a person's approval."""
        return self.version is not None and self.version["state"] == "held"

    @property
    def amends(self) -> bool:
        """Whether this takes back a sale that stands, or may stand, in the ledger."""
        return self.version is not None and any(row["version"] > 0 and _was_sent(row) for row in self.effect_rows)

    @property
    def unsettled(self) -> bool:
        """Whether what was sent of the last version is on its way still, or has to be sent again."""
        return any(
            row["state"] in _MOVING or (row["version"] > 0 and row["state"] in _UNSENT and row["attempts"])
            for row in self.effect_rows
        )


def transform(
    house: House, book: str, *, approve: Collection[str] = (), progress: Progress = silent
) -> TransformResult:
    """Plan everything of a book that may be posted now. `approve` are deal ids whose amendment a person approved.

    Raises:
        LeaseLost: another process plans this book.
        Overtaken: another process changed a deal meanwhile; what was planned before that stays, the rest is as it was.
    """
    with Lease(house.store, f"plan:{book}"):
        return _transform(house, book, approve, progress)


def _transform(house: House, book: str, approve: Collection[str], progress: Progress) -> TransformResult:
    config = house.book_config(book)
    lock = locks_of(house, book)
    work = _gather(house, book, include_held=bool(approve))
    ready: list[_Work] = []
    waiting: list[tuple[str, str]] = []
    early: list[_Work] = []
    for item in work:
        missing = missing_for(item.canonical, config.post_when)
        if item.version is None or not missing:
            if item.version is not None and not item.amends and _is_early(item.canonical, config.post_from):
                early.append(item)
            elif item.version is not None and item.unsettled:
                waiting.append((item.deal["deal_number"], "the last version is not settled in the ledger yet"))
            else:
                ready.append(item)
        else:
            waiting.append((item.deal["deal_number"], f"not ready: {'; '.join(missing)}"))
    _mark_before_go_live(house, early)
    amending = [item for item in ready if item.amends]
    unapproved = [item for item in amending if item.deal["id"] not in approve]
    held: list[tuple[str, str]] = []
    limited = len(unapproved) > config.amend_limit
    stopped_items = [item for item in unapproved if limited or item.is_held]
    if stopped_items:
        reason = f"this run would change {len(unapproved)} posted deals; the book allows {config.amend_limit} at once"
        _hold(house, stopped_items)
        held = [
            (item.deal["deal_number"], reason if limited else "it was held before, and is not approved")
            for item in stopped_items
        ]
        stopped = {item.deal["id"] for item in stopped_items}
        ready = [item for item in ready if item.deal["id"] not in stopped]
    postings = _plan_all(house, book, ready, lock, held, progress)
    amended = sum(1 for item in ready if item.amends)
    return TransformResult(book, len(ready), postings, amended, tuple(held), tuple(waiting), len(early))


def _gather(house: House, book: str, *, include_held: bool) -> list[_Work]:
    states = ("accepted", "held") if include_held else ("accepted",)
    with house.store.read() as conn:
        query = select(deal_versions).where((deal_versions.c.book == book) & deal_versions.c.state.in_(states))
        versions = [dict(row) for row in conn.execute(query.order_by(deal_versions.c.version)).mappings()]
        newest: dict[str, Row] = {}
        for version in versions:
            newest[version["deal_id"]] = version
        facts = load_facts(conn, book, state="waiting")
        wanted = list(dict.fromkeys([*newest, *facts]))
        work: list[_Work] = []
        for start in range(0, len(wanted), _CHUNK):
            work += _load(conn, wanted[start : start + _CHUNK], newest, facts)
    return work


def _load(conn: Any, ids: Sequence[str], newest: dict[str, Row], facts: dict[str, list[Fact]]) -> list[_Work]:
    by_id = {row["id"]: dict(row) for row in conn.execute(select(deals).where(deals.c.id.in_(ids))).mappings()}
    entry_rows = [dict(row) for row in conn.execute(select(entries).where(entries.c.deal_id.in_(ids))).mappings()]
    effect_columns = [column for column in effects.c if column.name != "payload"]
    effect_rows = [
        dict(row) for row in conn.execute(select(*effect_columns).where(effects.c.deal_id.in_(ids))).mappings()
    ]
    standing = deal_versions.c.deal_id.in_(ids) & deal_versions.c.state.in_(["planned", "posted"])
    taken: dict[str, Row] = {}
    for row in conn.execute(select(deal_versions).where(standing).order_by(deal_versions.c.version)).mappings():
        taken[row["deal_id"]] = dict(row)
    work = []
    for deal_id in ids:
        deal, version = by_id.get(deal_id), newest.get(deal_id)
        body = version or taken.get(deal_id)
        if deal is None or body is None:
            continue
        item = _Work(deal, version, Deal.model_validate_json(body["deal"]), facts=facts.get(deal_id, []))
        item.entry_rows = [row for row in entry_rows if row["deal_id"] == deal_id and row["state"] != "superseded"]
        item.effect_rows = [
            row for row in effect_rows
            if row["deal_id"] == deal_id and row["state"] != EffectState.SUPERSEDED.value
        ]  # fmt: skip
        item.recorded = {row["entry_id"]: Entry.from_json(json.loads(row["body"])) for row in item.entry_rows}
        work.append(item)
    return work


def _plan_all(
    house: House, book: str, work: Sequence[_Work], lock: Locks, held: list[tuple[str, str]], progress: Progress
) -> int:
    count = 0
    for start in range(0, len(work), _CHUNK):
        chunk = work[start : start + _CHUNK]
        with house.store.transaction(house.actor, f"transform {book}") as tx:
            lock = _locks_now(tx, book, lock)
            planned: list[tuple[_Work, bool]] = []
            by_book: dict[str, list[Planned]] = {}
            for item in chunk:
                wrong = conflicts(item.canonical, item.facts)
                if wrong:
                    _set_aside(tx, item, wrong)
                    held += [(item.deal["deal_number"], reason) for reason in wrong.values()]
                try:
                    new, gone = _plan_one(house, book, item, lock)
                except (PostingError, ConfigError) as error:
                    held.append((item.deal["deal_number"], error.message))
                    continue
                _supersede(tx, item, gone)
                for one in new:
                    by_book.setdefault(one.posting.key.book, []).append(one)
                planned.append((item, bool(new)))
                item.effect_rows = [row for row in item.effect_rows if row["entry"] not in gone]
                item.recorded = {
                    row["entry_id"]: item.recorded[row["entry_id"]] for row in item.entry_rows if row["id"] not in gone
                }
            for name, some in by_book.items():
                count += len(enqueue(tx, house.ledger(name), some))
            _mark_planned(tx, planned)
        progress("transform", min(start + _CHUNK, len(work)), len(work))
    return count


def _locks_now(tx: Tx, book: str, asked: Locks) -> Locks:
    """The locks as they are in this transaction: a close in between is seen."""
    ours = closed_through(tx.conn, book)
    days = [day for day in (ours, asked.closed_through) if day is not None]
    return Locks(max(days, default=None))


def _plan_one(house: House, book: str, item: _Work, lock: Locks) -> tuple[list[Planned], set[str]]:
    """New postings of one deal, and the ids of entries that they supersede because no byte of them has left."""
    gone = _unsent_entries(item) if item.version is not None else set()
    names = {row["entry_id"] for row in item.entry_rows if row["id"] in gone}
    recorded = {name: entry for name, entry in item.recorded.items() if name not in names}
    deal = _with_receipts_gone(with_facts(item.canonical, item.facts), recorded)
    if _unwinds(deal) and not posted_versions(recorded):
        deal = _cancelled(deal)
    posted = post_deal(deal, book=house.book(book), history=History(entries=recorded), locks=lock)
    postings = [_posting(house, book, item, deal, entry) for entry in posted.entries if entry.entry_id not in recorded]
    return [Planned(posting, house.ledger(posting.key.book).effects(posting)) for posting in postings], gone


def _with_receipts_gone(deal: Deal, recorded: Mapping[str, Entry]) -> Deal:
    """A file that states only sums by method says that money did not come by a method by leaving it out: the receipt
    that is recorded becomes one of nothing, so that the difference is booked back."""
    there = {part.receipt_id for part in deal.deposits} | {part.receipt_id for part in deal.payments}
    gone = sorted(name for name in SUMMED if name not in there and f"receipt-{name}" in recorded)
    deposits, payments = list(deal.deposits), list(deal.payments)
    for name in gone:
        entry = recorded[f"receipt-{name}"]
        method = next(line.dimensions["method"] for line in entry.lines if line.role.startswith("cash."))
        day = entry.original_date or entry.accounting_date
        values: dict[str, Any] = {"receipt_id": name, "amount": ZERO, "date": day, "method": method}
        if entry.event == "deposit.received":
            deposits.append(Deposit.model_construct(**values))
        else:
            payments.append(Payment.model_construct(**values))
    return deal.model_copy(update={"deposits": tuple(deposits), "payments": tuple(payments)}) if gone else deal


def _cancelled(deal: Deal) -> Deal:
    """Taken back before its sale was ever sent: there is nothing to mirror, only money that came."""
    events = tuple(
        event.model_copy(update={"event": "cancelled"}) if event.event == "unwound" else event
        for event in deal.lifecycle
    )
    return deal.model_copy(update={"lifecycle": events})


def _posting(house: House, book: str, item: _Work, deal: Deal, entry: Entry) -> Posting:
    target = book if entry.legal_entity == house.book(book).legal_entity else house.book_of_entity(entry.legal_entity)
    key = posting_key(target, item.deal["id"], entry.entry_id)
    reverses = posting_key(target, item.deal["id"], entry.reverses) if entry.reverses else None
    return Posting(
        key, entry, deal_number=deal.deal_id, vin=deal.vehicle.vin, stock_no=deal.vehicle.stock_no,
        customer_name=deal.customer.name or deal.customer.id, reverses=reverses,
    )  # fmt: skip


def _unsent_entries(item: _Work) -> set[str]:
    """Entries of a version of which the ledger has nothing: never sent, or refused for good."""
    versioned = [row for row in item.effect_rows if row["version"] > 0]
    return {row["entry"] for row in versioned} - {row["entry"] for row in versioned if _was_sent(row)}


def _was_sent(row: Row) -> bool:
    """Whether a call has reached the ledger, or may have."""
    return row["state"] != _REFUSED and (row["state"] not in _UNSENT or bool(row["attempts"]))


def _supersede(tx: Tx, item: _Work, gone: set[str]) -> None:
    if gone:
        rows = [row for row in item.effect_rows if row["entry"] in gone]
        tx.update("effects", rows, state=EffectState.SUPERSEDED.value, updated_at=tx.at)
        tx.update("entries", [row for row in item.entry_rows if row["id"] in gone], state="superseded")


def _set_aside(tx: Tx, item: _Work, wrong: Mapping[str, str]) -> None:
    """Facts that do not fit their deal wait for a person; the deal itself goes on without them."""
    for fact in item.facts:
        if fact.row["id"] in wrong:
            tx.update("facts", [fact.row], state="conflict", note=wrong[fact.row["id"]])
    item.facts = [fact for fact in item.facts if fact.row["id"] not in wrong]


def _mark_planned(tx: Tx, work: Iterable[tuple[_Work, bool]]) -> None:
    """`work` says of each deal whether entries were made for it. Where there was nothing to post, no ledger will ever
    answer, so that the deal is settled here."""
    pairs = list(work)
    listed = [item for item, _ in pairs]
    with_version = [item for item in listed if item.version is not None]
    older = [item.deal["id"] for item in with_version if item.deal["version"] > 1]
    if older:
        columns = [column for column in deal_versions.c if column.name not in ("deal", "provenance", "warnings")]
        before = deal_versions.c.deal_id.in_(older) & deal_versions.c.state.in_(["planned", "accepted", "held"])
        newest = {item.version["id"] for item in with_version if item.version is not None}
        rows = [row for row in tx.rows(select(*columns).where(before)) if row["id"] not in newest]
        tx.update("deal_versions", rows, state="superseded")
    moving = {
        item.deal["id"] for item, made in pairs if made or any(row["state"] != _POSTED for row in item.effect_rows)
    }
    for state, some in (
        ("planned", [item.version for item in with_version if item.version and item.deal["id"] in moving]),
        ("posted", [item.version for item in with_version if item.version and item.deal["id"] not in moving]),
    ):
        tx.update("deal_versions", some, state=state)
    changed = [item for item, made in pairs if made or item.version is not None]
    tx.change(
        "deals",
        [
            (item.deal, {"state": _state_after(item, moving=item.deal["id"] in moving), "updated_at": tx.at})
            for item in changed
        ],
    )
    applied = [fact.row for item in listed for fact in item.facts if fact.row["state"] == "waiting"]
    tx.update("facts", applied, state="applied")


def _state_after(item: _Work, *, moving: bool) -> str:
    unwinds = _unwinds(item.canonical)
    if moving:
        return "unwinding" if unwinds else "planned"
    if unwinds:
        return "unwound" if posted_versions(item.recorded) else "cancelled"
    return "posted"


def _is_early(deal: Deal, post_from: date | None) -> bool:
    return post_from is not None and deal.accounting_date < post_from


def _unwinds(deal: Deal) -> bool:
    return any(event.event == "unwound" for event in deal.lifecycle)


def _mark_before_go_live(house: House, work: Sequence[_Work]) -> None:
    if not work:
        return
    with house.store.transaction(house.actor, "before go-live") as tx:
        tx.update("deal_versions", [item.version for item in work if item.version], state="before_go_live")
        tx.update("deals", [item.deal for item in work], state="before_go_live", updated_at=tx.at)


def _hold(house: House, work: Sequence[_Work]) -> None:
    fresh = [item for item in work if item.version is not None and item.version["state"] == "accepted"]
    if not fresh:
        return
    with house.store.transaction(house.actor, "hold amendments") as tx:
        tx.update("deal_versions", [item.version for item in fresh if item.version], state="held")
