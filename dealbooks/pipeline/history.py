"""What was taken and posted before, as the rules about history want it. Reads only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, or_, select

from dealbooks.deal import Deal
from dealbooks.deal.rules.history import PostedReceipt, StandingSale
from dealbooks.entries import Entry
from dealbooks.store.db import Row
from dealbooks.store.tables import deal_aliases, deal_versions, deals, entries, facts

_CHUNK = 400
# Receipts of a file that states only sums by method: a change is posted as a receipt of the difference.
SUMMED = frozenset({"D1", "P-CASH", "P-CARD", "P-BANK"})
_GONE = ("unwound", "unwinding", "cancelled")


def known_deals(conn: Connection, natural_keys: Sequence[str]) -> dict[str, Row]:
    """Deals that these source keys name: natural key -> row of `deals`."""
    known: dict[str, Row] = {}
    for start in range(0, len(natural_keys), _CHUNK):
        some = natural_keys[start : start + _CHUNK]
        query = (
            select(deal_aliases.c.natural_key, deals)
            .join(deals, deals.c.id == deal_aliases.c.deal_id)
            .where(deal_aliases.c.natural_key.in_(some))
        )
        for row in conn.execute(query).mappings():
            values = dict(row)
            known[values.pop("natural_key")] = values
    return known


@dataclass(frozen=True, slots=True)
class Standing:
    """Sales that stand, by book and VIN or stock number."""

    by_vin: Mapping[tuple[str, str], list[Row]]
    by_stock: Mapping[tuple[str, str], list[Row]]

    def for_deal(self, book: str, deal_id: str, deal: Deal) -> list[StandingSale]:
        """Sales of the same car by other deals of the book."""
        rows = {
            row["id"]: row
            for row in (
                *self.by_vin.get((book, deal.vehicle.vin), ()),
                *self.by_stock.get((book, deal.vehicle.stock_no), ()),
            )
            if row["id"] != deal_id
        }
        return [
            StandingSale(row["deal_number"], row["vin"], row["stock_no"], date.fromisoformat(row["accounting_date"]))
            for row in rows.values()
        ]


def standing_sales(conn: Connection, wanted: Sequence[Deal]) -> Standing:
    """Sales that stand of the cars of these deals."""
    by_vin: dict[tuple[str, str], list[Row]] = {}
    by_stock: dict[tuple[str, str], list[Row]] = {}
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        vins = [deal.vehicle.vin for deal in some if deal.vehicle.vin]
        stocks = [deal.vehicle.stock_no for deal in some if deal.vehicle.stock_no]
        query = select(deals).where(or_(deals.c.vin.in_(vins), deals.c.stock_no.in_(stocks)))
        for row in conn.execute(query.where(deals.c.state.not_in(_GONE))).mappings():
            by_vin.setdefault((row["book"], row["vin"]), []).append(dict(row))
            by_stock.setdefault((row["book"], row["stock_no"]), []).append(dict(row))
    return Standing(by_vin, by_stock)


def standing_sale(deal: Deal) -> StandingSale:
    """A deal as others that sell the same car see it."""
    return StandingSale(deal.deal_id, deal.vehicle.vin, deal.vehicle.stock_no, deal.accounting_date)


def without_returned(conn: Connection, book: str, deal: Deal, sales: Iterable[StandingSale]) -> list[StandingSale]:
    """Sales that still count against this one: a car that came back in part-exchange after an earlier sale may be sold
    again."""
    listed = list(sales)
    if not listed:
        return []
    newest = (deals.c.id == deal_versions.c.deal_id) & (deals.c.version == deal_versions.c.version)
    query = (
        select(deal_versions.c.deal)
        .join(deals, newest)
        .where(
            (deal_versions.c.book == book)
            & deals.c.state.not_in(_GONE)
            & deal_versions.c.deal.contains(deal.vehicle.vin, autoescape=True)
        )
    )
    returned = [
        other.accounting_date
        for other in (Deal.model_validate_json(row.deal) for row in conn.execute(query))
        for trade in other.trade_ins
        if trade.vin == deal.vehicle.vin or trade.stock_no == deal.vehicle.stock_no
    ]
    return [sale for sale in listed if not any(sale.sold_on <= back <= deal.accounting_date for back in returned)]


def newest_deals(conn: Connection, deal_ids: Sequence[str]) -> dict[str, Deal]:
    """The newest version taken of each deal."""
    found: dict[str, Deal] = {}
    for start in range(0, len(deal_ids), _CHUNK):
        chosen = deal_versions.c.deal_id.in_(deal_ids[start : start + _CHUNK])
        query = select(deal_versions.c.deal_id, deal_versions.c.deal).where(chosen).order_by(deal_versions.c.version)
        for row in conn.execute(query):
            found[row.deal_id] = Deal.model_validate_json(row.deal)
    return found


def sold_on(conn: Connection, book: str, deal: Deal) -> dict[str, str]:
    """Which of the cars that were taken in part-exchange have been sold on: stock number -> deal number."""
    stock = [trade.stock_no for trade in deal.trade_ins if trade.stock_no]
    if not stock:
        return {}
    query = select(deals.c.stock_no, deals.c.deal_number).where(
        (deals.c.book == book) & deals.c.stock_no.in_(stock) & deals.c.state.not_in(_GONE)
    )
    return {row.stock_no: row.deal_number for row in conn.execute(query)}


def posted_receipts(conn: Connection, deal_ids: Sequence[str]) -> dict[str, dict[str, PostedReceipt]]:
    """Receipts of these deals that are on their way or posted: deal id -> receipt id -> receipt."""
    found: dict[str, dict[str, PostedReceipt]] = {}
    for start in range(0, len(deal_ids), _CHUNK):
        some = deal_ids[start : start + _CHUNK]
        told = (facts.c.kind == "payment") & (facts.c.state == "applied") & facts.c.deal_id.in_(some)
        beside = {
            (row.deal_id, row.subject) for row in conn.execute(select(facts.c.deal_id, facts.c.subject).where(told))
        }
        chosen = entries.c.deal_id.in_(some) & entries.c.entry_id.startswith("receipt-")
        query = select(entries.c.deal_id, entries.c.entry_id, entries.c.body).where(
            chosen & (entries.c.state != "superseded")
        )
        for row in conn.execute(query):
            entry = Entry.from_json(json.loads(row.body))
            cash = next(line for line in entry.lines if line.role.startswith("cash."))
            receipt_id = row.entry_id.removeprefix("receipt-")
            if receipt_id in SUMMED:
                continue
            found.setdefault(row.deal_id, {})[receipt_id] = PostedReceipt(
                receipt_id, cash.debit, cash.dimensions["method"], entry.original_date or entry.accounting_date,
                told_beside=(row.deal_id, receipt_id) in beside,
            )  # fmt: skip
    return found
