"""What changed in Xero since a moment: the lists of transactions with the header If-Modified-Since (fact sheet 4).

What is voided or deleted stays in these lists with that status. Not told are a few changes that move no figure (the due
date of a part-paid invoice, SentToContact). A list is asked for each kind of transaction, page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from blocks.ledgers.xero.directory import Directory
from blocks.ledgers.xero.reads import Reads
from blocks.ledgers.xero.records import TRANSACTIONS, record_of, records_of
from blocks.ledgers.xero.wire import moment
from dealbooks.errors import StopConnection
from dealbooks.ledger import Changes, Record

_AGAIN = timedelta(minutes=10)  # told again by the next look: what was being written while this one read
_ALWAYS = (date(1900, 1, 1), date(2199, 12, 31))


def changes(reads: Reads, directory: Callable[[], Directory], since: str) -> Changes:
    """See `dealbooks.ledger.Ledger.changes`. Raises StopConnection."""
    if not since:
        began = _cursor(reads.time())
        return Changes(tuple(records_of(reads, directory(), *_ALWAYS)), (), began, whole=True)
    asked = [(resource, *reads.modified(resource, since)) for resource in TRANSACTIONS]
    cursor = _cursor(asked[0][2])
    gone: list[str] = []
    records: list[Record] = []
    for resource, docs, _ in asked:
        for doc in docs:
            if doc.get("Status") == "DELETED":
                gone.append(f"{resource}/{doc[f'{resource[:-1]}ID']}")
            elif (record := record_of(resource, doc, directory())) is not None:
                records.append(record)
    return Changes(tuple(records), tuple(gone), cursor)


def listed(reads: Reads, directory: Callable[[], Directory], refs: Sequence[str]) -> Mapping[str, Record | None]:
    """See `dealbooks.ledger.Ledger.listed`. Raises StopConnection."""
    found: dict[str, Record | None] = {}
    for resource in TRANSACTIONS:
        ids = {ref.partition("/")[2]: ref for ref in refs if ref.startswith(f"{resource}/")}
        for number, doc in reads.several(resource, list(ids)).items():
            there = doc is not None and doc.get("Status") != "DELETED"
            found[ids[number]] = record_of(resource, doc, directory()) if there and doc is not None else None
    return found


def _cursor(answered: str) -> str:
    """The moment of an answer, less what is told again, as the header takes it: UTC, to the second."""
    began = moment(answered)
    if began is None:
        raise StopConnection(
            "Xero's answer does not say what time it is there.",
            fix="Nothing is lost; it is tried again by the next run.",
        )
    return (began - _AGAIN).strftime("%Y-%m-%dT%H:%M:%S")
