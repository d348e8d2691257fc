"""Credit notes set against invoices: no money moves, only what is open on the customer's account.

Everything here looks first and then does as much as both sides allow, so that a repetition finds nothing left to do and
needs no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from blocks.ledgers.xero.answers import answered
from blocks.ledgers.xero.reads import Reads
from blocks.ledgers.xero.settings import XeroSettings
from blocks.ledgers.xero.wire import amount, put
from dealbooks.http import Call, Reply
from dealbooks.ledger import Outcome, Verdict

Write = Callable[[Call], Reply | Outcome]
_WHAT = "allocate the credit note"
_DONE = Outcome(Verdict.HAPPENED)


class Allocations:
    """Allocations of one organisation. Reads may raise StopConnection."""

    def __init__(self, reads: Reads, write: Write, settings: XeroSettings) -> None:
        self._reads = reads
        self._write = write
        self._settings = settings

    def left(self, invoice: str, notes: Sequence[str]) -> Decimal:
        """What could still be set against the invoice."""
        return sum([self._part(invoice, note) for note in notes], Decimal(0))

    def make(self, invoice: str, notes: Sequence[str], day: str, key: str) -> Outcome:
        """Set credit notes against an invoice, as far as both go."""
        for note in notes:
            part = self._part(invoice, note)
            if part <= 0:
                continue
            body = {"Amount": format(part, "f"), "Date": day, "Invoice": {"InvoiceID": invoice}}
            path = f"/CreditNotes/{note}/Allocations"
            end = self._write(put(path, {"Allocations": [body]}, f"{key}-{note}", what=_WHAT))
            outcome = end if isinstance(end, Outcome) else answered(end, "Allocations", _WHAT, self._settings).outcome
            if outcome.verdict is not Verdict.HAPPENED:
                return outcome
        return _DONE

    def free(self, invoice: str, deal: str) -> list[str]:
        """Take the deal's own credit notes off an invoice again; which they were, nothing when there are none. One that
        could not be taken off is found there by the next attempt."""
        freed: list[str] = []
        shown = self._reads.one("Invoices", invoice) or {}
        for link in shown.get("CreditNotes") or ():
            note = self._reads.one("CreditNotes", str(link["CreditNoteID"])) or {}
            if not str(note.get("CreditNoteNumber", "")).startswith(f"{deal}-"):
                continue
            for held in note.get("Allocations") or ():
                if (held.get("Invoice") or {}).get("InvoiceID") == invoice:
                    path = f"/CreditNotes/{note['CreditNoteID']}/Allocations/{held['AllocationID']}"
                    what = "take the credit note off the invoice"
                    self._write(Call("DELETE", path, {}, {"accept": "application/json"}, what=what, writes=True))
                    freed.append(str(note["CreditNoteID"]))
        return list(dict.fromkeys(freed))

    def spread(self, notes: Sequence[str], contact: str, deal: str, day: str, key: str) -> None:
        """Set what was freed against whatever of the deal is open. What does not succeed stays open on the customer's
        account, where it is right too."""
        where = f'Type=="ACCREC" AND Status=="AUTHORISED" AND Contact.ContactID==Guid("{contact}")'
        for invoice in list(self._reads.pages("Invoices", where)):
            if str(invoice.get("InvoiceNumber", "")).startswith(f"{deal}-"):
                self.make(str(invoice["InvoiceID"]), notes, day, f"{key}-{str(invoice['InvoiceID'])[:8]}")

    def _part(self, invoice: str, note: str) -> Decimal:
        shown: dict[str, Any] = self._reads.one("Invoices", invoice) or {}
        credit: dict[str, Any] = self._reads.one("CreditNotes", note) or {}
        return max(Decimal(0), min(amount(shown.get("AmountDue")), amount(credit.get("RemainingCredit"))))
