"""Payments, and allocations of credit notes, prepayments and overpayments to invoices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.xero.books import Books, Posting
from sandbox.xero.checks import amount_of, cash, date_of, short, unlocked
from sandbox.xero.lines import net
from sandbox.xero.trade import CREDIT, INVOICE, Trade, settle
from sandbox.xero.wire import Doc, Invalid, cents, number

PREPAYMENT = Trade("Prepayment", "Reference", "", {"RECEIVE-PREPAYMENT": -1, "SPEND-PREPAYMENT": 1}, "", "")
OVERPAYMENT = Trade("Overpayment", "Reference", "", {"RECEIVE-OVERPAYMENT": -1, "SPEND-OVERPAYMENT": 1}, "", "")
CREDITS = {"CreditNote": CREDIT, "Prepayment": PREPAYMENT, "Overpayment": OVERPAYMENT}
_PAYABLE = {"Invoice": INVOICE, **CREDITS}
_TYPES = {
    "ACCREC": "ACCRECPAYMENT", "ACCPAY": "ACCPAYPAYMENT", "ACCRECCREDIT": "ARCREDITPAYMENT",
    "ACCPAYCREDIT": "APCREDITPAYMENT", "RECEIVE-PREPAYMENT": "ARPREPAYMENTPAYMENT",
    "SPEND-PREPAYMENT": "APPREPAYMENTPAYMENT", "RECEIVE-OVERPAYMENT": "AROVERPAYMENTPAYMENT",
    "SPEND-OVERPAYMENT": "APOVERPAYMENTPAYMENT",
}  # fmt: skip


def pay(books: Books, data: Mapping[str, Any]) -> Doc:
    """PUT or POST: a payment of an invoice, or a refund of a credit.

    Raises:
        Invalid: with what is wrong.
    """
    if data.get("PaymentID"):
        if str(data.get("Status") or "").upper() == "DELETED":
            return delete(books, str(data["PaymentID"]))
        raise books.invalid("pay_edit")
    kind, doc = _target(books, data)
    if doc["Status"] != "AUTHORISED":
        raise books.invalid("over" if doc["Status"] == "PAID" else "not_authorised")
    errors = short(books, data, {"Reference": 255})
    account = cash(books, data.get("Account") or ({"Code": data["Code"]} if data.get("Code") else None))
    if account is None:
        errors.append(books.text("pay_account"))
    amount = amount_of(books, data)
    if cents(amount) != amount or amount > _left(doc):
        errors.append(books.text("over"))
    if errors or account is None:
        raise Invalid(errors)
    when = date_of(books, data, "Date", books.today()) or books.today()
    unlocked(books, when)
    payment: Doc = {
        "PaymentID": books.new_id(), "Date": when, "Amount": cents(amount), "BankAmount": cents(amount),
        "Reference": str(data.get("Reference") or ""), "CurrencyRate": _rate(books, data, doc),
        "PaymentType": _TYPES[doc["Type"]], "Status": "AUTHORISED", "HasAccount": True,
        "IsReconciled": bool(data.get("IsReconciled")),
        "Account": {"AccountID": account["AccountID"], "Code": account["Code"]},
        kind: {_PAYABLE[kind].id: doc[_PAYABLE[kind].id]}, "_app": books.app,
    }  # fmt: skip
    saved = books.save("Payment", payment, "create")
    link = {"PaymentID": saved["PaymentID"], "Amount": saved["Amount"], "Date": when}
    settle(books, _PAYABLE[kind], doc, [*doc.get("_links", []), link], doc.get("_allocations", []))
    _post_payment(books, saved, kind, doc, account)
    books.note(doc[_PAYABLE[kind].id], "Payment", f"{saved['Amount']} on {when}")
    return saved


def delete(books: Books, ref: str) -> Doc:
    """POST with Status DELETED: the payment is taken back, the document is open again.

    Raises:
        Invalid: it is gone already, or a lock date holds it.
    """
    payment = books.get("Payment", ref)
    if payment is None:
        raise books.invalid("no_document")
    if payment["Status"] == "DELETED":
        raise books.invalid("pay_gone")
    unlocked(books, payment["Date"])
    saved = books.save("Payment", {**payment, "Status": "DELETED"}, "delete")
    books.reverse(ref)
    for kind, trade in _PAYABLE.items():
        doc = books.get(kind, str(payment.get(kind, {}).get(trade.id, "")))
        if doc:
            rest = [link for link in doc["_links"] if link["PaymentID"] != payment["PaymentID"]]
            settle(books, trade, doc, rest, doc.get("_allocations", []))
    return saved


def allocate(books: Books, kind: str, ref: str, data: Mapping[str, Any]) -> Doc:
    """PUT /CreditNotes/{id}/Allocations, and those of prepayments and overpayments.

    Raises:
        Invalid: with what is wrong.
    """
    trade = CREDITS[kind]
    credit = books.get(kind, ref)
    invoice = _invoice(books, data.get("Invoice"))
    if credit is None or invoice is None:
        raise books.invalid("no_document")
    if credit["Status"] != "AUTHORISED" or invoice["Status"] != "AUTHORISED":
        raise books.invalid("allocate_status")
    if credit["Contact"] != invoice["Contact"]:
        raise books.invalid("allocate_contact")
    amount = amount_of(books, data)
    if cents(amount) != amount or amount > min(credit["RemainingCredit"], invoice["AmountDue"]):
        raise books.invalid("allocate_over")
    when = date_of(books, data, "Date", books.today()) or books.today()
    unlocked(books, when)
    allocation: Doc = {
        "AllocationID": books.new_id(), "Amount": cents(amount), "Date": when, "InvoiceID": invoice["InvoiceID"],
        "Kind": kind, trade.id: credit[trade.id],
    }  # fmt: skip
    settle(books, trade, credit, credit.get("_links", []), [*credit.get("_allocations", []), allocation], "allocate")
    settle(books, INVOICE, invoice, invoice.get("_links", []), [*invoice.get("_allocations", []), allocation])
    if kind == "Prepayment":
        _post_allocation(books, credit, allocation, when)
    return allocation


def unallocate(books: Books, kind: str, ref: str, allocation: str) -> Doc | None:
    """DELETE /CreditNotes/{id}/Allocations/{id}."""
    trade = CREDITS[kind]
    credit = books.get(kind, ref)
    found = next((a for a in (credit or {}).get("_allocations", ()) if a["AllocationID"] == allocation.lower()), None)
    if credit is None or found is None:
        return None
    unlocked(books, found["Date"])
    for target, doc in ((trade, credit), (INVOICE, books.get("Invoice", found["InvoiceID"]))):
        if doc:
            rest = [a for a in doc["_allocations"] if a["AllocationID"] != found["AllocationID"]]
            settle(books, target, doc, doc.get("_links", []), rest)
    books.reverse(found["AllocationID"])
    gone: Doc = found
    return gone


def _left(doc: Mapping[str, Any]) -> Decimal:
    left: Decimal = doc["AmountDue"] if "AmountDue" in doc else doc["RemainingCredit"]
    return left


def _target(books: Books, data: Mapping[str, Any]) -> tuple[str, Doc]:
    for kind, trade in _PAYABLE.items():
        ref = data.get(kind)
        named = {**ref} if isinstance(ref, Mapping) else {}
        if data.get(trade.number) and trade in (INVOICE, CREDIT):
            named.setdefault(trade.number, data[trade.number])
        if not named:
            continue
        doc = books.get(kind, str(named[trade.id])) if named.get(trade.id) else None
        if doc is None and trade in (INVOICE, CREDIT) and named.get(trade.number) and not named.get(trade.id):
            doc = next(iter(_current(books, kind, trade.number, named[trade.number])), None)
        if doc is None:
            raise books.invalid("no_document")
        return kind, doc
    raise books.invalid("no_document")


def _current(books: Books, kind: str, name: str, value: Any) -> list[Doc]:
    found = books.find(kind, name, value)
    return [doc for doc in found if doc["Status"] not in ("DELETED", "VOIDED")] or found


def _invoice(books: Books, ref: Any) -> Doc | None:
    if not isinstance(ref, Mapping):
        return None
    if ref.get("InvoiceID"):
        return books.get("Invoice", str(ref["InvoiceID"]))
    found = _current(books, "Invoice", "InvoiceNumber", ref["InvoiceNumber"]) if ref.get("InvoiceNumber") else []
    return found[0] if found else None


def _rate(books: Books, data: Mapping[str, Any], doc: Doc) -> Decimal:
    """The rate of the day of the payment, where it is said [C contract: only for documents in a foreign currency]."""
    own = doc.get("CurrencyRate") or Decimal(1)
    if doc.get("CurrencyCode") == books.currency:
        return Decimal(own)
    return number(data.get("CurrencyRate")) or Decimal(own)


def _post_payment(books: Books, payment: Doc, kind: str, doc: Doc, account: Doc) -> None:
    """Money in for an invoice, out for a credit: against the customer, or the prepayment's own accounts."""
    side = _PAYABLE[kind].sides[doc["Type"]]
    amount = cents(payment["Amount"] / payment["CurrencyRate"]) * side
    owed = cents(payment["Amount"] / (doc.get("CurrencyRate") or Decimal(1))) * side
    lines = [Posting(account["AccountID"], amount, description=payment["Reference"])]
    if owed != amount:  # the document is settled at its own rate; the difference is realised
        lines.append(Posting(books.account("REALISEDCURRENCYGAIN")["AccountID"], owed - amount))
    if kind == "Prepayment":
        lines += _share(books, doc, payment["Amount"])
    else:
        customer = doc["Type"] in ("ACCREC", "ACCRECCREDIT", "RECEIVE-OVERPAYMENT")
        control = books.account("DEBTORS" if customer else "CREDITORS")
        lines.append(Posting(control["AccountID"], -owed, description=payment["Reference"]))
    books.post(payment["PaymentType"], payment["PaymentID"], payment["Date"], payment["Reference"], lines)


