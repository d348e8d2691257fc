"""Payments of customers that we count and others book (`receipts: match`), as a reconciliation wants them. Reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.deal import Deal
from dealbooks.money import exact
from dealbooks.periods import Period
from dealbooks.pipeline.facts import Fact, folded
from dealbooks.pipeline.facts_money import BEFORE, MATCH, SAME_AS, count_money
from dealbooks.reconcile.receipts import OthersReceipt
from dealbooks.store.tables import deal_versions, deals, entries, facts

_CHUNK = 400
_BEFORE = timedelta(days=35)  # a bank books what came in the last days of a month in the next one
_GONE = ("unwound", "unwinding", "cancelled")


def others_receipts(conn: Connection, book: str, currency: str, period: Period, *, all_of: bool) -> list[OthersReceipt]:
    """Payments of a book in a period and shortly before it. `all_of`: the book posts no payments at all now. What
    others booked when that was so stays theirs, whatever the setting is now."""
    first, last = period.first - _BEFORE, period.last
    told = _told(conn, book)
    found = [
        OthersReceipt(fact.row["deal_number"], fact.subject, _day(fact), exact(fact.body["amount"]), currency)
        for fact in told
        if fact.body.get("receipts") == MATCH
    ]
    found += _stated(conn, book, currency, first, told, all_of=all_of)
    return [one for one in found if first <= one.date <= last]


def due_after_facts(conn: Connection, stated: Deal, deal_id: str) -> Decimal:
    """What is still due of a deal after what was paid and given back beside its record."""
    mine = (facts.c.deal_id == deal_id) & (facts.c.state == "applied") & facts.c.kind.in_(["payment", "refund"])
    settled = [Fact.of(dict(row)) for row in conn.execute(select(facts).where(mine)).mappings()]
    return count_money(stated, settled, ()).deal.balance_due if settled else stated.balance_due


def _told(conn: Connection, book: str) -> list[Fact]:
    mine = (facts.c.book == book) & (facts.c.kind == "payment") & (facts.c.state == "applied")
    return [Fact.of(dict(row)) for row in conn.execute(select(facts).where(mine)).mappings()]


def _day(fact: Fact) -> date:
    return date.fromisoformat(fact.body["date"])


def _stated(
    conn: Connection, book: str, currency: str, first: date, told: Iterable[Fact], *, all_of: bool
) -> Iterator[OthersReceipt]:
    """Payments that deals' own records state, that nobody told beside them, and that we did not post."""
    sold = (deals.c.book == book) & (deals.c.posted_version > 0) & deals.c.state.not_in(_GONE)
    recent = sold & (deals.c.accounting_date >= (first - _BEFORE).isoformat())
    ids = {row.id: row.deal_number for row in conn.execute(select(deals.c.id, deals.c.deal_number).where(recent))}
    receipts = entries.c.entry_id.startswith("receipt-") & (entries.c.book == book)
    if all_of:
        receipts &= entries.c.state != "superseded"
    ours = {
        (row.deal_id, row.entry_id)
        for row in conn.execute(select(entries.c.deal_id, entries.c.entry_id).where(receipts))
    }
    named = {
        (fact.row["deal_id"], folded(str(name)))
        for fact in told
        for name in (fact.subject, fact.body.get(SAME_AS), fact.body.get(BEFORE))
        if name
    }
    for deal_id, payments in _payments(conn, list(ids)):
        for payment in payments:
            number, names = payment["receipt_id"], (payment["receipt_id"], payment.get("processor_ref"))
            known = any((deal_id, folded(name)) in named for name in names if name)
            amount = exact(payment["amount"])
            if amount and not known and (deal_id, f"receipt-{number}") not in ours:
                yield OthersReceipt(ids[deal_id], number, date.fromisoformat(payment["date"]), amount, currency)


def _payments(conn: Connection, ids: Sequence[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The payments in the newest version of each deal that was planned or posted."""
    for start in range(0, len(ids), _CHUNK):
        some = deal_versions.c.deal_id.in_(ids[start : start + _CHUNK])
        stood = some & deal_versions.c.state.in_(["planned", "posted"])
        query = select(deal_versions.c.deal_id, deal_versions.c.deal).where(stood).order_by(deal_versions.c.version)
        newest = {row.deal_id: row.deal for row in conn.execute(query)}
        for deal_id, body in newest.items():
            yield deal_id, json.loads(body).get("payments") or []
