"""What a transform works on: a deal with its newest version, what was planned for it, and the facts that arrived."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, select

from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.house import House
from dealbooks.money import exact
from dealbooks.outbox import EffectState
from dealbooks.pipeline.facts import Fact, load_facts, settled_money
from dealbooks.pipeline.facts_money import Counted, count_money
from dealbooks.pipeline.told import dated, day_of, told_of
from dealbooks.readiness import NOTHING_TOLD, Told
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import deal_versions, deals, effects, entries

UNSENT = (EffectState.HELD.value, EffectState.PENDING.value)
_REFUSED = EffectState.REFUSED.value  # the ledger does not have it, for good
_MOVING = (EffectState.SENDING.value, EffectState.UNKNOWN.value)


@dataclass(slots=True, eq=False)
class Work:
    """One deal with something to post: its newest version, or facts that arrived."""

    deal: Row
    version: Row | None
    canonical: Deal
    recorded: dict[str, Entry] = field(default_factory=dict)
    entry_rows: list[Row] = field(default_factory=list)
    effect_rows: list[Row] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    settled: list[Fact] = field(default_factory=list)
    matched: bool = False  # the book posts no payments: its bank feed does
    # Payments of the sale that were not posted with it: receipt -> amount.
    passed: Mapping[str, Decimal] = field(default_factory=dict)
    told: Told = NOTHING_TOLD
    booked_on: date | None = None  # where it is not the day that the deal states
    issues: dict[str, int] = field(default_factory=dict)  # of entries that were issued again: the newest issue

    def money(self, without: Collection[str] = ()) -> Counted:
        """The deal with the payments and refunds that count, also those that were told beside its record; `without`
        are names of entries that are superseded."""
        if not self.facts and not self.settled and not self.matched and not self.passed:
            return Counted(self.canonical)
        recorded = {name: entry for name, entry in self.recorded.items() if name not in without}
        return count_money(self.canonical, self.settled, self.facts, recorded, matched=self.matched, passed=self.passed)

    @property
    def shown_date(self) -> str:
        """The day of the deal in lists: that of its sale, unless a posted one was changed since."""
        first = self.booked_on is not None and not self.deal["posted_version"]
        return self.canonical.accounting_date.isoformat() if first else str(self.deal["accounting_date"])

    @property
    def amends(self) -> bool:
        """Whether this takes back a sale that stands, or may stand, in the ledger."""
        return self.version is not None and any(row["version"] > 0 and was_sent(row) for row in self.effect_rows)

    @property
    def unsettled(self) -> bool:
        """Whether what was sent of the last version is on its way still, or has to be sent again."""
        return any(
            row["state"] in _MOVING or (row["version"] > 0 and row["state"] in UNSENT and row["attempts"])
            for row in self.effect_rows
        )


def was_sent(row: Row) -> bool:
    """Whether a call has reached the ledger, or may have."""
    return row["state"] != _REFUSED and (row["state"] not in UNSENT or bool(row["attempts"]))


def issue_of(row: Row) -> int:
    """How often an entry was issued again: the last part of its key."""
    return int(json.loads(row["key"])[-1])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Deals with something to post: the id of the version that is to be posted, None where only facts arrived."""

    ids: Mapping[str, str | None]
    facts: Mapping[str, list[Fact]]


def find_wanted(house: House, book: str, *, include_held: bool) -> Wanted:
    """Every deal of a book with something to post, oldest version first."""
    states = ("accepted", "held") if include_held else ("accepted",)
    with house.store.read() as conn:
        query = select(deal_versions.c.id, deal_versions.c.deal_id).where(
            (deal_versions.c.book == book) & deal_versions.c.state.in_(states)
        )
        newest: dict[str, str | None] = {
            row.deal_id: row.id
            for row in conn.execute(query.order_by(deal_versions.c.version, deal_versions.c.inbox_id))
        }
        facts = load_facts(conn, book)
    return Wanted(newest | {deal: None for deal in facts if deal not in newest}, facts)


def held_deals(house: House, book: str) -> dict[str, str]:
    """Deals with a version that waits for a person's approval: deal id -> deal number."""
    with house.store.read() as conn:
        query = (
            select(deals.c.id, deals.c.deal_number)
            .join(deal_versions, deal_versions.c.deal_id == deals.c.id)
            .where((deals.c.book == book) & (deal_versions.c.state == "held"))
        )
        return {row.id: row.deal_number for row in conn.execute(query.order_by(deals.c.deal_number))}


