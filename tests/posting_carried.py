"""Entries as documents: document and journals together are the entry, whatever the ledger wants."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dealbooks.documents import (
    Document,
    DocumentSet,
    InvoiceFacts,
    Mode,
    Target,
    documents_of,
    entries_of,
    invoice_facts,
    lines_of,
)
from dealbooks.entries import Entry, Line
from dealbooks.posting import Posted
from tests.posting_entries import Account, account_of
from tests.posting_oracle import exact, total

# The ways in which ledgers want their documents.
TARGETS = (
    Target(),
    Target(settlement="clearing"),
    Target(taxes_on_top="lines", amounts="inclusive"),
    Target(one_customer_line=True),
    Target(mode=Mode.INVOICE_WITH_SETTLEMENTS),
    Target(mode=Mode.INVOICE_WITH_SETTLEMENTS, settlement="clearing", taxes_on_top="lines"),
    Target(mode=Mode.SALES_RECEIPT),
    Target(mode=Mode.SALES_RECEIPT, settlement="clearing"),
    Target(mode=Mode.JOURNAL_ONLY),
)


class Carried:
    """Entries as documents for a ledger that wants them in one of the ways of posting-rules.md section 7."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.sets: list[DocumentSet] = []
        self.of_sales: dict[str, InvoiceFacts] = {}
        self.standing: InvoiceFacts | None = None

    def add(self, posted: Posted) -> None:
        """Document what is new, with the facts of the sale that it belongs to."""
        for entry in posted.new:
            if entry.event == "sale.posted":
                self.standing = self.of_sales[entry.entry_id] = invoice_facts(posted, entry)
        for entry in posted.new:
            facts = self.of_sales.get(entry.reverses or entry.entry_id, self.standing)
            self.sets.append(documents_of(entry, self.target, facts))

    def check(self, entries: Iterable[Entry]) -> None:
        """Documents and journals together are the entries, line by line; no document is below nil, and what stands in
        for the customer's account comes to nil."""
        made = entries_of(self.sets)
        for entry in entries:
            lines = made.pop(entry.entry_id)
            assert len(lines) == len(entry.lines), (entry.entry_id, self.target)
            assert _told(lines) == _told(entry.lines), (entry.entry_id, self.target)
        assert not made
        clearing = Decimal(0)
        for one in self.sets:
            for document in one.documents:
                if isinstance(document, Document):
                    assert document.total >= 0, document.name
                if self.target.settlement == "clearing":
                    for lines in lines_of(document).values():
                        clearing += total(exact(x.amount.amount) for x in lines if x.role == "clearing.settlement")
        assert not clearing, clearing


def _told(lines: Iterable[Line]) -> dict[Account, tuple[Decimal, str, Decimal | None]]:
    """Lines by their account; there is one line an account."""
    return {
        account_of(line): (line.amount.amount, line.amount.currency, None if line.base is None else line.base.amount)
        for line in lines
    }
