"""The first look at a row: what needs no judging, because it was said before, or something newer was. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from dealbooks.house import House
from dealbooks.pipeline.item import Item
from dealbooks.pipeline.revisions import is_older, read_revision
from dealbooks.store.db import Row
from dealbooks.store.tables import deals, inbox


@dataclass(frozen=True, slots=True)
class Word:
    """What a source said of a deal that was not taken: a row in quarantine, or a void of an unknown deal."""

    inbox_id: int
    revision: tuple[int, ...]
    void: bool


def newer_words(conn: Connection, items: Sequence[Item]) -> dict[str, list[Word]]:
    """Rows of the same deals that wait in quarantine, and voids that found nothing to take back: natural key -> them.
    An older row must not slip past them."""
    keys = sorted({item.record.natural_key for item in items})
    waits = (inbox.c.state == "quarantined") | ((inbox.c.state == "ignored") & (inbox.c.action == "void"))
    words: dict[str, list[Word]] = {}
    for source in sorted({item.row["source"] for item in items}):
        for start in range(0, len(keys), 500):
            chosen = (inbox.c.source == source) & inbox.c.natural_key.in_(keys[start : start + 500]) & waits
            query = select(inbox.c.id, inbox.c.natural_key, inbox.c.revision, inbox.c.state).where(chosen)
            for row in conn.execute(query):
                word = Word(row.id, read_revision(row.revision), row.state == "ignored")
                words.setdefault(row.natural_key, []).append(word)
    return words


def first_look(house: House, source: str, item: Item, known: Row | None, newer: Mapping[str, Sequence[Word]]) -> None:
    """What needs no judging: the same content again, or something older than what we have."""
    if known is not None:
        item.named = True
        _compare(house, source, item, known)
        return
    if item.record.action == "void":
        item.state, item.note = "ignored", "a void of a deal that was never taken: there is nothing to take back"
    _pass_over_older(item, newer)


def _pass_over_older(item: Item, newer: Mapping[str, Sequence[Word]]) -> None:
    for word in newer.get(item.record.natural_key, ()):
        if word.inbox_id != item.row["id"] and is_older(item.record.revision, word.revision):
            item.state = "superseded"
            item.note = (
                "older than the void of this deal, which came before it"
                if word.void
                else "older than a row of this deal that waits in quarantine"
            )


def _compare(house: House, source: str, item: Item, known: Row) -> None:
    """A row of a deal that was taken before."""
    record = item.record
    item.known, item.deal_id, item.book = known, known["id"], known["book"]
    if known["source"] != source and house.book_config(item.book).source_of_record not in (None, source):
        item.state = "ignored"
        item.note = f"{known['source']} tells of this deal, and {source} is not the book's source of record"
    elif record.content_hash == known["content_hash"]:
        item.state, item.note = "unchanged", "the same content again"
    elif is_older(record.revision, read_revision(known["revision"])):
        item.state, item.note = "superseded", "older than the version that we have"
    elif record.action == "void" and known["state"] in ("unwinding", "unwound", "cancelled"):
        item.state, item.note = "ignored", "the sale was taken back before"


def meet_under_other_names(conn: Connection, house: House, source: str, items: Sequence[Item]) -> None:
    """A deal that came before under another key (of another source, or by another identity of the book)."""
    strangers = [item for item in items if item.state == "new" and item.known is None and item.deal_id]
    ids = sorted({item.deal_id for item in strangers})
    met: dict[str, Row] = {}
    for start in range(0, len(ids), 500):
        chosen = deals.c.id.in_(ids[start : start + 500])
        met |= {row["id"]: dict(row) for row in conn.execute(select(deals).where(chosen)).mappings()}
    for item in strangers:
        if item.deal_id in met:
            _compare(house, source, item, met[item.deal_id])
