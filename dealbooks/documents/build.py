"""The one way from an entry to its documents (`documents_of`). Pure: no clock, no store, no network."""

from __future__ import annotations

from decimal import localcontext

from dealbooks.documents.facts import InvoiceFacts
from dealbooks.documents.payments import money_documents
from dealbooks.documents.sale import journals_of, sale_documents
from dealbooks.documents.target import Mode, Target
from dealbooks.documents.values import INVOICE, DocumentSet
from dealbooks.entries import Entry
from dealbooks.posting.arithmetic import EXACT

_OF_SALE = frozenset({"sale.posted", "sale.reversed", "sale.unwound"})


def documents_of(entry: Entry, target: Target, facts: InvoiceFacts | None = None) -> DocumentSet:
    """What carries an entry into a ledger, in order.

    Args:
        entry: as recorded.
        target: what the ledger wants.
        facts: those of the sale that the entry is, mirrors, or brings money for. Without them a sales document has one
            line per entry line, and a receipt is applied to no document.

    Raises:
        PostingError: when the entry cannot be carried so: a tax code without a code of the ledger, a document below
            nil, or (`TaxDiffers`) a tax that the ledger would work out differently.
        ValueError: when the facts are those of another sale.
    """
    if target.mode is Mode.JOURNAL_ONLY:
        return DocumentSet(entry.entry_id, Mode.JOURNAL_ONLY, tuple(journals_of(entry, entry.lines, target)))
    if entry.event in _OF_SALE and any(line.part == INVOICE for line in entry.lines):
        if facts is not None and facts.entry_id not in (entry.entry_id, entry.reverses):
            raise ValueError(f"the facts are those of {facts.entry_id}, not of {entry.entry_id}")
        with localcontext(EXACT):
            return sale_documents(entry, target, facts)
    found = money_documents(entry, target, facts)
    if found is not None:
        return found
    return DocumentSet(entry.entry_id, target.mode, tuple(journals_of(entry, entry.lines, target)))