def load_work(house: House, ids: Sequence[str], wanted: Wanted) -> list[Work]:
    """Deals by their ids, with everything that planning them needs."""
    with house.store.read() as conn:
        matched = {name for name, one in house.config.books.items() if one.receipts == "match"}
        work = _loaded(conn, ids, wanted, matched)
        _tell(conn, house, [item for item in work if item.version is not None])
        return work


def _tell(conn: Connection, house: House, work: Sequence[Work]) -> None:
    """Add what events told of these deals, and the day that a sale is booked on."""
    if not work:
        return
    book = work[0].deal["book"]
    told = told_of(conn, house, book, [item.deal["id"] for item in work])
    stated = house.book_config(book).post_when.date == "stated"
    for item in work:
        item.told = told.get(item.deal["id"], NOTHING_TOLD)
        if stated:
            continue
        item.booked_on = day_of(house, book, item.money().deal, item.recorded.values(), item.told)
        if item.booked_on is not None:
            item.canonical = dated(item.canonical, item.booked_on)


def _loaded(conn: Connection, ids: Sequence[str], wanted: Wanted, matched: Collection[str]) -> list[Work]:
    by_id = {row["id"]: row for row in read_rows(conn, select(deals).where(deals.c.id.in_(ids)))}
    entry_rows = _by_deal(read_rows(conn, select(entries).where(entries.c.deal_id.in_(ids))))
    effect_columns = [column for column in effects.c if column.name != "payload"]
    effect_rows = _by_deal(read_rows(conn, select(*effect_columns).where(effects.c.deal_id.in_(ids))))
    settled = settled_money(conn, ids)
    named = [name for deal in ids if (name := wanted.ids[deal]) is not None]
    columns = [column for column in deal_versions.c if column.name not in ("provenance", "warnings")]
    query = select(*columns).where(deal_versions.c.id.in_(named) & deal_versions.c.state.in_(["accepted", "held"]))
    newest = {row["deal_id"]: row for row in read_rows(conn, query)}
    without = [deal for deal in ids if deal not in newest]
    standing = deal_versions.c.deal_id.in_(without) & deal_versions.c.state.in_(["planned", "posted"])
    query = select(*columns).where(standing).order_by(deal_versions.c.version)
    taken = {row["deal_id"]: row for row in read_rows(conn, query)} if without else {}
    before = _before(conn, newest.values()) | taken
    work = []
    for deal_id in ids:
        deal, version = by_id.get(deal_id), newest.get(deal_id)
        body = version or taken.get(deal_id)
        if deal is None or body is None:
            continue
        item = Work(deal, version, Deal.model_validate_json(body["deal"]), facts=wanted.facts.get(deal_id, []))
        item.settled, item.matched = settled.get(deal_id, []), deal["book"] in matched
        for row in entry_rows.get(deal_id, ()):
            item.issues[row["entry_id"]] = max(item.issues.get(row["entry_id"], 0), issue_of(row))
        item.entry_rows = [row for row in entry_rows.get(deal_id, ()) if row["state"] != "superseded"]
        item.effect_rows = [row for row in effect_rows.get(deal_id, ()) if row["state"] != EffectState.SUPERSEDED.value]
        item.recorded = {row["entry_id"]: Entry.from_json(json.loads(row["body"])) for row in item.entry_rows}
        if deal_id in before:
            item.passed = _passed_over(before[deal_id], item.issues)
        work.append(item)
    return work


def _before(conn: Connection, newest: Iterable[Row]) -> dict[str, Row]:
    """The version of each deal that was planned or posted before a newer one: deal id -> row."""
    ids = [row["deal_id"] for row in newest if row["version"] > 1]
    if not ids:
        return {}
    stood = deal_versions.c.deal_id.in_(ids) & deal_versions.c.state.in_(["planned", "posted"])
    columns = (deal_versions.c.deal_id, deal_versions.c.deal)
    return {
        row["deal_id"]: row for row in read_rows(conn, select(*columns).where(stood).order_by(deal_versions.c.version))
    }


def _passed_over(version: Row, planned: Collection[str]) -> dict[str, Decimal]:
    """Payments of a version that no entry was ever made for."""
    stated = json.loads(version["deal"]).get("payments") or ()
    amounts = {
        one["receipt_id"]: exact(one["amount"]) for one in stated if f"receipt-{one['receipt_id']}" not in planned
    }
    return {name: amount for name, amount in amounts.items() if amount}


def _by_deal(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["deal_id"], []).append(row)
    return found
