"""Transform: accepted deal versions (and facts that arrived for posted deals) become entries in the outbox.

A deal's versions go one after another: the next one waits until what was sent of the last is settled; a version that
was never sent is superseded. A run that would amend or reverse more posted deals than the book allows posts none of
them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from dealbooks.book import Locks
from dealbooks.deal.rules.history import check_amendments, check_go_live
from dealbooks.house import House
from dealbooks.outbox import EffectState, Planned, enqueue
from dealbooks.pipeline.facts import Fact
from dealbooks.pipeline.facts_laid import conflicts
from dealbooks.pipeline.facts_money import is_withdrawn
from dealbooks.pipeline.facts_stranded import hold_stranded
from dealbooks.pipeline.garbage import seldom_collected
from dealbooks.pipeline.guard import check_ledger_fits
from dealbooks.pipeline.periods import closed_through
from dealbooks.pipeline.periods import locks as locks_of
from dealbooks.pipeline.planned import plan_deals, unwinds
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.told import missing, version_dated
from dealbooks.pipeline.work import Wanted, Work, find_wanted, held_deals, load_work, was_sent
from dealbooks.posting.lifecycle import posted_versions
from dealbooks.store import Lease, Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import deal_versions

_CHUNK = 250  # deals in one transaction
_POSTED = EffectState.POSTED.value


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
class _Result:
    """What a transform has done so far."""

    deals: int = 0
    postings: int = 0
    amended: int = 0
    early: int = 0
    held: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)


@seldom_collected()
def transform(
    house: House, book: str, *, approve: Collection[str] = (), progress: Progress = silent
) -> TransformResult:
    """Plan everything of a book that may be posted now. `approve` are deal ids whose amendment a person approved.

    Raises:
        LeaseLost: another process plans this book.
        StopConnection: the store and the ledger do not belong together any more.
        Overtaken: another process changed a deal meanwhile; what was planned before that stays, the rest is as it was.
    """
    check_ledger_fits(house, book)
    with Lease(house.store, f"plan:{book}"):
        return _transform(house, book, approve, progress)


def _transform(house: House, book: str, approve: Collection[str], progress: Progress) -> TransformResult:
    """A few deals at a time, so that a backfill of any size fits. Amendments come last: how many there are must be
    known before the first of them."""
    lock = locks_of(house, book)
    wanted = find_wanted(house, book, include_held=bool(approve))
    result = _Result()
    amending: list[str] = []
    done = 0
    for ids in _chunks(list(wanted.ids)):
        ready = _sort(house, book, load_work(house, ids, wanted), result)
        amending += [item.deal["id"] for item in ready if item.amends]
        _plan_chunk(house, book, [item for item in ready if not item.amends], lock, result)
        done += len(ids)
        progress("transform", done - len(amending), len(wanted.ids))
    _amend(house, book, amending, wanted, approve, lock, result)
    result.held += hold_stranded(house, book)
    progress("transform", len(wanted.ids), len(wanted.ids))
    return TransformResult(
        book, result.deals, result.postings, result.amended, tuple(result.held), tuple(result.waiting), result.early
    )


def _sort(house: House, book: str, work: Sequence[Work], result: _Result) -> list[Work]:
    """What may be planned now; the rest waits, or is from before go-live."""
    config = house.book_config(book)
    ready: list[Work] = []
    early: list[Work] = []
    unfit: list[tuple[Fact, str]] = []
    for item in work:
        money = item.money()
        lacking = missing(house, book, money.deal, item.recorded.values(), item.told)
        if item.version is None or not lacking:
            if item.version is not None and not item.amends and check_go_live(item.canonical, config.post_from):
                early.append(item)
            elif item.version is not None and item.unsettled:
                result.waiting.append((item.deal["deal_number"], "the last version is not settled in the ledger yet"))
            else:
                ready.append(item)
        else:
            result.waiting.append((item.deal["deal_number"], f"not ready: {'; '.join(lacking)}"))
            result.held += [(item.deal["deal_number"], reason) for reason in money.wrong.values()]
            unfit += _without_unfit(item, money.wrong)
    if unfit:
        with house.store.transaction(house.actor, f"transform {book}") as tx:
            _set_aside(tx, unfit)
    _mark_before_go_live(house, early)
    result.early += len(early)
    return ready


def _amend(
    house: House,
    book: str,
    amending: Sequence[str],
    wanted: Wanted,
    approve: Collection[str],
    lock: Locks,
    result: _Result,
) -> None:
    limit = house.book_config(book).amend_limit
    unapproved = {one for one in amending if one not in approve}
    held_before = held_deals(house, book)
    limited = check_amendments(len(unapproved), limit)
    reason = limited[0].message if limited else "it was held before, and is not approved"
    for ids in _chunks(amending):
        work = load_work(house, ids, wanted)
        stopped = [
            item for item in work if item.deal["id"] in unapproved and (limited or item.deal["id"] in held_before)
        ]
        _hold(house, stopped)
        result.held += [(item.deal["deal_number"], reason) for item in stopped]
        ready = [item for item in work if item not in stopped]
        result.amended += sum(1 for item in ready if item.amends)
        _plan_chunk(house, book, ready, lock, result)
    told = {deal for deal, _ in result.held}
    still = held_deals(house, book)
    result.held += [(number, "its amendment waits for approval") for number in still.values() if number not in told]


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _plan_chunk(house: House, book: str, chunk: Sequence[Work], lock: Locks, result: _Result) -> None:
    if not chunk:
        return
    for name in _ledgers_of(house, book, chunk):
        house.ledger(name).get_ready()
    aside: list[tuple[Fact, str]] = []
    for item in chunk:
        # Without one that does not fit, another may not fit either.
        while wrong := conflicts(item.canonical, item.facts, item.recorded.values()) | item.money().wrong:
            aside += _without_unfit(item, wrong)
            result.held += [(item.deal["deal_number"], reason) for reason in wrong.values()]
    while not _planned_at_once(house, book, chunk, aside, lock, result):
        pass
    result.deals += len(chunk)


def _planned_at_once(
    house: House, book: str, chunk: Sequence[Work], aside: Sequence[tuple[Fact, str]], lock: Locks, result: _Result
) -> bool:
    """Plan a chunk and write it in one transaction; False, and nothing is written, where a book was closed in between.
    The plan is made before the transaction, which keeps all other writers of the store waiting."""
    names = _ledgers_of(house, book, chunk)
    with house.store.read() as conn:
        closed = {name: closed_through(conn, name) for name in names}
    plans, unfit = plan_deals(house, book, chunk, Locks(_later(closed[book], lock.closed_through)))
    with house.store.transaction(house.actor, f"transform {book}") as tx:
        if closed != {name: closed_through(tx.conn, name) for name in names}:
            return False
        _set_aside(tx, aside)
        planned: list[tuple[Work, bool]] = []
        by_book: dict[str, list[Planned]] = {}
        for plan in plans:
            item, gone = plan.item, plan.gone
            _supersede(tx, item, gone)
            for one in plan.new:
                by_book.setdefault(one.posting.key.book, []).append(one)
            planned.append((item, bool(plan.new)))
            item.effect_rows = [row for row in item.effect_rows if row["entry"] not in gone]
            item.recorded = {
                row["entry_id"]: item.recorded[row["entry_id"]] for row in item.entry_rows if row["id"] not in gone
            }
        for name, some in by_book.items():
            result.postings += len(enqueue(tx, house.ledger(name), some))
        _mark_planned(tx, planned)
    result.held += unfit
    return True


def _later(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day is not None), default=None)


def _ledgers_of(house: House, book: str, chunk: Sequence[Work]) -> list[str]:
    """The books that postings of these deals go to."""
    own = house.book(book).legal_entity
    moved = [item.canonical.group_transfer for item in chunk]
    others = {one.from_entity for one in moved if one is not None and one.from_entity != own}
    return [book, *(house.book_of_entity(entity) for entity in sorted(others))]


def _supersede(tx: Tx, item: Work, gone: set[str]) -> None:
    if gone:
        rows = [row for row in item.effect_rows if row["entry"] in gone and not was_sent(row)]
        tx.update("effects", rows, state=EffectState.SUPERSEDED.value, updated_at=tx.at)
        tx.update("entries", [row for row in item.entry_rows if row["id"] in gone], state="superseded")


def _without_unfit(item: Work, wrong: Mapping[str, str]) -> list[tuple[Fact, str]]:
    """Take facts that do not fit their deal from it, and say why: it goes on without them, and they are held until it
    is corrected."""
    unfit = [(fact, wrong[fact.row["id"]]) for fact in item.facts if fact.row["id"] in wrong]
    item.facts = [fact for fact in item.facts if fact.row["id"] not in wrong]
    return unfit


def _set_aside(tx: Tx, unfit: Iterable[tuple[Fact, str]]) -> None:
    for fact, note in unfit:
        if (fact.row["state"], fact.row["note"]) != ("conflict", note):
            tx.update("facts", [fact.row], state="conflict", note=note)


def _mark_planned(tx: Tx, work: Iterable[tuple[Work, bool]]) -> None:
    """`work` says of each deal whether entries were made for it. Where there was nothing to post, no ledger will ever
    answer, so that the deal is settled here."""
    pairs = list(work)
    listed = [item for item, _ in pairs]
    _mark_dated(tx, listed)
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
            (
                item.deal,
                {
                    "state": _state_after(item, moving=item.deal["id"] in moving), "updated_at": tx.at,
                    "accounting_date": item.shown_date,
                },
            )
            for item in changed
        ],
    )  # fmt: skip
    applied: list[tuple[Row, Row]] = []
    for item in listed:
        stated = item.money().stated if item.facts else {}
        for fact in item.facts:
            receipt = stated.get(fact.row["id"], "")
            note = f"the deal's record states it as receipt {receipt}" if receipt else ""
            gone = {"state": "withdrawn"} if is_withdrawn(fact) else {"state": "applied", "note": note}
            applied.append((fact.row, gone))
    tx.change("facts", applied)


def _mark_dated(tx: Tx, work: Iterable[Work]) -> None:
    """Write the day that a sale is booked on into its version: what is told later does not move it."""
    moved = [item for item in work if item.version is not None and item.booked_on is not None]
    pairs = [(item.version, version_dated(item.version, item.canonical)) for item in moved if item.version is not None]
    for item, row in zip(moved, tx.change("deal_versions", pairs), strict=True):
        item.version = row


def _state_after(item: Work, *, moving: bool) -> str:
    taken_back = unwinds(item.canonical)
    if moving:
        return "unwinding" if taken_back else "planned"
    if taken_back:
        return "unwound" if posted_versions(item.recorded) else "cancelled"
    return "posted"


def _mark_before_go_live(house: House, work: Sequence[Work]) -> None:
    if not work:
        return
    with house.store.transaction(house.actor, "before go-live") as tx:
        tx.update("deal_versions", [item.version for item in work if item.version], state="before_go_live")
        tx.update("deals", [item.deal for item in work], state="before_go_live", updated_at=tx.at)


def _hold(house: House, work: Sequence[Work]) -> None:
    fresh = [item for item in work if item.version is not None and item.version["state"] == "accepted"]
    if not fresh:
        return
    with house.store.transaction(house.actor, "hold amendments") as tx:
        tx.update("deal_versions", [item.version for item in fresh if item.version], state="held")
