"""From a posting to the write calls that carry it into Xero. Pure, but for what the directory has looked up.

An invoice is what the customer is charged, a manual journal everything else; since a manual journal cannot touch the
customers' account, its settlements go through `clearing.settlement`, and a payment out of clearing settles the invoice
(docs/documents.md, mode A with clearing).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from blocks.ledgers.xero.directory import Directory
from blocks.ledgers.xero.wire import KEY_LENGTH
from dealbooks.documents import (
    Document,
    DocumentKind,
    DocumentLine,
    Journal,
    Mode,
    MoneyDocument,
    MoneyKind,
    NoTaxCode,
    Target,
    documents_of,
)
from dealbooks.entries import Line
from dealbooks.errors import ConfigError
from dealbooks.ledger import EffectSpec, Party, Posting
from dealbooks.money import amount_text

_DESCRIPTION, _NAME, _CONTACT_NUMBER = 4000, 255, 50
_MARK = 255 - KEY_LENGTH - 1  # of a reference, behind our key
_WORDS = {
    "stock_no": "stock", "party": "account of", "person": "person", "product": "product", "method": "by",
    "receipt": "receipt", "location": "location", "department": "department",
}  # fmt: skip
_PARTS = re.compile(r"[,;] ")


def target_of(directory: Directory) -> Target:
    """How documents must be for this organisation. Raises ConfigError for a tax code that it has not."""
    return Target(
        mode=Mode.INVOICE_AND_JOURNAL,
        settlement="clearing",
        amounts="inclusive",
        tax="stated",
        taxes_on_top="lines",
        tax_codes=directory.tax_codes(),
        no_tax=directory.no_tax(),
    )


def specs_of(posting: Posting, directory: Directory) -> tuple[EffectSpec, ...]:
    """The ordered write calls of a posting.

    Raises:
        ConfigError: the chart, the organisation or the settings lack something that a line needs.
        PostingError: the entry cannot be carried by documents.
    """
    try:
        made = documents_of(posting.entry, target_of(directory), posting.invoice)
    except NoTaxCode as error:
        raise directory.no_such_tax_code(error.code, error.deal_id) from error
    writer = _Writer(posting, directory)
    for document in made.documents:
        if isinstance(document, Document):
            writer.sales_document(document)
        elif isinstance(document, Journal):
            writer.journal(document.name, document.lines)
        else:
            writer.money(document)
    writer.allocation()
    return tuple(writer.specs)


def contact_number(party: str) -> str:
    """The number under which a party is kept: its id, or a hash of one that is too long for Xero (50 characters)."""
    return party if len(party) <= _CONTACT_NUMBER else hashlib.sha256(party.encode()).hexdigest()[:40]


class _Writer:
    """Collects the effects of one posting."""

    def __init__(self, posting: Posting, directory: Directory) -> None:
        self.specs: list[EffectSpec] = []
        self._posting = posting
        self._entry = posting.entry
        self._directory = directory
        self._where = f"{posting.entry.entry_id} of deal {posting.deal_number}"
        self._sale = ""

    # -- documents -----------------------------------------------------------------------------------------

    def sales_document(self, document: Document) -> None:
        """An invoice or a credit note, and the customer that it needs."""
        credit = document.kind is DocumentKind.CREDIT_NOTE
        self._customer(document.customer)
        self._sale = document.name
        body: dict[str, Any] = {
            "Type": "ACCRECCREDIT" if credit else "ACCREC",
            "Date": document.date.isoformat(),
            "LineAmountTypes": document.amounts.capitalize(),
            "CurrencyCode": document.currency,
            "Status": "AUTHORISED",
            "LineItems": [self._item(line, document) for line in document.lines],
        }
        if not credit:
            body["DueDate"] = document.date.isoformat()
        if document.fx_rate is not None and document.currency != self._directory.currency:
            # Units of the foreign currency for one of the organisation's own, six decimals [recalled].
            body["CurrencyRate"] = format(round(1 / document.fx_rate, 6), "f")
        payload = self._payload("credit-note" if credit else "invoice", "CreditNotes" if credit else "Invoices", body)
        version = self._posting.key.version
        payload["number"] = f"{self._deal()}-{'C' if credit else ''}{version}" + (
            f".{self._posting.key.issue}" if self._posting.key.issue else ""
        )
        payload["total"] = amount_text(document.total, document.currency)
        payload["tax"] = amount_text(document.tax_total, document.currency)
        self._add(document.name, payload, ("customer",))

    def journal(self, name: str, lines: Iterable[Line]) -> None:
        """A manual journal; our key goes first into its narration. Xero keeps journals in its own currency alone."""
        wanted = [one for one in ((line, self._own(line)) for line in lines) if one[1]]
        if not wanted:
            return
        body = {
            "Date": self._entry.accounting_date.isoformat(),
            "Status": "POSTED",
            "LineAmountTypes": "NoTax",
            "ShowOnCashBasisReports": False,
            "JournalLines": [self._journal_line(line, amount) for line, amount in wanted],
        }
        payload = self._payload("journal", "ManualJournals", body)
        self._add(name, payload, (self._sale,) if self._sale else ())

    def money(self, document: MoneyDocument) -> None:
        """A payment of a document, or money to and from another account."""
        if document.kind in (MoneyKind.PAYMENT, MoneyKind.REFUND, MoneyKind.SETTLEMENT):
            self._on_customer(document)
        elif self._directory.account(document.money.role, self._where).is_bank:
            self._bank(document)
        else:
            self.journal(document.name, (document.money, *document.lines))

    def allocation(self) -> None:
        """What a credit note leaves open is set against the invoice that it takes back; what is still left then,
        against the invoice of the next version."""
        if self._sale == "credit-note" and self._posting.sale is not None:
            needs = ((self._posting.sale, "invoice"),)
            self._allocate("sale/invoice", needs)
        elif self._sale == "invoice" and self._posting.key.version > 1:
            self._allocate("invoice", ())

    def _allocate(self, invoice: str, needs: tuple[tuple[Any, str], ...]) -> None:
        date = self._entry.accounting_date.isoformat()
        payload = {"op": "allocation", "invoice": invoice, "date": date, "deal": self._deal()}
        settled = "settlement" in [spec.name for spec in self.specs]
        self._add("allocation", payload, (self._sale, *(("settlement",) if settled else ())), needs)

    # -- money -----------------------------------------------------------------------------------------------

    def _on_customer(self, document: MoneyDocument) -> None:
        account = self._directory.for_payment(document.money.role, self._where)
        needs: tuple[tuple[Any, str], ...] = ()
        depends: tuple[str, ...] = ()
        applied = document.amount
        if document.kind is MoneyKind.SETTLEMENT:
            pays, depends, applied = self._sale, (self._sale,), document.applied
        elif document.kind is MoneyKind.PAYMENT and document.settles and self._posting.sale is not None:
            pays, needs, applied = "sale/invoice", ((self._posting.sale, "invoice"),), document.applied
        elif document.kind is MoneyKind.REFUND:
            pays, depends = "", ("customer",)
            self._customer(document.party)
        else:
            pays, applied = "", Decimal(0)
        if applied:
            body: dict[str, Any] = {
                "Account": {"Code": account.code},
                "Date": document.date.isoformat(),
                "Amount": amount_text(applied, document.currency),
            }
            if document.fx_rate is not None and document.currency != self._directory.currency:
                body["CurrencyRate"] = format(round(1 / document.fx_rate, 6), "f")
            payload = self._payload("refund" if not pays else "payment", "Payments", body)
            payload |= {"mark": self._mark(document.money.dimensions), "pays": pays, "deal": self._deal()}
            self._add(document.name, payload, depends, needs)
        if document.amount != applied:
            self._on_account(document, document.amount - applied)

    def _on_account(self, document: MoneyDocument, rest: Decimal) -> None:
        """What is not applied to a document stays on the customer's account: an overpayment, or, where the money is on
        an account that is no bank account, a note of it."""
        self._customer(document.party)
        account = self._directory.account(document.money.role, self._where)
        text = amount_text(rest, document.currency)
        words = "Received on account" if document.incoming else "Charged to the account"
        line = {"Description": self._described(words, document.money.dimensions), "UnitAmount": text}
        name = f"{document.name}-on-account"
        if account.is_bank:
            kind = "RECEIVE-OVERPAYMENT" if document.incoming else "SPEND-OVERPAYMENT"
            items = [{**line, "AccountCode": self._directory.debtors.code}]
            self._transaction(name, kind, account.code, items, document, text)
            return
        marks, _ = self._directory.tracking(document.money.dimensions)
        item = {**line, "AccountCode": account.code, "TaxType": self._directory.no_tax(), "Quantity": 1,
                "TaxAmount": amount_text(Decimal(0), document.currency), "Tracking": marks}  # fmt: skip
        body = {
            "Type": "ACCRECCREDIT" if document.incoming else "ACCREC",
            "Date": document.date.isoformat(),
            "LineAmountTypes": "Inclusive",
            "CurrencyCode": document.currency,
            "Status": "AUTHORISED",
            "LineItems": [item],
        }
        if not document.incoming:
            body["DueDate"] = document.date.isoformat()
        op, resource = ("credit-note", "CreditNotes") if document.incoming else ("invoice", "Invoices")
        payload = self._payload(op, resource, body)
        key = self._posting.key
        payload["number"] = f"{self._deal()}-{key.purpose}{key.subject or key.version}"
        payload |= {"total": text, "tax": amount_text(Decimal(0), document.currency)}
        self._add(name, payload, ("customer",))

    def _bank(self, document: MoneyDocument) -> None:
        """Money on a bank account that is no payment of a document: a bank transaction, since a manual journal cannot
        touch the account."""
        account = self._directory.account(document.money.role, self._where)
        self._customer(document.party)
        sign = -1 if document.incoming else 1
        items = []
        for line in document.lines:
            other = self._directory.account(line.role, self._where)
            if other.is_bank or other.system == "DEBTORS":
                raise ConfigError(
                    f"{self._where} moves money between {document.money.role} and {line.role}, which Xero takes only "
                    "as a transfer.",
                    fix="Enter it by hand in Xero.",
                )
            marks, _ = self._directory.tracking(line.dimensions)
            text = self._described(_role_words(line.role), line.dimensions)
            value = amount_text(line.amount.amount * sign, document.currency)
            items.append({"Description": text, "Quantity": 1, "UnitAmount": value, "AccountCode": other.code,
                          "Tracking": marks})  # fmt: skip
        total = amount_text(document.amount, document.currency)
        self._transaction(
            document.name, "RECEIVE" if document.incoming else "SPEND", account.code, items, document, total
        )

    def _transaction(
        self, name: str, kind: str, bank: str, items: list[dict[str, Any]], document: MoneyDocument, total: str
    ) -> None:
        body: dict[str, Any] = {
            "Type": kind,
            "BankAccount": {"Code": bank},
            "Date": document.date.isoformat(),
            "LineAmountTypes": "NoTax",
            "CurrencyCode": document.currency,
            "LineItems": items,
        }
        if document.fx_rate is not None and document.currency != self._directory.currency:
            body["CurrencyRate"] = format(round(1 / document.fx_rate, 6), "f")
        payload = self._payload("bank", "BankTransactions", body)
        payload |= {"mark": self._mark(document.money.dimensions), "total": total}
        self._add(name, payload, ("customer",))

    # -- lines -----------------------------------------------------------------------------------------------

    def _item(self, line: DocumentLine, document: Document) -> dict[str, Any]:
        marks, _ = self._directory.tracking(line.dimensions)
        gross = line.gross if document.amounts == "inclusive" else line.net
        return {
            "Description": self._described(line.description or line.role, line.dimensions),
            "Quantity": 1,
            "UnitAmount": amount_text(gross, document.currency),
            "AccountCode": self._for_document(line.role),
            "TaxType": line.code,
            "TaxAmount": amount_text(line.tax, document.currency),
            "Tracking": marks,
        }

    def _for_document(self, role: str) -> str:
        found = self._directory.account(role, self._where)
        if found.is_bank or found.system in ("DEBTORS", "CREDITORS", "RETAINEDEARNINGS"):
            raise ConfigError(
                f"{role} is account {found.code} ({found.name}) in Xero, which no line of an invoice can name; it is "
                f"needed by {self._where}.",
                fix="Give it an account of type Current Asset or Current Liability.",
            )
        return found.code

    def _journal_line(self, line: Line, amount: Decimal) -> dict[str, Any]:
        marks, _ = self._directory.tracking(line.dimensions)
        code = f", tax code {line.tax_code}" if line.tax_code else ""
        return {
            "LineAmount": amount_text(amount, self._directory.currency),
            "AccountCode": self._directory.for_journal(line.role, self._where).code,
            "Description": self._described(_role_words(line.role) + code, line.dimensions),
            "Tracking": marks,
        }

    def _own(self, line: Line) -> Decimal:
        """A line in the organisation's own currency."""
        own = self._directory.currency
        if line.amount.currency == own:
            return line.amount.amount
        if line.base is not None and line.base.currency == own:
            return line.base.amount
        raise ConfigError(
            f"{self._where} is in {line.amount.currency} and has no amounts in {own}, the currency of the Xero "
            "organisation.",
            fix="Keep the book in the currency of its organisation.",
        )

    def _described(self, text: str, dimensions: Mapping[str, str]) -> str:
        """A description, with every dimension that tracking has no place for. What does not fit is cut off the text."""
        _, rest = self._directory.tracking(dimensions)
        told = _told(dict(rest), _PARTS.split(text))
        return f"{_cut(text, _DESCRIPTION - len(told) - 2)}; {told}" if told else _cut(text, _DESCRIPTION)

    # -- effects ---------------------------------------------------------------------------------------------

    def _customer(self, party: str) -> None:
        """The contact of a party, as an effect of its own; one a posting."""
        if any(spec.name == "customer" for spec in self.specs):
            return
        if not party:
            raise ConfigError(
                f"{self._where} names nobody whom the money or the document is for, and Xero needs a contact.",
                fix="Name the party in the source of the deal.",
            )
        known = self._posting.parties.get(party) or Party(party, party)
        body: dict[str, Any] = {"Name": known.name[:_NAME], "ContactNumber": contact_number(party)}
        address = {
            name: value
            for name, value in (
                ("AddressLine1", known.street), ("City", known.city), ("Region", known.region),
                ("PostalCode", known.postcode), ("Country", known.country),
            )
            if value
        }  # fmt: skip
        if address:
            body["Addresses"] = [{"AddressType": "STREET", **address}]
        if known.vat_number:
            body["TaxNumber"] = known.vat_number[:50]
        payload = {"op": "customer", "resource": "Contacts", "body": body}
        self.specs.append(EffectSpec("customer", payload, subject=f"party:{party}"))

    def _payload(self, op: str, resource: str, body: dict[str, Any]) -> dict[str, Any]:
        return {"op": op, "resource": resource, "body": body, "mark": self._mark()}

    def _mark(self, dimensions: Mapping[str, str] | None = None) -> str:
        """What a reference or narration tells behind our key, and all dimensions of what carries no tracking."""
        parts = (self._deal(), self._entry.entry_id, self._posting.stock_no, _told(dimensions or {}), self._entry.note)
        return _cut(" ".join(part for part in parts if part), _MARK)

    def _deal(self) -> str:
        return self._posting.deal_number or self._posting.key.deal

    def _add(
        self,
        name: str,
        payload: Mapping[str, Any],
        depends: tuple[str, ...] = (),
        needs: tuple[tuple[Any, str], ...] = (),
    ) -> None:
        self.specs.append(EffectSpec(name, payload, depends, needs))


def _role_words(role: str) -> str:
    return role.replace(".", ": ").replace("_", " ")


def _told(dimensions: Mapping[str, str], said: Collection[str] = ()) -> str:
    """Dimensions in words, each with its name; but for what is said so already, in a part of its own."""
    parts = [f"{_WORDS.get(name, name)} {value}" for name, value in dimensions.items() if value]
    return ", ".join(part for part in parts if part not in said)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
