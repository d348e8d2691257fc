"""Facts about a deal that reach us beside it: the customer or the lender paid, money was given back, a settlement was
paid, income was charged back. They make no version of the deal.

A fact that comes before its deal waits for it, and one that does not fit its deal is held until the deal is corrected.
How they are taken is in `facts_taken`, how they are laid over their deal in `facts_laid` and `facts_money`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from dealbooks.house import House
from dealbooks.store.db import Row
from dealbooks.store.tables import deals, facts

METHOD = "bank_transfer"  # of money that is told without a method
MONEY = ("payment", "refund")  # of the customer: what a later version of the deal is held against
_TAKING = ("accepted", "planned", "posted")
ENDED = ("unwinding", "unwound", "cancelled")
UNSETTLED = ("waiting", "conflict")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as stored; `kind` is funding, reserve, payoff, chargeback, payment or refund."""

    row: Row
    kind: str
    subject: str
    body: dict[str, Any]

    @classmethod
    def of(cls, row: Row) -> Fact:
        """From its row."""
        return cls(row, row["kind"], row["subject"], json.loads(row["body"]))


def folded(text: str) -> str:
    """A reference or stock number as it is compared."""
    return text.strip().casefold()


def link_facts(house: House, book: str) -> None:
    """Give facts that wait for their deal the deal, once it is there."""
    with house.store.read() as conn:
        waiting = (facts.c.book == book) & facts.c.deal_id.is_(None) & facts.c.state.in_(UNSETTLED)
        rows = [dict(row) for row in conn.execute(select(facts).where(waiting)).mappings()]
        pairs = []
        for start in range(0, len(rows), 400):
            some = rows[start : start + 400]
            numbers = [row["deal_number"] for row in some]
            query = select(deals.c.id, deals.c.deal_number, deals.c.location).where(
                (deals.c.book == book) & deals.c.deal_number.in_(numbers)
            )
            there: dict[str, list[Any]] = {}
            for deal in conn.execute(query):
                there.setdefault(deal.deal_number, []).append(deal)
            for row in some:
                fits = [
                    d for d in there.get(row["deal_number"], []) if not row["location"] or d.location == row["location"]
                ]
                if len(fits) == 1:
                    pairs.append((row, {"deal_id": fits[0].id, "location": fits[0].location}))
    if pairs:
        with house.store.transaction(house.actor, "match facts with deals") as tx:
            tx.change("facts", pairs)


def load_facts(conn: Connection, book: str) -> dict[str, list[Fact]]:
    """Facts of deals of a book that are not applied yet (they wait, or did not fit their deal when it was last looked
    at): deal id -> facts in the order of their subjects. After the end of a deal only money of the customer is looked
    at."""
    open_ = facts.c.state.in_(UNSETTLED)
    live = or_(deals.c.state.in_(_TAKING), and_(facts.c.kind.in_(MONEY), deals.c.state.in_(ENDED)))
    return _loaded(conn, (deals.c.book == book) & open_ & live)


def settled_money(conn: Connection, ids: Sequence[str]) -> dict[str, list[Fact]]:
    """Payments and refunds of these deals that are applied: deal id -> facts."""
    mine = facts.c.deal_id.in_(ids) & facts.c.kind.in_(MONEY)
    return _loaded(conn, mine & (facts.c.state == "applied"))


def _loaded(conn: Connection, chosen: ColumnElement[bool]) -> dict[str, list[Fact]]:
    query = select(facts).join(deals, deals.c.id == facts.c.deal_id).where(chosen)
    loaded: dict[str, list[Fact]] = {}
    for row in conn.execute(query.order_by(facts.c.kind, facts.c.subject)).mappings():
        loaded.setdefault(row["deal_id"], []).append(Fact.of(dict(row)))
    return loaded
