"""What the store says should stand in a ledger: the expected side of a reconciliation. Reads only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.money import exact
from dealbooks.outbox import EffectState
from dealbooks.periods import Period
from dealbooks.pipeline.others_receipts import due_after_facts
from dealbooks.reconcile.model import Expected
from dealbooks.reconcile.openitems import DealStanding
from dealbooks.store.db import Row
from dealbooks.store.tables import deal_versions, deals, effects, entries, facts

_CHUNK = 400
_SALES = ("sale.posted", "sale.reversed", "sale.unwound")


def expected_of_period(conn: Connection, book: str, period: Period) -> list[Expected]:
    """Every entry of a book dated in the period, also those on their way and those that were superseded."""
    days = entries.c.accounting_date.between(period.first.isoformat(), period.last.isoformat())
    return _expected(conn, _rows(conn, select(entries).where((entries.c.book == book) & days)))


def expected_by_keys(conn: Connection, book: str, keys: Iterable[str]) -> list[Expected]:
    """The entries of a book that records in the ledger carry the keys of, whatever their date."""
    owners = owners_of(conn, book, keys)
    found: list[Row] = []
    for some in _chunks(sorted({entry for entry, _ in owners.values()})):
        found += _rows(conn, select(entries).where(entries.c.id.in_(some)))
    return _expected(conn, found)


def owners_of(conn: Connection, book: str, keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Key as a ledger shows it (of a posting or of one of its calls, possibly cut) -> (entries.id, deal id)."""
    wanted = sorted(set(keys) - {""})
    found: dict[str, tuple[str, str]] = {}
    for some in _chunks(wanted):
        query = select(entries.c.id, entries.c.deal_id).where((entries.c.book == book) & entries.c.id.in_(some))
        found.update((row.id, (row.id, row.deal_id)) for row in conn.execute(query))
        mine = (effects.c.book == book) & effects.c.id.in_(some)
        for row in conn.execute(select(effects.c.id, effects.c.entry, effects.c.deal_id).where(mine)):
            found.setdefault(row.id, (row.entry, row.deal_id))
    for key in wanted:
        if key not in found and len(key) >= 16:
            cut = (entries.c.book == book) & (entries.c.id >= key) & (entries.c.id < key + "g")  # hex ends at f
            rows = conn.execute(select(entries.c.id, entries.c.deal_id).where(cut).limit(2)).all()
            if len(rows) == 1:
                found[key] = (rows[0].id, rows[0].deal_id)
    return found


def _expected(conn: Connection, rows: Sequence[Row]) -> list[Expected]:
    by_entry: dict[str, list[Row]] = {}
    numbers: dict[str, Row] = {}
    columns = (effects.c.id, effects.c.entry, effects.c.ref, effects.c.state, effects.c.seq)
    for some in _chunks([row["id"] for row in rows]):
        for row in _rows(conn, select(*columns).where(effects.c.entry.in_(some)).order_by(effects.c.seq)):
            by_entry.setdefault(row["entry"], []).append(row)
    named = (deals.c.id, deals.c.deal_number, deals.c.vin, deals.c.stock_no)
    for some in _chunks(sorted({row["deal_id"] for row in rows})):
        numbers.update((row["id"], row) for row in _rows(conn, select(*named).where(deals.c.id.in_(some))))
    none = {"deal_number": "", "vin": "", "stock_no": ""}
    found = []
    for row in rows:
        deal, calls = numbers.get(row["deal_id"], none), by_entry.get(row["id"], [])
        found.append(
            Expected(
                key=row["id"], entry=Entry.from_json(json.loads(row["body"])), state=row["state"],
                seen=bool(calls) and all(call["state"] == EffectState.POSTED.value for call in calls),
                deal_id=row["deal_id"], deal_number=deal["deal_number"], version=row["version"], vin=deal["vin"],
                stock_no=deal["stock_no"], effect_keys=tuple(call["id"] for call in calls),
                refs=tuple(call["ref"] for call in calls if call["ref"]),
            )
        )  # fmt: skip
    return _folded(found)


def _folded(found: Sequence[Expected]) -> list[Expected]:
    """An entry that has no document of its own, since another of its deal carries it (a receipt that a sales receipt
    covers), is expected as part of that one."""
    by_deal: dict[str, list[Expected]] = {}
    for item in found:
        by_deal.setdefault(item.deal_id, []).append(item)
    whole: dict[str, Expected] = {}
    for own in by_deal.values():
        carried = {item.key: _carrier(item, own) for item in own}
        for item in own:
            if carried[item.key] is None:
                parts = [one for one in own if carried[one.key] is item]
                lines = tuple(line for one in (item, *parts) for line in one.entry.lines)
                keys = tuple(key for one in (item, *parts) for key in one.effect_keys)
                whole[item.key] = replace(item, entry=replace(item.entry, lines=lines), effect_keys=keys)
    return [whole[item.key] for item in found if item.key in whole]


