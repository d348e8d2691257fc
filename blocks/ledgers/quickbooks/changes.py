"""What changed in QuickBooks Online since a moment: its change data capture, `GET /cdc` [C].

An answer holds whole documents, and what was deleted by its id. It tells nothing further back than 30 days, and at most
1,000 objects over all kinds: a full answer is not complete. It can be asked for one kind at a time; a kind of which
more changed is listed whole, as is everything where there is no moment yet or it is too old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from blocks.ledgers.quickbooks import wire
from blocks.ledgers.quickbooks.directory import Directory, Row
from blocks.ledgers.quickbooks.reads import Reads, record_of, records
from dealbooks.ledger import Changes, Record

MOST = 1000  # [C] objects in one answer
_AGAIN = timedelta(minutes=10)  # told again by the next look: what was being written while this one read
_ALWAYS = (date(1900, 1, 1), date(2199, 12, 31))


def changes(reads: Reads, directory: Directory, since: str) -> Changes:
    """See `dealbooks.ledger.Ledger.changes`. Raises StopConnection."""
    told = _told(reads, since) if since else None
    if told is None:
        began = reads.time()
        return Changes(tuple(records(reads, directory, *_ALWAYS)), (), _cursor(began), whole=True)
    rows, began = told
    gone = [(kind, row) for kind, row in rows if row.get("status") == "Deleted"]
    here = [(kind, row) for kind, row in rows if row.get("status") != "Deleted"]
    return Changes(
        tuple(record_of(kind, row, directory) for kind, row in here),
        tuple(wire.ref_of(kind, row["Id"]) for kind, row in gone), _cursor(began),
    )  # fmt: skip


def listed(reads: Reads, directory: Directory, refs: Sequence[str]) -> Mapping[str, Record | None]:
    """See `dealbooks.ledger.Ledger.listed`. Raises StopConnection."""
    named = {ref: wire.split_ref(ref) for ref in refs}
    wanted = {ref: one for ref, one in named.items() if one[0] in wire.TRANSACTIONS}
    rows = reads.documents(list(wanted.values()))
    shown = {ref: (one[0], rows[one]) for ref, one in wanted.items()}
    return {ref: None if row is None else record_of(kind, row, directory) for ref, (kind, row) in shown.items()}


def _told(reads: Reads, since: str) -> tuple[list[tuple[str, Row]], str] | None:
    """What the feed tells, by kind, and when its first answer was given; None where it cannot tell everything."""
    first = reads.changed(wire.TRANSACTIONS, since)
    if first is None or len(first[0]) < MOST:
        return first
    found: list[tuple[str, Row]] = []
    for kind in wire.TRANSACTIONS:
        alone = reads.changed((kind,), since)
        if alone is None or len(alone[0]) >= MOST:
            return None
        found += alone[0]
    return found, first[1]


def _cursor(began: str) -> str:
    return (datetime.fromisoformat(began) - _AGAIN).isoformat(timespec="seconds")
