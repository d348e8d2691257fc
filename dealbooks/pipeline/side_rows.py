"""Rows of the inbox that are no deals (events, opening balances): into quarantine with their reasons, and out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from dealbooks.canonical import compact_json
from dealbooks.catalogue import found
from dealbooks.findings import Finding
from dealbooks.pipeline.records import record_of
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import quarantine


def other_currency(data: Mapping[str, Any], place: str, currency: str) -> list[Finding]:
    """The finding that a row (an event, an opening balance) is in another currency than its book; none without one."""
    said = str(data.get("currency") or "").strip().upper()
    return [found("S018", "currency", said, place=place, currency=currency)] if said not in ("", currency) else []


def quarantine_rows(tx: Tx, refused: Sequence[tuple[Row, list[Finding]]]) -> None:
    """Put rows that are no deals (events, opening balances) into quarantine with their reasons."""
    _close(tx, [row for row, _ in refused], state="superseded", why="judged again")
    ids = tx.next_ids("quarantine", len(refused)) if refused else ()
    tx.insert(
        "quarantine",
        [
            {
                "id": number, "inbox_id": row["id"], "source": row["source"], "natural_key": row["natural_key"],
                "content_hash": row["content_hash"], "book": "", "state": "open",
                "deal_number": str(record_of(row).data.get("deal_number") or ""), "place": row["place"],
                "reasons": compact_json([one.as_json() for one in findings]), "opened_at": tx.at, "closed_at": None,
                "closed_by": "",
            }
            for number, (row, findings) in zip(ids, refused, strict=True)
        ],
    )  # fmt: skip
    tx.update("inbox", [row for row, _ in refused], state="quarantined")


def close_rows(tx: Tx, taken: Sequence[Row]) -> None:
    """Rows that waited in quarantine and are taken now."""
    _close(tx, taken, state="released", why="accepted")


def _close(tx: Tx, rows: Sequence[Row], *, state: str, why: str) -> None:
    ids = [row["id"] for row in rows]
    for start in range(0, len(ids), 500):
        open_ = quarantine.c.inbox_id.in_(ids[start : start + 500]) & (quarantine.c.state == "open")
        tx.update("quarantine", tx.rows(select(quarantine).where(open_)), state=state, closed_at=tx.at, closed_by=why)
