"""What the store holds of a book's entries and of the deals behind them, as exports and returns want it. Reads only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import localcontext

from sqlalchemy import select

from dealbooks.book import Book
from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.pipeline.history import newest_deals
from dealbooks.pipeline.periods import PeriodHouse
from dealbooks.posting.arithmetic import EXACT
from dealbooks.posting.figures import Figures
from dealbooks.posting.sale import figures_of
from dealbooks.returns import Fact, Span
from dealbooks.store.tables import deal_versions, deals, entries

_CHUNK = 400
_SALES = ("sale.posted", "sale.reversed", "sale.unwound")
_PAID_OFF = "trade.paid_off"
_OWN = (*_SALES, _PAID_OFF)
_GONE = ("unwound", "unwinding", "cancelled")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry with the deal that it belongs to."""

    entry: Entry
    deal_id: str
    deal: str
    version: int
    state: str


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale, or the mirror of one (`sign` -1), with its version and what that comes to."""

    recorded: Recorded
    deal: Deal
    figures: Figures
    sign: int


@dataclass(frozen=True, slots=True)
class Bought:
    """A car that came in part-exchange: when, from whom, by which deal."""

    on: date
    seller: str
    deal: str


def recorded(house: PeriodHouse, book: str, span: Span, *, from_beginning: bool = False) -> list[Recorded]:
    """Every entry of a book that is dated in the span (from the beginning: up to its end), in the order of dates."""
    condition = (entries.c.book == book) & (entries.c.state != "superseded")
    condition &= entries.c.accounting_date <= span.last.isoformat()
    if not from_beginning:
        condition &= entries.c.accounting_date >= span.first.isoformat()
    query = (
        select(entries, deals.c.deal_number)
        .join(deals, deals.c.id == entries.c.deal_id, isouter=True)
        .where(condition)
        .order_by(entries.c.accounting_date, entries.c.seq)
    )
    with house.store.read() as conn:
        return [
            Recorded(
                Entry.from_json(json.loads(row["body"])), row["deal_id"], row["deal_number"] or row["entry_id"],
                row["version"], row["state"],
            )
            for row in conn.execute(query).mappings()
        ]  # fmt: skip


def sales_of(house: PeriodHouse, found: Iterable[Recorded]) -> Iterator[Sale]:
    """The sales and mirrors among some entries, each with its version worked out again. The cost entry of a sale, and
    its mirror, are left out: they belong to the same version."""
    sales = [one for one in found if one.entry.event in _SALES and "cost" not in one.entry.entry_id]
    versions = _versions(house, {f"{one.deal_id}/{one.version}" for one in sales})
    paid_off = _payoffs(house, {one.deal_id for one in sales})
    for one in sales:
        payoffs = paid_off.get(one.deal_id, ())
        deal = versions.get(f"{one.deal_id}/{one.version}")
        if deal is not None:
            before = {paid.entry.entry_id: paid.entry for paid in payoffs if _before(paid, one)}
            with localcontext(EXACT):
                figures = figures_of(deal, before)
            yield Sale(one, deal, figures, 1 if one.entry.event == "sale.posted" else -1)


def facts_of(house: PeriodHouse, found: Collection[Recorded]) -> list[Fact]:
    """Entries as a return wants them: sales, mirrors, payoffs with their own version, later facts with the newest."""
    paid_off = _payoffs(house, {one.deal_id for one in found if one.entry.event in _OWN})
    with_version = {one.entry.entry_id + one.deal_id: one for payoffs in paid_off.values() for one in payoffs}
    every = [*(one for one in found if one.entry.event in _SALES), *with_version.values()]
    own = _versions(house, {f"{one.deal_id}/{one.version}" for one in every})
    later = sorted({one.deal_id for one in found if one.entry.event not in _OWN})
    with house.store.read() as conn:
        newest = newest_deals(conn, later)

    def fact(one: Recorded, payoffs: Iterable[Recorded]) -> Fact:
        known = with_version.get(one.entry.entry_id + one.deal_id, one)
        named = own.get(f"{one.deal_id}/{known.version}") if one.entry.event in _OWN else newest.get(one.deal_id)
        before = tuple(fact(paid, ()) for paid in payoffs if _before(paid, one))
        return Fact(one.entry, one.deal, named, one.state, before)

    return [fact(one, paid_off.get(one.deal_id, ()) if one.entry.event in _SALES else ()) for one in found]


def bought_from(house: PeriodHouse, book: Book, stock_nos: Collection[str]) -> dict[str, Bought]:
    """Which of these cars came to us in part-exchange: stock number -> the deal that took it, as it stands."""
    wanted = set(stock_nos)
    if not wanted:
        return {}
    newest = (deals.c.id == deal_versions.c.deal_id) & (deals.c.version == deal_versions.c.version)
    query = (
        select(deal_versions.c.deal)
        .join(deals, newest)
        .where(
            (deal_versions.c.book == book.name)
            & deals.c.state.not_in(_GONE)
            & deal_versions.c.deal.contains('"allowance"', autoescape=True)
        )
    )
    found: dict[str, Bought] = {}
    with house.store.read() as conn:
        for row in conn.execute(query):
            if not any(trade.get("stock_no") in wanted for trade in json.loads(row.deal).get("trade_ins", ())):
                continue
            deal = Deal.model_validate_json(row.deal)
            for trade in deal.trade_ins:
                if trade.stock_no in wanted:
                    seller = deal.customer.name or deal.customer.id
                    found[trade.stock_no] = Bought(deal.accounting_date, seller, deal.deal_id)
    return found


def _before(paid: Recorded, sale: Recorded) -> bool:
    """Whether a payoff was recorded before a version of its deal was posted: with an older one."""
    return paid.version < sale.version


def _payoffs(house: PeriodHouse, deal_ids: Collection[str]) -> dict[str, list[Recorded]]:
    """The payoffs that are recorded for some deals, by deal, each with the version that was posted last before it or
    together with it: of its own it has none."""
    listed = sorted(deal_ids)
    found: dict[str, list[Recorded]] = {}
    with house.store.read() as conn:
        for start in range(0, len(listed), _CHUNK):
            wanted = entries.c.deal_id.in_(listed[start : start + _CHUNK]) & (entries.c.state != "superseded")
            paid = conn.execute(select(entries).where(wanted & (entries.c.event == _PAID_OFF))).mappings().all()
            sold: dict[str, list[tuple[int, str]]] = {}
            chosen = entries.c.deal_id.in_({row["deal_id"] for row in paid}) & (entries.c.event == "sale.posted")
            query = select(entries.c.deal_id, entries.c.version, entries.c.created_at)
            for sale in conn.execute(query.where(chosen & (entries.c.state != "superseded"))):
                sold.setdefault(sale.deal_id, []).append((sale.version, sale.created_at))
            for row in paid:
                sales = sold.get(row["deal_id"], [])
                version = max((number for number, at in sales if at <= row["created_at"]), default=0)
                entry = Entry.from_json(json.loads(row["body"]))
                one = Recorded(entry, row["deal_id"], row["entry_id"], version, row["state"])
                found.setdefault(one.deal_id, []).append(one)
    return found


def _versions(house: PeriodHouse, names: Collection[str]) -> dict[str, Deal]:
    """Versions of deals, by “deal id/version”."""
    listed = sorted(names)
    found: dict[str, Deal] = {}
    with house.store.read() as conn:
        for start in range(0, len(listed), _CHUNK):
            chosen = deal_versions.c.id.in_(listed[start : start + _CHUNK])
            for row in conn.execute(select(deal_versions.c.id, deal_versions.c.deal).where(chosen)):
                found[row.id] = Deal.model_validate_json(row.deal)
    return found
