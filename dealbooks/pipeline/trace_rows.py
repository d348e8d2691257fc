"""The rows that deals' stories are told from, read for some hundreds of deals at a time. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Connection, Table, select

from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import (
    deal_aliases,
    deal_versions,
    deals,
    effects,
    entries,
    events,
    facts,
    files,
    inbox,
    overrides,
    quarantine,
)

CHUNK = 400  # deals of which the rows are held at once, and values that one query asks for
_Groups = Mapping[Any, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Records:
    """What came under natural keys: rows of the inbox, corrections and rows of the quarantine, by key."""

    arrived: _Groups
    corrections: _Groups
    refused: _Groups

    @classmethod
    def under(cls, conn: Connection, keys: Collection[str]) -> Records:
        """Read what came under some natural keys."""
        asked = (
            (_ARRIVED, inbox.c.natural_key),
            (select(overrides).order_by(overrides.c.id), overrides.c.natural_key),
            (select(quarantine).order_by(quarantine.c.id), quarantine.c.natural_key),
        )
        return cls(*(_grouped(conn, query, column, keys) for query, column in asked))


@dataclass(frozen=True, slots=True)
class DealRows:
    """What one deal's story is told from: each kind in the order in which it is told where moments are the same.
    `arrived` are rows of the inbox, those of its facts too, and `own` those under the deal's own keys; `versions` come
    without the deal itself, `entries` without the invoice's facts and `effects` without what they send."""

    deal: Row
    own: Sequence[Row]
    arrived: Sequence[Row]
    corrections: Sequence[Row]
    refused: Sequence[Row]
    versions: Sequence[Row]
    facts: Sequence[Row]
    events: Sequence[Row]
    entries: Sequence[Row]
    effects: Sequence[Row]


def deal_rows(conn: Connection, ids: Sequence[str]) -> Iterator[DealRows]:
    """The rows of deals that are there, by internal id, in the order of the ids."""
    by_id = {row["id"]: row for row in read_all(conn, select(deals), deals.c.id, ids)}
    aliases = _grouped(conn, select(deal_aliases), deal_aliases.c.deal_id, ids)
    keys = {one: sorted(row["natural_key"] for row in aliases.get(one, ())) for one in ids}
    records = Records.under(conn, sorted({key for mine in keys.values() for key in mine}))
    told = _facts(conn, by_id.values())
    of_facts = sorted({row["inbox_id"] for rows in told.values() for row in rows})
    beside = {row["id"]: row for row in read_all(conn, _ARRIVED, inbox.c.id, of_facts)}
    groups = [_grouped(conn, query.order_by(order), by, ids) for query, order, by in _OF_DEALS]
    for one in ids:
        mine, own = told.get(one, ()), _of(records.arrived, keys[one])
        arrived = {row["id"]: row for row in own} | {row["inbox_id"]: beside[row["inbox_id"]] for row in mine}
        versions, happened, planned, sent = (group.get(one, ()) for group in groups)
        yield DealRows(
            by_id[one], own, [arrived[number] for number in sorted(arrived)],
            _of(records.corrections, keys[one]), _of(records.refused, keys[one]),
            versions, mine, happened, planned, sent,
        )  # fmt: skip


def read_all(conn: Connection, query: Any, column: Column[Any], values: Collection[Any]) -> Iterator[Row]:
    """The rows of a query whose column is one of these values, with one query for some hundreds of values. The order of
    the query holds among rows of the same value."""
    listed = list(values)
    for start in range(0, len(listed), CHUNK):
        yield from read_rows(conn, query.where(column.in_(listed[start : start + CHUNK])))


def _but(table: Table, *names: str) -> list[Column[Any]]:
    """The columns of a table but some that are long, and that no story needs."""
    return [column for column in table.c if column.name not in names]


_ARRIVED = (
    select(*_but(inbox, "body"), files.c.name.label("file"))
    .join(files, files.c.id == inbox.c.file_id, isouter=True)
    .order_by(inbox.c.id)
)
# What is a deal's by its id: what to read, in which order, by which column.
_OF_DEALS: tuple[tuple[Any, Any, Column[Any]], ...] = (
    (select(*_but(deal_versions, "deal")), deal_versions.c.version, deal_versions.c.deal_id),
    (select(*_but(events, "body")), events.c.id, events.c.deal_id),
    (select(*_but(entries, "facts")), entries.c.seq, entries.c.deal_id),
    (select(*_but(effects, "payload")), effects.c.seq, effects.c.deal_id),
)


def _grouped(conn: Connection, query: Any, column: Column[Any], values: Collection[Any]) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in read_all(conn, query, column, values):
        found.setdefault(row[column.name], []).append(row)
    return found


def _facts(conn: Connection, chosen: Collection[Row]) -> dict[str, list[Row]]:
    """The facts of deals by internal id: those that were taken for them, then those that wait for a deal of their
    number."""
    query = (
        select(facts, inbox.c.place)
        .join(inbox, inbox.c.id == facts.c.inbox_id)
        .order_by(facts.c.inbox_id, facts.c.id)
    )  # fmt: skip
    found = _grouped(conn, query, facts.c.deal_id, [deal["id"] for deal in chosen])
    waiting: dict[tuple[str, str], list[Row]] = {}
    numbers = sorted({deal["deal_number"] for deal in chosen})
    for row in read_all(conn, query.where(facts.c.deal_id.is_(None)), facts.c.deal_number, numbers):
        waiting.setdefault((row["book"], row["deal_number"]), []).append(row)
    for deal in chosen:
        if others := waiting.get((deal["book"], deal["deal_number"])):
            found.setdefault(deal["id"], []).extend(others)
    return found


def _of(groups: _Groups, keys: Iterable[str]) -> list[Row]:
    """What came under some keys, in the order of its numbers."""
    return sorted((row for key in keys for row in groups.get(key, ())), key=itemgetter("id"))
