"""Deposits that are held, by deal: taken by entries of ours, and what the ledger still holds of them. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, select

from dealbooks.pipeline.expected import Standing
from dealbooks.reconcile.deposits import HeldDeposit
from dealbooks.reconcile.totals import DEPOSITS, LedgerSums
from dealbooks.store.tables import deals, effects, entries

_CHUNK = 400


def held_deposits(
    conn: Connection,
    book: str,
    currency: str,
    before: date,
    known: Mapping[str, Standing],
    sums: LedgerSums,
    *,
    named: Collection[str],
    key_length: int,
) -> list[HeldDeposit]:
    """The deposits that were taken before a day, of deals whose sale does not stand (`known`) and that are not `named`
    as waiting for somebody. `key_length` is how much of a key the ledger shows."""
    taken = (entries.c.book == book) & (entries.c.event == "deposit.received") & (entries.c.state == "posted")
    query = select(entries.c.deal_id, entries.c.accounting_date).where(
        taken & (entries.c.accounting_date < before.isoformat())
    )
    first: dict[str, str] = {}
    for row in conn.execute(query):
        standing = known.get(row.deal_id)
        if row.deal_id not in named and not (standing and standing.version):
            first[row.deal_id] = min(first.get(row.deal_id, row.accounting_date), row.accounting_date)
    held = sums.balances_of(DEPOSITS, currency)
    found = []
    for deal_id, number, stock_no, state, keys in _deals(conn, book, sorted(first)):
        shown = {key[:key_length] for key in keys} | ({stock_no} if stock_no else set())
        balance = sum((held.get(one, Decimal(0)) for one in shown), Decimal(0))
        since = date.fromisoformat(first[deal_id])
        found.append(HeldDeposit(deal_id, number, stock_no, _words(state), currency, balance, since))
    return found


def _words(state: str) -> str:
    return {"unwound": "the sale was taken back", "cancelled": "the deal was cancelled"}.get(
        state, "no sale stands for it"
    )


def _deals(conn: Connection, book: str, ids: Sequence[str]) -> list[tuple[str, str, str, str, list[str]]]:
    """Number, car, state, and the keys of the entries and write calls of some deals."""
    found = []
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        keys: dict[str, list[str]] = {}
        mine = (entries.c.book == book) & entries.c.deal_id.in_(some)
        for row in conn.execute(select(entries.c.id, entries.c.deal_id).where(mine)):
            keys.setdefault(row.deal_id, []).append(row.id)
        mine = (effects.c.book == book) & effects.c.deal_id.in_(some)
        for row in conn.execute(select(effects.c.id, effects.c.deal_id).where(mine)):
            keys.setdefault(row.deal_id, []).append(row.id)
        columns = (deals.c.id, deals.c.deal_number, deals.c.stock_no, deals.c.state)
        rows = conn.execute(select(*columns).where(deals.c.id.in_(some)).order_by(deals.c.id))
        found += [(row.id, row.deal_number, row.stock_no, row.state, keys.get(row.id, [])) for row in rows]
    return found