def _carrier(item: Expected, own: Sequence[Expected]) -> Expected | None:
    """The entry whose documents are all that an entry has."""
    if not item.seen or not item.refs or item.entry.event == "sale.posted":
        return None
    sales = (one for one in own if one.seen and one.entry.event == "sale.posted")
    return next((one for one in sales if set(item.refs) <= set(one.refs)), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """Which version of a deal's sale stands at a day, by the dates of our entries; 0 for none."""

    deal_id: str
    version: int
    last_version: int
    unwound: bool
    reversed_open: bool
    first_posted: date


def standings(conn: Connection, book: str, last: date) -> dict[str, Standing]:
    """How every deal of a book stands at the end of a day: deal id -> Standing."""
    columns = (entries.c.deal_id, entries.c.event, entries.c.version, entries.c.accounting_date)
    dated = (entries.c.book == book) & (entries.c.accounting_date <= last.isoformat())
    counted = dated & entries.c.event.in_(_SALES) & (entries.c.state != "superseded")
    events: dict[str, list[Any]] = {}
    for row in conn.execute(select(*columns).where(counted).order_by(entries.c.seq)):
        events.setdefault(row.deal_id, []).append(row)
    found = {}
    for deal_id, rows in events.items():
        sold = {row.version for row in rows if row.event == "sale.posted"}
        gone = {row.version for row in rows if row.event != "sale.posted"}
        reversed_ = {row.version for row in rows if row.event == "sale.reversed"}
        standing = max(sold - gone, default=0)
        newest = max(sold | gone)
        found[deal_id] = Standing(
            deal_id, standing, newest, any(row.event == "sale.unwound" for row in rows),
            not standing and newest in reversed_, date.fromisoformat(min(row.accounting_date for row in rows)),
        )  # fmt: skip
    return found


def deal_standings(conn: Connection, known: Mapping[str, Standing], wanted: Collection[str]) -> list[DealStanding]:
    """What some deals state of themselves: the version that stands, else the newest that was posted."""
    found = []
    ids = sorted(set(wanted) & set(known))
    for some in _chunks(ids):
        rows = {row["id"]: row for row in _rows(conn, select(deals).where(deals.c.id.in_(some)))}
        names = [f"{deal_id}/{known[deal_id].version or known[deal_id].last_version}" for deal_id in some]
        bodies = select(deal_versions.c.deal_id, deal_versions.c.deal).where(deal_versions.c.id.in_(names))
        stated = {row.deal_id: json.loads(row.deal) for row in conn.execute(bodies)}
        found += [_standing(rows[one], known[one], stated.get(one, {})) for one in some if one in rows]
    beside = _told_beside(conn, ids)
    return [
        replace(one, balance_due=_due(conn, one, known[one.deal_id])) if one.deal_id in beside else one for one in found
    ]


def _told_beside(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Deals of which money was told beside their record."""
    mine = facts.c.kind.in_(["payment", "refund"]) & (facts.c.state == "applied")
    return {
        deal
        for some in _chunks(ids)
        for deal in conn.execute(select(facts.c.deal_id).where(mine & facts.c.deal_id.in_(some)).distinct()).scalars()
    }


def _due(conn: Connection, deal: DealStanding, standing: Standing) -> Decimal:
    name = f"{deal.deal_id}/{standing.version or standing.last_version}"
    body = conn.execute(select(deal_versions.c.deal).where(deal_versions.c.id == name)).scalar()
    if not deal.standing or body is None:
        return deal.balance_due
    return due_after_facts(conn, Deal.model_validate_json(body), deal.deal_id)


def _standing(row: Row, standing: Standing, stated: Mapping[str, Any]) -> DealStanding:
    dates = stated.get("dates", {})
    delivered = dates.get("delivery") or standing.first_posted.isoformat()
    return DealStanding(
        row["id"], row["deal_number"], row["stock_no"], date.fromisoformat(delivered), bool(standing.version),
        unwound=standing.unwound and not standing.version, reversed_open=standing.reversed_open,
        balance_due=exact(stated.get("balance_due", "0")) if standing.version else Decimal(0),
        financed=exact((stated.get("finance") or {}).get("amount_financed") or "0"),
        currency=stated.get("currency", ""),
        good_until={
            trade.get("stock_no", ""): _day(trade.get("payoff_good_until")) for trade in stated.get("trade_ins", ())
        },
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _rows(conn: Connection, query: Any) -> list[Row]:
    return [dict(row) for row in conn.execute(query).mappings()]


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
