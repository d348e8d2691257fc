"""Credit notes set against invoices: no money moves, only what is open on the customer's account.

Everything here looks first and then does as much as both sides allow, so that a repetition finds nothing left to do and
needs no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from blocks.ledgers.xero.answers import answered
from blocks.ledgers.xero.bodies import is_of_deal
from blocks.ledgers.xero.reads import Reads
from blocks.ledgers.xero.settings import XeroSettings
from blocks.ledgers.xero.wire import amount, day_of, put
from dealbooks.http import Call, Reply
from dealbooks.ledger import Outcome, Verdict

Write = Callable[[Call], Reply | Outcome]
_WHAT, _OFF = "allocate the credit note", "take the credit note off the invoice"
_DONE = Outcome(Verdict.HAPPENED)
_GONE = (200, 204, 404)


@dataclass(frozen=True, slots=True)
class Held:
    """An allocation that stands."""

    note: str
    invoice: str
    allocation: str
    amount: Decimal


class Allocations:
    """Allocations of one organisation. Reads may raise StopConnection."""

    def __init__(self, reads: Reads, write: Write, settings: XeroSettings) -> None:
        self._reads = reads
        self._write = write
        self._settings = settings

    def left(self, invoice: str, notes: Sequence[str]) -> Decimal:
        """What could still be set against the invoice."""
        return sum([self._part(invoice, note)[0] for note in notes], Decimal(0))

    def make(self, invoice: str, notes: Iterable[str], on: str, key: str = "") -> Outcome:
        """Set credit notes against an invoice, as far as both go, on a day that is not before either of them."""
        for note in notes:
            part, days = self._part(invoice, note)
            if part <= 0:
                continue
            body = {"Amount": format(part, "f"), "Date": max(on, *days), "Invoice": {"InvoiceID": invoice}}
            path = f"/CreditNotes/{note}/Allocations"
            end = self._write(put(path, {"Allocations": [body]}, key and f"{key}-{note}", what=_WHAT))
            outcome = end if isinstance(end, Outcome) else answered(end, "Allocations", _WHAT, self._settings).outcome
            if outcome.verdict is not Verdict.HAPPENED:
                return outcome
        return _DONE

    def room(self, resource: str, ref: str, deal: str) -> tuple[Decimal, list[Held]]:
        """What an invoice or credit note would leave open without the allocations between the deal's own documents, and
        those allocations."""
        shown = self._reads.one(resource, ref) or {}
        if resource == "CreditNotes":
            held = [one for one in _held(shown) if is_of_deal(self._invoice(one), deal, versions=True)]
            return amount(shown.get("RemainingCredit")) + _sum(held), held
        notes = [str(link["CreditNoteID"]) for link in shown.get("CreditNotes") or ()]
        held = []
        for note in notes:
            credit = self._reads.one("CreditNotes", note) or {}
            if is_of_deal(credit, deal, versions=True):
                held += [one for one in _held(credit) if one.invoice == ref]
        return amount(shown.get("AmountDue")) + _sum(held), held

    def free(self, held: Iterable[Held]) -> Outcome:
        """Take allocations off again; only calls that write, so that nothing stops it halfway but their answers."""
        for one in held:
            path = f"/CreditNotes/{one.note}/Allocations/{one.allocation}"
            end = self._write(Call("DELETE", path, {}, {"accept": "application/json"}, what=_OFF, writes=True))
            if isinstance(end, Outcome):
                return end
            if end.status not in _GONE:
                return answered(end, "Allocations", _OFF, self._settings).outcome
        return _DONE

    def set_back(self, invoice: str, deal: str, on: str, notes: Iterable[str]) -> Outcome:
        """Set the deal's own credit notes against an invoice again, and what is left then against its others. `notes`
        are known; more are looked for, since the process that took them off may have ended."""
        contact = ((self._reads.one("Invoices", invoice) or {}).get("Contact") or {}).get("ContactID")
        if not contact:
            return _DONE
        theirs = f'Contact.ContactID==Guid("{contact}")'
        wanted = dict.fromkeys([*notes, *self._ours("CreditNotes", theirs, deal)])
        if not wanted:
            return _DONE
        for one in dict.fromkeys([invoice, *self._ours("Invoices", f'Type=="ACCREC" AND {theirs}', deal)]):
            outcome = self.make(one, wanted, on)
            if outcome.verdict is not Verdict.HAPPENED:
                return outcome
        return _DONE

    def _invoice(self, held: Held) -> dict[str, Any]:
        return self._reads.one("Invoices", held.invoice) or {}

    def _ours(self, resource: str, where: str, deal: str) -> list[str]:
        """Of a sale and its reversals, in the order of their numbers. What is open of them a list may not know yet."""
        name = resource[:-1]
        found = [doc for doc in self._reads.pages(resource, where) if is_of_deal(doc, deal, versions=True)]
        return [str(doc[f"{name}ID"]) for doc in sorted(found, key=lambda doc: str(doc[f"{name}Number"]))]

    def _part(self, invoice: str, note: str) -> tuple[Decimal, list[str]]:
        """How much of a credit note can be set against an invoice, and the days of both."""
        shown: dict[str, Any] = self._reads.one("Invoices", invoice) or {}
        credit: dict[str, Any] = self._reads.one("CreditNotes", note) or {}
        part = max(Decimal(0), min(amount(shown.get("AmountDue")), amount(credit.get("RemainingCredit"))))
        days = [day_of(shown), day_of(credit)]
        return part, [day.isoformat() for day in days if day is not None]


def _held(note: Mapping[str, Any]) -> list[Held]:
    return [
        Held(str(note["CreditNoteID"]), str((one.get("Invoice") or {}).get("InvoiceID")), str(one["AllocationID"]),
             amount(one.get("Amount")))
        for one in note.get("Allocations") or ()
    ]  # fmt: skip


def _sum(held: Iterable[Held]) -> Decimal:
    return sum([one.amount for one in held], Decimal(0))
