"""What a person does in Xero itself, behind an app's back. For tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from threading import RLock
from typing import Any

from sandbox.xero import banking, contacts, manual, money, setup, trade
from sandbox.xero.books import ID_FIELDS, Books
from sandbox.xero.reads import RESOURCES, one
from sandbox.xero.views import render
from sandbox.xero.wire import Doc

_PLURALS = {resource.kind: resource for resource in RESOURCES.values()}


class Hand:
    """A person at work in one organisation. Everything is logged with no key; a document is named by id or number.

    Kinds are Xero's: Invoice, CreditNote, Payment, BankTransaction, ManualJournal, Contact. What Xero itself would
    refuse raises `wire.Invalid`; a document that is not there raises KeyError.
    """

    def __init__(self, books: Books, alone: RLock) -> None:
        self.books, self._alone = books, alone

    def enter(self, kind: str, **fields: Any) -> Doc:
        """Type a document by hand."""
        return self._do(kind, lambda: _create(self.books, kind, fields))

    def edit(self, kind: str, ref: str, **fields: Any) -> Doc:
        """Change fields of a document."""
        return self._do(kind, lambda: self._changed(kind, ref, fields))

    def void(self, kind: str, ref: str) -> Doc:
        """Void an invoice, a credit note or a manual journal."""
        return self.edit(kind, ref, Status="VOIDED")

    def delete(self, kind: str, ref: str) -> Doc:
        """Delete a draft, a payment or a bank transaction."""
        return self.edit(kind, ref, Status="DELETED")

    def pay(self, invoice: str, account: str, amount: Decimal | str, on: date) -> Doc:
        """Receive money for an invoice into an account."""
        return self.enter(
            "Payment", InvoiceNumber=invoice, Account={"Code": account}, Amount=Decimal(amount), Date=on.isoformat()
        )

    def move_lock(self, *, period: date | None = None, year: date | None = None) -> None:
        """Set both lock dates; None takes one away."""
        with self._alone:
            self.books.period_lock, self.books.year_lock = period, year

    def archive(self, kind: str, ref: str) -> Doc:
        """Archive a contact or an account (by its code)."""
        if kind == "Account":
            return self._do(kind, lambda: setup.save_account(self.books, {"Status": "ARCHIVED"}, self._account(ref)))
        return self.edit(kind, ref, ContactStatus="ARCHIVED")

    def unarchive(self, kind: str, ref: str) -> Doc:
        """The other way round."""
        if kind == "Account":
            return self._do(kind, lambda: setup.save_account(self.books, {"Status": "ACTIVE"}, self._account(ref)))
        return self.edit(kind, ref, ContactStatus="ACTIVE")

    def change_tax(self, kind: str, rate: Decimal | str) -> Doc:
        """Change the rate of a tax type."""
        parts = [{"Name": kind, "Rate": Decimal(rate)}]
        return self._do("TaxRate", lambda: setup.save_tax_rate(self.books, {"TaxType": kind, "TaxComponents": parts}))

    def drop_option(self, category: str, option: str) -> Doc:
        """Archive an option of a tracking category."""
        held = self.books.find("TrackingCategory", "Name", category)[0]
        options = [{**item, "Status": "ARCHIVED"} if item["Name"] == option else item for item in held["Options"]]
        return self._do(
            "TrackingCategory", lambda: self.books.save("TrackingCategory", {**held, "Options": options}, "update")
        )

    def see(self, kind: str, ref: str) -> Doc:
        """A document as it stands, without a call."""
        with self._alone:
            return render(self.books, kind, self._held(kind, ref))

    def _do(self, kind: str, act: Callable[[], Doc]) -> Doc:
        with self._alone:
            self.books.app = ""
            mark = self.books.mark()
            try:
                found = act()
            except Exception:
                self.books.back(mark)
                raise
            self.books.commit()
            return render(self.books, kind, found)

    def _held(self, kind: str, ref: str) -> Doc:
        found = one(self.books, _PLURALS[kind], ref)
        if found is None:
            raise KeyError(f"{kind} {ref}")
        return found

    def _account(self, code: str) -> str:
        return str(self.books.account(code)["AccountID"])

    def _changed(self, kind: str, ref: str, fields: Mapping[str, Any]) -> Doc:
        books, held = self.books, str(self._held(kind, ref)[ID_FIELDS[kind]])
        if kind in ("Invoice", "CreditNote"):
            return trade.upsert(books, trade.INVOICE if kind == "Invoice" else trade.CREDIT, fields, 4, held)
        if kind == "Payment":
            return money.pay(books, {**fields, "PaymentID": held})
        if kind == "BankTransaction":
            return banking.save(books, fields, 4, held)
        return manual.save(books, fields, held) if kind == "ManualJournal" else contacts.upsert(books, fields, held)


def _create(books: Books, kind: str, fields: Mapping[str, Any]) -> Doc:
    if kind in ("Invoice", "CreditNote"):
        return trade.create(books, trade.INVOICE if kind == "Invoice" else trade.CREDIT, fields, 4)
    if kind == "Payment":
        return money.pay(books, fields)
    if kind == "BankTransaction":
        return banking.save(books, fields, 4, create=True)
    return manual.save(books, fields, create=True) if kind == "ManualJournal" else contacts.create(books, fields)
