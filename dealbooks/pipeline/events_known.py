"""What an event says that may name its deal, and what the store knows of the deals that it may mean."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, select

from dealbooks import registry
from dealbooks.events.match import (
    REFERENCE,
    Candidate,
    Clues,
    Known,
    Number,
    found_numbers,
    found_stocks,
    found_vins,
    recorded_objects,
    told_objects,
)
from dealbooks.house import House
from dealbooks.pipeline.keys import record_key
from dealbooks.record_ids import kept_id
from dealbooks.store.db import Row
from dealbooks.store.tables import deal_aliases, deal_objects, deals

_CHUNK = 400
_ENDED = ("unwound", "cancelled", "unwinding")


@dataclass(frozen=True, slots=True)
class Said:
    """An event's clues, and the record at a source over an API that it names, (source, key), where it names one.
    `source`: the one whose deals its hook tells about; empty: any. `astray`: why no deal may be found for it by
    itself."""

    clues: Clues
    record: tuple[str, str] | None
    source: str = ""
    astray: str = ""


def said_by(house: House, row: Row) -> Said:
    """Read an event as it was stored."""
    hook = house.config.hooks.get(row["hook"])
    source = row["source"]
    if source and source not in house.config.sources:
        words = f"its webhook told about the source {source}, which is not in the settings: say which deal it is about"
        return Said(Clues(), None, astray=words)
    books = frozenset(house.source_config(source).books.values()) if source else None
    object_ids: Mapping[str, str] = json.loads(row["object_ids"])
    keys: list[str] = []
    numbers: list[Number] = []
    records: list[tuple[str, str]] = []
    if (own := object_ids.get("deal", "").strip()) and source:
        _at_source(house, source, own, keys, numbers, records)
    elif own:
        keys.append(own)
        numbers.append(Number(own))
    ref = row["deal_ref"].strip()
    ref = ref if REFERENCE.fullmatch(ref) else ""
    prefix, _, rest = ref.partition(":")
    if ref:
        keys.append(ref)
        numbers.append(Number(ref))
    for name in _sources(house, prefix, books) if rest else ():
        _at_source(house, name, rest.strip(), keys, numbers, records)
    bound = any(number.sources is not None for number in numbers) or bool(records)
    # A reference that was stated is looked for in no other words: its deal may be still to come.
    words = row["text"] if bound or not ref else ref
    pattern = re.compile(hook.reference) if hook is not None and hook.reference else None
    clues = Clues(
        keys=tuple(dict.fromkeys(keys)),
        numbers=tuple(dict.fromkeys(numbers)),
        objects=(*told_objects(row["hook"], object_ids), *recorded_objects(object_ids)),
        found=found_numbers(words, pattern),
        vins=found_vins(words),
        stocks=found_stocks(words),
        books=books,
        bound=bound,
    )
    return Said(clues, records[0] if records else None, source)


def _sources(house: House, prefix: str, books: frozenset[str] | None) -> list[str]:
    """The sources that the first part of a reference means, by their name, else by their platform, of those that have
    deals of these books."""
    known = house.config.sources
    named = [prefix] if prefix in known else [name for name, one in known.items() if one.platform == prefix]
    return [name for name in named if books is None or books & set(known[name].books.values())]


def _at_source(
    house: House, source: str, key: str, keys: list[str], numbers: list[Number], records: list[tuple[str, str]]
) -> None:
    """Add what an id at a source may mean: the natural key of its record (of a file `STORE:NUMBER`), or the deal's
    number there."""
    platform = house.source_config(source).platform
    key = kept_id(platform, key)
    if registry.source_platform(platform).kind == "records":
        keys.append(record_key(platform, source, key))
        records.append((source, key))
    else:
        keys.append(f"csv:{source}:{key}")
    numbers.append(Number(key, frozenset((source,))))


def known_of(conn: Connection, told: Iterable[Clues], books: Iterable[str]) -> Known:
    """What the store knows, in these books, of everything that some events name."""
    listed, books = list(told), list(books)
    keys = {one for clues in listed for one in clues.keys}
    numbers = {one.text for clues in listed for one in clues.numbers} | {one for c in listed for one in c.found}
    by_key = _index(conn, deal_aliases.c.natural_key, deal_aliases.c.deal_id, keys)
    objects = _index(conn, deal_objects.c.object, deal_objects.c.deal_id, {o for c in listed for o in c.objects})
    found: dict[str, Row] = {}
    named = {deal for ids in (*by_key.values(), *objects.values()) for deal in ids} | keys
    for column, wanted in (
        (deals.c.id, named), (deals.c.deal_number, numbers), (deals.c.vin, {v for c in listed for v in c.vins}),
        (deals.c.stock_no, {s for c in listed for s in c.stocks}),
    ):  # fmt: skip
        found |= {row["id"]: row for row in _deals(conn, column, wanted, books)}
    by_key |= {deal: frozenset((deal,)) for deal in found if deal in keys}
    return Known(
        {one: _candidate(row) for one, row in found.items()}, by_key,
        _by(found, "deal_number"), objects, _by(found, "vin"), _by(found, "stock_no"),
    )  # fmt: skip


def _index(
    conn: Connection, column: Column[Any], deal: Column[Any], wanted: Iterable[str]
) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for some in _chunks(sorted(wanted)):
        for name, deal_id in conn.execute(select(column, deal).where(column.in_(some))):
            found.setdefault(name, set()).add(deal_id)
    return {name: frozenset(ids) for name, ids in found.items()}


_COLUMNS = (
    deals.c.id, deals.c.book, deals.c.deal_number, deals.c.source, deals.c.vin, deals.c.stock_no, deals.c.state,
    deals.c.location,
)  # fmt: skip


def _deals(conn: Connection, column: Column[Any], wanted: Iterable[str], books: Sequence[str]) -> Iterator[Row]:
    for some in _chunks(sorted(one for one in wanted if one)):
        query = select(*_COLUMNS).where(deals.c.book.in_(books) & column.in_(some))
        for row in conn.execute(query).mappings():
            yield dict(row)


def _by(found: Mapping[str, Row], column: str) -> dict[str, frozenset[str]]:
    index: dict[str, set[str]] = {}
    for deal, row in found.items():
        if row[column]:
            index.setdefault(row[column], set()).add(deal)
    return {name: frozenset(ids) for name, ids in index.items()}


def _candidate(row: Row) -> Candidate:
    return Candidate(
        row["id"], row["book"], row["deal_number"], row["source"], row["vin"], row["stock_no"], row["state"] in _ENDED,
        row["location"],
    )  # fmt: skip


def _chunks(listed: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(listed), _CHUNK):
        yield listed[start : start + _CHUNK]
