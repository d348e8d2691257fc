"""From a posting to the effects that carry it into QuickBooks Online. Pure, but for what the directory looks up.

Mode A goes through clearing: QuickBooks has one line at most on accounts receivable in a journal entry, and a credit
there leaves the invoice open; a payment out of the clearing account closes it. A sale paid in full on its day is a
sales receipt (mode C), which is always fully paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from blocks.ledgers.quickbooks import bodies, journals, wire
from blocks.ledgers.quickbooks.directory import Directory
from dealbooks.documents import (
    Document,
    DocumentKind,
    Journal,
    Mode,
    MoneyDocument,
    MoneyKind,
    NoTaxCode,
    Target,
    documents_of,
)
from dealbooks.errors import BrokenInvariant
from dealbooks.ledger import EffectSpec, Posting
from dealbooks.money import amount_text
from dealbooks.posting import PostingError

_KINDS = {
    DocumentKind.SALES_INVOICE: wire.INVOICE,
    DocumentKind.SALES_RECEIPT: wire.RECEIPT,
    DocumentKind.CREDIT_NOTE: wire.CREDIT,
}


def target_of(directory: Directory, posting: Posting) -> Target:
    """What the company wants of the documents for a posting."""
    settings, facts = directory.settings, posting.invoice
    paid = settings.sales_receipts and facts is not None and bool(facts.paid) and not facts.not_paid
    mode = Mode.SALES_RECEIPT if paid else Mode.INVOICE_AND_JOURNAL
    if directory.company.in_us:
        return Target(
            mode,
            "clearing",
            tax_codes={},
            taxable=bodies.TAXABLE,
            no_tax=bodies.NOT_TAXED,
            one_customer_line=True,
        )
    return Target(
        mode,
        "clearing",
        settings.amounts,
        settings.tax,
        settings.tax_rounding,
        taxes_on_top="lines",
        tax_codes=directory.tax_codes(),
        no_tax=directory.no_tax(),
        one_customer_line=True,
    )


def effects_of(posting: Posting, directory: Directory) -> tuple[EffectSpec, ...]:
    """The ordered write calls that carry a posting.

    Raises:
        ConfigError: the chart or the company lacks what a line needs.
        PostingError: the entry cannot be carried so.
    """
    entry = posting.entry
    if entry.currency != directory.book.currency:
        raise PostingError(
            posting.deal_number or entry.entry_id,
            f"it is in {entry.currency}, and the QuickBooks company is kept in {directory.book.currency}",
            fix="Enter this deal in QuickBooks by hand; Dealbooks carries deals in the book's own currency there.",
        )
    try:
        found = documents_of(entry, target_of(directory, posting), posting.invoice)
    except NoTaxCode as error:
        deal = posting.deal_number or posting.entry.entry_id
        raise directory.no_such_tax_code(error.code, deal=deal) from error
    if found.covered_by is not None:
        return (_covered(posting),)
    made = _Effects(posting, directory)
    for document in found.documents:
        if isinstance(document, Document):
            made.sales_form(document)
        elif isinstance(document, Journal):
            made.journal(document.name, document.lines)
        else:
            made.money(document)
    return made.all()


def _covered(posting: Posting) -> EffectSpec:
    """A receipt that the sales receipt carries: no call; what is read back is the sales receipt's total."""
    facts, sale = posting.invoice, posting.sale
    if facts is None or sale is None:
        raise BrokenInvariant(
            f"{posting.entry.entry_id} of deal {posting.deal_number} is carried by a sales receipt that is not named.",
            fix="This is a fault of Dealbooks. Nothing was posted; report it with the deal.",
        )
    total = sum((receipt.amount for receipt in facts.paid), Decimal(0))
    expect = {"total": amount_text(total, posting.entry.currency), "status": "posted"}
    payload = {"kind": wire.COVERED, "what": "receipt on the sales receipt", "sale": sale.purpose, "expect": expect}
    return EffectSpec("covered", payload, needs=((sale, "receipt"),))


class _Effects:
    """Collects the effects of one posting; customers first."""

    def __init__(self, posting: Posting, directory: Directory) -> None:
        self._posting = posting
        self._directory = directory
        self._customers: dict[str, str] = {}
        self._made: list[EffectSpec] = []

    def all(self) -> tuple[EffectSpec, ...]:
        """Customers, then documents in their order."""
        posting = self._posting
        customers = [
            EffectSpec(name, bodies.customer(posting, party, self._directory), subject=f"party:{party}")
            for party, name in self._customers.items()
        ]
        return (*customers, *self._made)

    def sales_form(self, document: Document) -> None:
        """An invoice, a sales receipt, a credit memo."""
        customer = self._customer(document.customer)
        payload = bodies.sales_form(self._posting, document, _KINDS[document.kind], customer, self._directory)
        self._made.append(EffectSpec(document.name, payload, (customer,)))

    def journal(self, name: str, lines: Sequence[Any]) -> None:
        """A journal entry; its customers are those on its lines on accounts receivable, and on their deposits."""
        posting = self._posting
        parties = {
            party: self._customer(party)
            for party in dict.fromkeys(line.dimensions.get("party", "") for line in lines)
            if party and journals.names_customer(party, lines, posting)
        }
        payload = journals.journal(posting, name, lines, parties, self._directory)
        if payload is not None:
            self._made.append(EffectSpec(name, payload, tuple(dict.fromkeys(parties.values()))))

    def money(self, document: MoneyDocument) -> None:
        """Money from the customer, or out of clearing, is a payment; everything else a journal entry."""
        role = document.money.role
        takes = document.kind in (MoneyKind.PAYMENT, MoneyKind.SETTLEMENT) and document.incoming
        if not takes or not role.startswith(("cash.", "clearing.")):
            self.journal(document.name, (document.money, *document.lines))
            if document.kind is MoneyKind.SETTLEMENT:
                self._applied(document)
            return
        customer = self._customer(document.party)
        applied, depends, needs = "", [customer], []
        if document.kind is MoneyKind.SETTLEMENT:
            applied = "invoice"
            depends.append(applied)
        elif document.settles and self._posting.sale is not None and not self._paid_by_receipt():
            applied = f"{self._posting.sale.purpose}/invoice"
            needs.append((self._posting.sale, "invoice"))
        payload = bodies.payment(self._posting, document, customer, applied, self._directory)
        self._made.append(EffectSpec(document.name, payload, tuple(depends), tuple(needs)))

    def _applied(self, document: MoneyDocument) -> None:
        """A credit memo and the journal that settles it, applied to each other: neither stays open."""
        customer, settled = self._customer(document.party), (document.name, "credit-note")
        payload = bodies.application(self._posting, document, customer, settled, self._directory)
        self._made.append(EffectSpec("applied", payload, (customer, *settled)))

    def _paid_by_receipt(self) -> bool:
        """Whether the sale is a sales receipt, to which no payment can be applied."""
        return target_of(self._directory, self._posting).mode is Mode.SALES_RECEIPT

    def _customer(self, party: str) -> str:
        """The name of the effect that finds or makes a customer."""
        if party not in self._customers:
            number = len(self._customers) + 1
            self._customers[party] = "customer" if number == 1 else f"customer-{number}"
        return self._customers[party]
