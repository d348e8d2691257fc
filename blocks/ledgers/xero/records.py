"""Every transaction of a period as Xero lists it, ours or typed by hand, turned into lines by account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from blocks.ledgers.xero.directory import Directory
from blocks.ledgers.xero.reads import Reads
from blocks.ledgers.xero.wire import amount, date_filter, day_of, key_in
from dealbooks.ledger import Record, RecordLine

_GONE = frozenset({"DRAFT", "SUBMITTED", "DELETED", "VOIDED"})
_CENT = Decimal("0.01")
_SIDES = {"ACCREC": 1, "ACCPAY": -1, "ACCRECCREDIT": -1, "ACCPAYCREDIT": 1}  # of the customers' or suppliers' account


def records_of(reads: Reads, directory: Directory, first: date, last: date) -> Iterator[Record]:
    """Records of a period, both days included. Raises StopConnection."""
    period = date_filter(first, last)
    for resource in TRANSACTIONS:
        for doc in reads.pages(resource, period):
            record = record_of(resource, doc, directory)
            if record is not None and doc.get("Status") not in _GONE:
                yield record


def record_of(resource: str, doc: Mapping[str, Any], directory: Directory) -> Record | None:
    """One transaction as its lines in the books; none where it does not count (a draft, voided, deleted). None: Xero
    shows no day of it."""
    when = day_of(doc)
    if when is None:
        return None
    text = str(doc.get("Narration") or doc.get("Reference") or "")
    number = doc.get("InvoiceNumber") or doc.get("CreditNoteNumber")
    told = f"{number} {text}".strip() if number else text
    lines = () if doc.get("Status") in _GONE else tuple(_LINES[resource](doc, directory))
    return Record(f"{resource}/{doc[f'{resource[:-1]}ID']}", key_in(text), when, told, lines)


def _trade(doc: Mapping[str, Any], directory: Directory) -> list[RecordLine]:
    kind = str(doc.get("Type", ""))
    side = _SIDES.get(kind, 1)
    control = directory.debtors if kind.startswith("ACCREC") else directory.creditors
    total = _own(doc, amount(doc.get("Total"))) * side
    return [RecordLine(control.code, total, directory.currency), *_items(doc, directory, -side)]


def _bank(doc: Mapping[str, Any], directory: Directory) -> list[RecordLine]:
    side = 1 if str(doc.get("Type", "")).startswith("RECEIVE") else -1
    bank = str((doc.get("BankAccount") or {}).get("Code") or "")
    total = _own(doc, amount(doc.get("Total"))) * side
    return [RecordLine(bank, total, directory.currency), *_items(doc, directory, -side)]


def _payment(doc: Mapping[str, Any], directory: Directory) -> list[RecordLine]:
    """Of a payment by its type: money in for what customers owe, out for what suppliers are owed."""
    kind = str(doc.get("PaymentType", ""))
    customer = kind.startswith(("ACCREC", "AR"))
    credit = not kind.startswith("ACC")  # a credit, prepayment or overpayment is paid back
    side = 1 if customer is not credit else -1
    control = directory.debtors if customer else directory.creditors
    value = _own(doc, amount(doc.get("Amount"))) * side
    account = str((doc.get("Account") or {}).get("Code") or "")
    return [
        RecordLine(account, value, directory.currency),
        RecordLine(control.code, -value, directory.currency),
    ]


def _journal(doc: Mapping[str, Any], directory: Directory) -> list[RecordLine]:
    found: list[RecordLine] = []
    tax_total = Decimal(0)
    inclusive = doc.get("LineAmountTypes") == "Inclusive"
    for line in doc.get("JournalLines") or ():
        value, tax = amount(line.get("LineAmount")), amount(line.get("TaxAmount"))
        tax_total += tax
        net = value - tax if inclusive else value
        found.append(RecordLine(str(line.get("AccountCode", "")), net, directory.currency, _dimensions(line)))
    if tax_total:
        found.append(RecordLine(directory.tax_account.code, tax_total, directory.currency))
    return found


def _items(doc: Mapping[str, Any], directory: Directory, sign: int) -> list[RecordLine]:
    found: list[RecordLine] = []
    tax_total = Decimal(0)
    inclusive = doc.get("LineAmountTypes") == "Inclusive"
    for line in doc.get("LineItems") or ():
        value, tax = amount(line.get("LineAmount")), amount(line.get("TaxAmount"))
        tax_total += _own(doc, tax)
        net = _own(doc, value - tax if inclusive else value) * sign
        found.append(RecordLine(str(line.get("AccountCode", "")), net, directory.currency, _dimensions(line)))
    if tax_total:
        found.append(RecordLine(directory.tax_account.code, tax_total * sign, directory.currency))
    return found


def _dimensions(line: Mapping[str, Any]) -> dict[str, str]:
    return {str(mark.get("Name")): str(mark.get("Option")) for mark in line.get("Tracking") or ()}


def _own(doc: Mapping[str, Any], value: Decimal) -> Decimal:
    """In the organisation's own currency; the rate is units of the document's for one of its own."""
    rate = amount(doc.get("CurrencyRate")) or Decimal(1)
    return value if rate == 1 else (value / rate).quantize(_CENT, ROUND_HALF_UP)


_LINES: Mapping[str, Callable[[Mapping[str, Any], Directory], list[RecordLine]]] = {
    "Invoices": _trade, "CreditNotes": _trade, "Payments": _payment, "BankTransactions": _bank,
    "ManualJournals": _journal,
}  # fmt: skip
TRANSACTIONS = tuple(_LINES)
