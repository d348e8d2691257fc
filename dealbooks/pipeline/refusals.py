"""The quarantine as validation writes it: rows go in with their reasons, and out when something newer was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from dealbooks.canonical import compact_json
from dealbooks.pipeline.item import Item
from dealbooks.pipeline.revisions import is_older, read_revision
from dealbooks.pipeline.taken_back import is_kept
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import inbox, quarantine


def put_into_quarantine(tx: Tx, items: Sequence[Item]) -> None:
    rows = [
        {
            "id": number, "inbox_id": item.row["id"], "source": item.row["source"],
            "natural_key": item.record.natural_key, "content_hash": item.record.content_hash, "book": item.book,
            "state": "open", "deal_number": item.number, "place": item.row["place"],
            "reasons": compact_json([one.as_json() for one in item.findings]), "opened_at": tx.at, "closed_at": None,
            "closed_by": "",
        }
        for number, item in zip(tx.next_ids("quarantine", len(items)) if items else (), items, strict=True)
    ]  # fmt: skip
    tx.insert("quarantine", rows)


# What closes an entry of the quarantine: state of the newer row -> (state of the entry, by what).
_CLOSED_BY = {
    "accepted": ("released", "accepted"),
    "quarantined": ("superseded", "a newer row of the same deal"),
    "unchanged": ("superseded", "the source says again what was taken before"),
    "ignored": ("superseded", "the source took the sale back"),
    "superseded": ("superseded", "a newer row of the same deal"),
}


def close_quarantine(tx: Tx, items: Sequence[Item]) -> None:
    """Entries that wait no longer, because the source said something newer, or they were judged again."""
    by_key: dict[str, list[Item]] = {}
    for item in items:
        by_key.setdefault(item.record.natural_key, []).append(item)
    own = {item.row["id"] for item in items}
    for start in range(0, len(by_key), 500):
        keys = list(by_key)[start : start + 500]
        open_ = quarantine.c.natural_key.in_(keys) & (quarantine.c.state == "open")
        entries = tx.rows(select(quarantine).where(open_).order_by(quarantine.c.id))
        if not entries:
            continue
        ids = [entry["inbox_id"] for entry in entries]
        rows = {row["id"]: row for row in tx.rows(select(inbox).where(inbox.c.id.in_(ids)))}
        for entry in entries:
            row = rows[entry["inbox_id"]]
            closing = [item for item in by_key[entry["natural_key"]] if _closes(item, row)]
            if not closing:
                continue
            state, why = _CLOSED_BY[closing[-1].state]
            if closing[-1].state == "ignored" and is_kept(closing[-1]):
                state, why = "released", closing[-1].note
            tx.update("quarantine", [entry], state=state, closed_at=tx.at, closed_by=why)
            if row["id"] not in own and row["state"] == "quarantined":
                tx.update("inbox", [row], state="superseded", note=why)


def _closes(item: Item, waiting: Row) -> bool:
    """Whether a row that was just judged settles one that waits: it is that row, or one that is not older."""
    if item.row["id"] == waiting["id"]:
        return True
    return item.state != "superseded" and not is_older(item.record.revision, read_revision(waiting["revision"]))


def drop_stale_overrides(tx: Tx, items: Sequence[Item], fixes: Mapping[str, Sequence[Row]]) -> list[str]:
    """A correction holds for the content it was made for; when the source changes, it is dropped, with notice."""
    notices = []
    for item in items:
        if item.state not in ("accepted", "quarantined"):
            continue
        stale = [
            fix for fix in fixes.get(item.record.natural_key, []) if fix["content_hash"] != item.record.content_hash
        ]
        tx.update("overrides", stale, state="dropped")
        notices += [
            f"{fix['field']} of {item.row['place']}: the correction by {fix['who']} was dropped, because the source"
            " now says something else"
            for fix in stale
        ]
    return notices
