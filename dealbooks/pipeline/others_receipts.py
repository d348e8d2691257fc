"""Payments of customers that we count and others book (`receipts: match`), as a reconciliation wants them. Reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Connection, select

from dealbooks.deal import Deal
from dealbooks.money import exact
from dealbooks.periods import Period
from dealbooks.pipeline.facts import Fact
from dealbooks.pipeline.facts_money import MATCH, count_money
from dealbooks.pipeline.history import newest_deals
from dealbooks.reconcile.receipts import OthersReceipt
from dealbooks.store.tables import deals, entries, facts

_BEFORE = timedelta(days=35)  # a bank books what came in the last days of a month in the next one
_GONE = ("unwound", "unwinding", "cancelled")


def others_receipts(conn: Connection, book: str, currency: str, period: Period, *, all_of: bool) -> list[OthersReceipt]:
    """Payments of a book in a period and shortly before it. `all_of`: the book posts no payments at all."""
    first, last = period.first - _BEFORE, period.last
    found = [*_told(conn, book, currency)]
    if all_of:
        named = {(one.deal, one.reference) for one in found}
        found += [one for one in _stated(conn, book, currency, first) if (one.deal, one.reference) not in named]
    return [one for one in found if first <= one.date <= last]


def due_after_facts(conn: Connection, stated: Deal, deal_id: str) -> Decimal:
    """What is still due of a deal after what was paid and given back beside its record."""
    mine = (facts.c.deal_id == deal_id) & (facts.c.state == "applied") & facts.c.kind.in_(["payment", "refund"])
    settled = [Fact.of(dict(row)) for row in conn.execute(select(facts).where(mine)).mappings()]
    return count_money(stated, settled, ()).deal.balance_due if settled else stated.balance_due


def _told(conn: Connection, book: str, currency: str) -> Iterator[OthersReceipt]:
    mine = (facts.c.book == book) & (facts.c.kind == "payment") & (facts.c.state == "applied")
    for row in conn.execute(select(facts).where(mine)).mappings():
        fact = Fact.of(dict(row))
        if fact.body.get("receipts") == MATCH:
            day = date.fromisoformat(fact.body["date"])
            yield OthersReceipt(row["deal_number"], fact.subject, day, exact(fact.body["amount"]), currency)


def _stated(conn: Connection, book: str, currency: str, first: date) -> Iterator[OthersReceipt]:
    """Payments that deals' own records state, and that we did not post."""
    sold = (deals.c.book == book) & (deals.c.posted_version > 0) & deals.c.state.not_in(_GONE)
    recent = sold & (deals.c.accounting_date >= (first - _BEFORE).isoformat())
    ids = {row.id: row.deal_number for row in conn.execute(select(deals.c.id, deals.c.deal_number).where(recent))}
    posted = entries.c.entry_id.startswith("receipt-") & (entries.c.state != "superseded") & (entries.c.book == book)
    query = select(entries.c.deal_id, entries.c.entry_id).where(posted)
    ours = {(row.deal_id, row.entry_id) for row in conn.execute(query)}
    for deal_id, deal in newest_deals(conn, list(ids)).items():
        for payment in deal.payments:
            if (deal_id, f"receipt-{payment.receipt_id}") not in ours:
                yield OthersReceipt(ids[deal_id], payment.receipt_id, payment.date, payment.amount, currency)