def _post_allocation(books: Books, credit: Doc, allocation: Doc, when: date) -> None:
    """What was coded to the prepayment's accounts moves to the customer's. [R]"""
    side = PREPAYMENT.sides[credit["Type"]]
    control = books.account("DEBTORS" if side < 0 else "CREDITORS")
    rate = credit.get("CurrencyRate") or Decimal(1)
    amount = cents(allocation["Amount"] / rate) * side
    lines = [Posting(control["AccountID"], amount), *_share(books, credit, allocation["Amount"])]
    kind = "ARPREPAYMENT" if side < 0 else "APPREPAYMENT"
    books.post(kind, allocation["AllocationID"], when, credit.get("Reference") or "", lines)


def _share(books: Books, credit: Doc, amount: Decimal) -> list[Posting]:
    """The part of a prepayment's lines and tax that an amount stands for, taken off them again."""
    side = -PREPAYMENT.sides[credit["Type"]]
    part = amount / credit["Total"] / (credit.get("CurrencyRate") or Decimal(1))
    found = []
    for line in credit["LineItems"]:
        found.append(Posting(line["AccountID"], cents(net(line, credit["LineAmountTypes"]) * part) * side))
        if line["TaxAmount"]:
            found.append(Posting(books.account("GST")["AccountID"], cents(line["TaxAmount"] * part) * side))
    return found
