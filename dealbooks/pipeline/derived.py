"""What a reconciliation derives from balances and from the store: open items, deposits, deals without entries. Reads
only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Connection, select

from dealbooks.pipeline.cutoff import CutOff
from dealbooks.pipeline.deposits import held_deposits
from dealbooks.pipeline.expected import Standing, deal_standings, owners_of, standings
from dealbooks.reconcile import MatchPolicy, MatchResult, ReconException
from dealbooks.reconcile.deposits import deposit_exceptions
from dealbooks.reconcile.model import SEVERITIES
from dealbooks.reconcile.moves import open_without, sold_without
from dealbooks.reconcile.openitems import AgePolicy, open_exceptions
from dealbooks.reconcile.totals import LedgerSums
from dealbooks.reconcile.words import WORDS
from dealbooks.store.db import read_rows
from dealbooks.store.tables import deals


def derived(
    conn: Connection,
    book: str,
    policy: MatchPolicy,
    result: MatchResult,
    sums: LedgerSums,
    unsettled: Sequence[CutOff],
    as_of: date,
    *,
    key_length: int,
) -> list[ReconException]:
    """What balances say about deals, cars and deposits, and deals that have no entries at all. `key_length` is how much
    of a key the ledger shows."""
    known = standings(conn, book, policy.last)
    items = open_without(sums.open_items, result.exceptions, policy.accounts)
    sold = sold_without(sums.sold, result.exceptions)
    owner = {key: deal for key, (_, deal) in owners_of(conn, book, (k for item in items for k in item.keys)).items()}
    ours = [*(item for item, _ in result.matched), *result.absent]
    sold_here = {item.deal_id for item in ours if item.entry.event == "sale.posted"}
    reversed_ = {deal_id for deal_id, standing in known.items() if standing.reversed_open}
    twice = [number for number, count in sold.items() if count > 1]
    by_car = select(deals.c.id).where((deals.c.book == book) & deals.c.stock_no.in_(twice[:400]))
    cars = {row.id for row in conn.execute(by_car)} if twice else set()
    stated = deal_standings(conn, known, {*owner.values(), *sold_here, *reversed_, *cars})
    named = {item.deal_id for item in unsettled if item.deal_id}
    found = list(
        open_exceptions(
            items, stated, owner, sold, as_of=as_of, currency=policy.currency, named=named,
            stock_is_kept=sums.keeps_stock,
        )
    )  # fmt: skip
    ages = AgePolicy()
    before = as_of - timedelta(days=ages.deposit)
    held = held_deposits(conn, book, policy.currency, before, known, sums, named=named, key_length=key_length)
    return [*found, *deposit_exceptions(held, as_of, ages), *_without_entries(conn, book, policy, known, named)]


def _without_entries(
    conn: Connection, book: str, policy: MatchPolicy, known: Mapping[str, Standing], named: set[str]
) -> list[ReconException]:
    """Completeness (R1): a deal of the period that counts as posted must have a sale among our entries. One that came
    when the period was closed has it in a later one."""
    days = deals.c.accounting_date.between(policy.first.isoformat(), policy.last.isoformat())
    query = select(deals).where((deals.c.book == book) & days & (deals.c.state == "posted")).order_by(deals.c.id)
    words = WORDS["missing_in_ledger"]
    lost = [row for row in read_rows(conn, query) if row["id"] not in known and row["id"] not in named]
    late = standings(conn, book, date.max) if lost else {}
    return [
        ReconException(
            code="missing_in_ledger", severity=SEVERITIES["missing_in_ledger"],
            what=f"Deal {row['deal_number']} counts as posted, and none of its entries is known.",
            where=f"deal {row['deal_number']}", ours=f"a sale on {row['accounting_date']}", theirs="nothing",
            difference=Decimal(0), currency=policy.currency, cause="The store has lost the entries of the deal.",
            cure=words.cure.format(deal=row["deal_number"], ref=""), subject=row["id"], deal=row["deal_number"],
            stock_nos=(row["stock_no"],) if row["stock_no"] else (),
        )
        for row in lost if row["id"] not in late
    ]  # fmt: skip
