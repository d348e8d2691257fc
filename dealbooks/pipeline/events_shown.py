"""Events as a person sees them, and what a person does about them: attach one to its deal, or ignore it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.deal import Deal
from dealbooks.errors import UsageError
from dealbooks.events.match import told_objects
from dealbooks.events.moments import told_at
from dealbooks.events.suggest import Sale, suggestions
from dealbooks.house import House
from dealbooks.money import MoneyError, exact
from dealbooks.pipeline.deal_objects import give_objects
from dealbooks.pipeline.events import PAYMENTS, alone, try_all_again
from dealbooks.pipeline.person import by_person
from dealbooks.pipeline.standing import standing_of
from dealbooks.pipeline.trace import need_deal
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import deal_versions, deals, events

_NOBODY = "It is not said who decides this and why."

OPEN = ("waiting", "review", "expired")
_MOST_DEALS = 5000  # that a payment is held against


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """One event: where it came from, what it tells, what it names, what became of it. Times are UTC. `amount` is as its
    sender told it, and counts for nothing."""

    id: int
    state: str
    hook: str
    kind: str
    names: str
    amount: str
    currency: str
    occurred_at: str
    received_at: str
    deal: str
    deal_id: str
    book: str
    rule: str
    note: str
    test: bool

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class WholeEvent:
    """One event with its sender's own words and with what it may be about: a payment's `suggested` deals have its
    amount, its currency and its payer. Nothing is done with them."""

    event: ShownEvent
    object_ids: Mapping[str, str]
    text: str
    body: Any
    suggested: tuple[Sale, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return self.event.as_json() | {
            "object_ids": dict(self.object_ids), "text": self.text, "body": self.body,
            "suggested": [
                {"deal": one.number, "deal_id": one.deal_id, "book": one.book, "customer": one.customer}
                for one in self.suggested
            ],
        }  # fmt: skip


def listed(house: House, *, everything: bool = False) -> list[ShownEvent]:
    """Events that wait for their deal, that a person must look at, and those whose deal never came; or all. Oldest
    first."""
    with house.store.read() as conn:
        return _shown(conn, None if everything else events.c.state.in_(OPEN))


def show(house: House, event: int) -> WholeEvent:
    """One event, whole.

    Raises:
        UsageError: there is no such event.
    """
    with house.store.read() as conn:
        row = _row(conn, event)
        (shown,) = _shown(conn, events.c.id == event)
        suggested = _suggested(conn, house, row) if row["state"] in OPEN else ()
    return WholeEvent(
        shown, json.loads(row["object_ids"]), row["text"], json.loads(row["body"]) if row["body"] else None, suggested
    )


def attach(house: House, event: int, deal: str, *, who: str, why: str) -> ShownEvent:
    """Say which deal an event is about. It counts from the next sync on, as if it had been found. Its envelope or
    payment belongs to the deal that was said last. The note of the answer says what to look at.

    Raises:
        UsageError: there is no such event or deal, it cannot be attached any more, or who or why is missing.
    """
    who, why = by_person(who, why, _NOBODY)
    with house.store.transaction(who, f"attach event {event} to {deal}: {why}") as tx:
        alone(tx)
        row = _row(tx.conn, event)
        found = need_deal(tx.conn, deal)
        _refuse_settled(row)
        if (row["state"], row["deal_id"]) == ("matched", found["id"]):
            raise UsageError(f"Event {event} is attached to {found['deal_number']} already.")
        if row["test"] and standing_of(house, found["book"]).mode == "live":
            raise UsageError(
                f"Event {event} is of its sender's test mode, and the book {found['book']} is live.",
                fix="Ignore it; what happened for good comes by an event of the live mode.",
            )
        note = f"attached by {who}: {why}{_was_of(tx.conn, row)}"
        tx.update("events", [row], state="matched", deal_id=found["id"], rule="person", note=note)
        give_objects(tx, found["id"], told_objects(row["hook"], json.loads(row["object_ids"])))
        try_all_again(tx)
        (shown,) = _shown(tx.conn, events.c.id == event)
    return shown


def ignore(house: House, event: int, *, who: str, why: str) -> ShownEvent:
    """Say that an event counts for nothing.

    Raises:
        UsageError: there is no such event, it cannot be ignored any more, or who or why is missing.
    """
    who, why = by_person(who, why, _NOBODY)
    with house.store.transaction(who, f"ignore event {event}: {why}") as tx:
        alone(tx)
        row = _row(tx.conn, event)
        _refuse_settled(row)
        note = f"ignored by {who}: {why}{_was_of(tx.conn, row)}"
        tx.update("events", [row], state="ignored", deal_id=None, rule=None, note=note)
        (shown,) = _shown(tx.conn, events.c.id == event)
    return shown


# -- inside --------------------------------------------------------------------------------------------------------


def _was_of(conn: Connection, row: Row) -> str:
    """What a person must know when an event that counted for a deal does so no longer."""
    if row["state"] != "matched" or not row["deal_id"]:
        return ""
    query = select(deals.c.deal_number, deals.c.posted_version).where(deals.c.id == row["deal_id"])
    earlier = conn.execute(query).first()
    if earlier is None or not earlier.posted_version:
        return ""
    return (
        f". It was attached to {earlier.deal_number}, whose sale is posted: look whether that sale may stand "
        f"('dealbooks trace {earlier.deal_number}')"
    )


def _refuse_settled(row: Row) -> None:
    if row["state"] in ("new", "sample"):
        words = "is a sample, which is about no deal" if row["state"] == "sample" else "is not taken yet"
        raise UsageError(f"Event {row['id']} {words}.", fix="Run 'dealbooks sync', then look at 'dealbooks events'.")
    if row["read_at"] and row["kind"] in PAYMENTS:
        raise UsageError(
            f"The payment of event {row['id']} was read at its provider already.",
            fix="Look at the deal with 'dealbooks trace DEAL'.",
        )


def _row(conn: Connection, event: int) -> Row:
    rows = read_rows(conn, select(events).where(events.c.id == event))
    if not rows:
        raise UsageError(f"There is no event {event}.", fix="See 'dealbooks events --all'.")
    return rows[0]


def _shown(conn: Connection, condition: Any) -> list[ShownEvent]:
    columns = [column for column in events.c if column.name != "body"]
    query = (
        select(*columns, deals.c.deal_number, deals.c.book)
        .join(deals, deals.c.id == events.c.deal_id, isouter=True)
        .order_by(events.c.id)
    )
    return [_one(row) for row in read_rows(conn, query if condition is None else query.where(condition))]


def _one(row: Row) -> ShownEvent:
    object_ids: Mapping[str, str] = json.loads(row["object_ids"])
    things = [f"{name.replace('_', ' ')} {value}" for name, value in object_ids.items()]
    return ShownEvent(
        row["id"], row["state"], row["hook"], row["kind"], "; ".join([*filter(None, [row["deal_ref"]]), *things]),
        row["amount"], row["currency"], row["occurred_at"], row["received_at"], row["deal_number"] or "",
        row["deal_id"] or "", row["book"] or "", row["rule"] or "", row["note"], row["test"] == "yes",
    )  # fmt: skip


def _suggested(conn: Connection, house: House, row: Row) -> tuple[Sale, ...]:
    """Deals that have the amount, the currency and the payer of an event."""
    try:
        amount = exact(row["amount"]) if row["amount"] else None
    except MoneyError:
        amount = None
    if amount is None or not row["currency"]:
        return ()
    days = house.config.events.suggest_days
    day = (told_at(row["occurred_at"]) or datetime.fromisoformat(row["received_at"])).date()
    first, last = ((day + timedelta(days=way * days)).isoformat() for way in (-1, 1))
    query = (
        select(deals.c.id, deals.c.book, deal_versions.c.deal)
        .join(deal_versions, (deal_versions.c.deal_id == deals.c.id) & (deal_versions.c.version == deals.c.version))
        .where(deals.c.accounting_date.between(first, last))
        .order_by(deals.c.accounting_date)
        .limit(_MOST_DEALS)
    )
    sales = [_sale(one.id, one.book, Deal.model_validate_json(one.deal)) for one in conn.execute(query)]
    return suggestions(amount, row["currency"], f"{row['text']} {row['body'] or ''}", day, days, sales)


def _sale(deal_id: str, book: str, deal: Deal) -> Sale:
    return Sale(
        deal_id, deal.deal_id, book, deal.customer.name, deal.currency, deal.accounting_date, frozenset(_amounts(deal))
    )


def _amounts(deal: Deal) -> Sequence[Decimal]:
    """What a customer may pay at once: a deposit, a payment, what is still due, the whole."""
    stated = [*(one.amount for one in deal.deposits), *(one.amount for one in deal.payments)]
    return [*stated, deal.balance_due, *([deal.contract_total] if deal.contract_total is not None else [])]
