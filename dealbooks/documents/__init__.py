"""Documents: how an entry is carried into a ledger that has invoices, journals and payments of its own. Pure.

invoice_facts   what a sales document says beside its entry, recorded with the sale
documents_of    an entry -> its sales document, journals, payments, for one ledger's `Target`
entries_of      documents -> the lines of the entries that they carry
ledger_tax      the tax as a ledger will compute it from a document's lines

docs/documents.md shows a worked example and the tables that an author of a ledger needs.
"""

from __future__ import annotations

from dealbooks.documents.build import documents_of
from dealbooks.documents.collect import invoice_facts
from dealbooks.documents.facts import InvoiceFacts, InvoiceLine, InvoiceTax, PaidReceipt, TradedCar
from dealbooks.documents.lines import NoTaxCode
from dealbooks.documents.recombine import entries_of, folded, lines_of
from dealbooks.documents.target import Mode, Target, TaxCode
from dealbooks.documents.totals import LedgerTax, TaxDiffers, ledger_tax
from dealbooks.documents.values import (
    Document,
    DocumentKind,
    DocumentLine,
    DocumentSet,
    DocumentTax,
    Fallback,
    Journal,
    MoneyDocument,
    MoneyKind,
)

__all__ = [
    "Document",
    "DocumentKind",
    "DocumentLine",
    "DocumentSet",
    "DocumentTax",
    "Fallback",
    "InvoiceFacts",
    "InvoiceLine",
    "InvoiceTax",
    "Journal",
    "LedgerTax",
    "Mode",
    "MoneyDocument",
    "MoneyKind",
    "NoTaxCode",
    "PaidReceipt",
    "Target",
    "TaxCode",
    "TaxDiffers",
    "TradedCar",
    "documents_of",
    "entries_of",
    "folded",
    "invoice_facts",
    "ledger_tax",
    "lines_of",
]
