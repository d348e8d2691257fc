"""What changed in Odoo since a moment: entries and lines by their `write_date` (fact sheet 4).

It is the beginning of the transaction that wrote, by the database's clock, to the second: a transaction may run for two
minutes [R], so the last ones are told again. What was deleted leaves no trace that can be asked for: the newest
entries of ours are looked for by their ids. Others are noticed when everything is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from blocks.ledgers.odoo.reads import Reads
from dealbooks.ledger import Changes, Record

_AGAIN = timedelta(minutes=10)
_LOOKED_FOR = 4000  # entries, the newest; older ones are missed when everything is listed
_ALWAYS = (date(1900, 1, 1), date(2199, 12, 31))
_ENTRY = "account.move/"


def changes(reads: Reads, since: str, ours: Sequence[str]) -> Changes:
    """See `dealbooks.ledger.Ledger.changes`. Raises StopConnection."""
    if not since:
        newest = reads.newest()
        return Changes(tuple(reads.records(*_ALWAYS)), (), _cursor(newest), whole=True)
    records, newest = reads.changed(since)
    wanted = _numbers(ours[:_LOOKED_FOR])
    gone = sorted(set(wanted) - reads.there(wanted))
    return Changes(tuple(records), tuple(f"{_ENTRY}{number}" for number in gone), max(_cursor(newest), since))


def listed(reads: Reads, refs: Sequence[str]) -> Mapping[str, Record | None]:
    """See `dealbooks.ledger.Ledger.listed`. Raises StopConnection."""
    wanted = {f"{_ENTRY}{number}": None for number in _numbers(refs)}
    return wanted | {record.ref: record for record in reads.by_id(_numbers(refs))}


def _numbers(refs: Sequence[str]) -> list[int]:
    return sorted({int(ref.removeprefix(_ENTRY)) for ref in refs if ref.startswith(_ENTRY)})


def _cursor(newest: str) -> str:
    """Where the next look begins; empty (everything is listed again) while there are no entries at all."""
    return newest and (datetime.fromisoformat(newest).replace(microsecond=0) - _AGAIN).isoformat(sep=" ")
