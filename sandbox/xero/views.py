"""Documents as the API shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.xero.books import Books
from sandbox.xero.wire import Doc, dated, ms, stamped

_COMMON = ("Type", "Status", "LineAmountTypes", "SubTotal", "TotalTax", "Total", "CurrencyCode")


def render(books: Books, kind: str, doc: Mapping[str, Any], *, summary: bool = False) -> Doc:
    """A document whole, or without its lines."""
    return _VIEWS[kind](books, doc, summary)


def whole(books: Books, kind: str, doc: Doc) -> Doc:
    """For the log of writes."""
    return render(books, kind, doc)


def contact_of(books: Books, doc: Mapping[str, Any]) -> Doc:
    """A contact as other documents show it."""
    held = books.get("Contact", doc["Contact"]["ContactID"])
    if held is None:
        return dict(doc["Contact"])
    named = {name: held[name] for name in ("ContactID", "ContactNumber", "Name", "EmailAddress") if held.get(name)}
    return {**named, "ContactStatus": held["ContactStatus"], "HasValidationErrors": False}


def _trade(books: Books, doc: Mapping[str, Any], kind: str, more: tuple[str, ...]) -> Doc:
    found: Doc = {f"{kind}ID": doc[f"{kind}ID"], **{name: doc[name] for name in (*_COMMON, *more) if name in doc}}
    found["Contact"] = contact_of(books, doc)
    for name in ("Date", "DueDate", "FullyPaidOnDate"):
        if doc.get(name):
            found |= dated(name, doc[name]) if name != "FullyPaidOnDate" else {name: ms(doc[name])}
    return found


def _invoice(books: Books, doc: Mapping[str, Any], summary: bool) -> Doc:  # noqa: FBT001
    more = (
        "InvoiceNumber",
        "Reference",
        "Url",
        "AmountDue",
        "AmountPaid",
        "AmountCredited",
        "CurrencyRate",
        "SentToContact",
    )
    found = _trade(books, doc, "Invoice", more)
    found |= {"SentToContact": bool(doc.get("SentToContact")), "Reference": doc.get("Reference", "")}
    found |= {"HasAttachments": False, "HasErrors": False, "IsDiscounted": False, **stamped(doc)}
    if summary:
        return found
    found["LineItems"] = doc["LineItems"]
    found["Payments"] = [
        {"PaymentID": link["PaymentID"], "Date": ms(link["Date"]), "Amount": link["Amount"], "HasAccount": False,
         "HasValidationErrors": False}
        for link in doc.get("_links", ())
    ]  # fmt: skip
    for kind in ("CreditNote", "Prepayment", "Overpayment"):
        found[f"{kind}s"] = [
            {f"{kind}ID": link[f"{kind}ID"], "AppliedAmount": link["Amount"], "Date": ms(link["Date"])}
            for link in doc.get("_allocations", ())
            if link["Kind"] == kind
        ]
    return found


def allocation(books: Books, link: Mapping[str, Any]) -> Doc:
    """An allocation."""
    invoice = books.get("Invoice", link["InvoiceID"]) or {}
    named = {"InvoiceID": link["InvoiceID"], "InvoiceNumber": invoice.get("InvoiceNumber", "")}
    dates = {"Date": ms(link["Date"])}
    return {
        "AllocationID": link["AllocationID"],
        "Amount": link["Amount"],
        **dates,
        "Invoice": named,
        "IsDeleted": False,
    }


def _credit(kind: str, number: str) -> Callable[[Books, Mapping[str, Any], bool], Doc]:
    def view(books: Books, doc: Mapping[str, Any], summary: bool) -> Doc:  # noqa: FBT001
        more = (number, "Reference", "RemainingCredit", "AppliedAmount", "CurrencyRate")
        found = {**_trade(books, doc, kind, more), "HasAttachments": False, **stamped(doc)}
        if kind == "CreditNote":
            found["HasErrors"] = False
        else:
            found.pop("FullyPaidOnDate", None)
        found["Allocations"] = [allocation(books, link) for link in doc.get("_allocations", ())]
        if not summary:
            found["LineItems"] = doc["LineItems"]
            found["Payments"] = [
                {"PaymentID": link["PaymentID"], "Date": ms(link["Date"]), "Amount": link["Amount"]}
                for link in doc.get("_links", ())
            ]
        return found

    return view


def _payment(books: Books, doc: Mapping[str, Any], summary: bool) -> Doc:  # noqa: FBT001
    names = ("PaymentID", "Amount", "BankAmount", "Reference", "CurrencyRate", "PaymentType", "Status", "HasAccount",
             "IsReconciled", "Account")  # fmt: skip
    found: Doc = {**{name: doc[name] for name in names}, "Date": ms(doc["Date"]), "HasValidationErrors": False}
    found |= stamped(doc)
    for kind in ("Invoice", "CreditNote", "Prepayment", "Overpayment"):
        held = books.get(kind, doc[kind][f"{kind}ID"]) if kind in doc else None
        if held:
            found[kind] = {
                name: held[name]
                for name in (f"{kind}ID", f"{kind}Number", "Type", "Status", "Total", "AmountDue", "AmountPaid",
                             "CurrencyCode", "RemainingCredit")
                if name in held
            } | {"Contact": contact_of(books, held)}  # fmt: skip
    return found


def _bank(books: Books, doc: Mapping[str, Any], summary: bool) -> Doc:  # noqa: FBT001
    more = ("Reference", "IsReconciled", "BankAccount", "Url", "PrepaymentID", "OverpaymentID", "CurrencyRate")
    found = {**_trade(books, doc, "BankTransaction", more), "HasAttachments": False, **stamped(doc, text=False)}
    return found if summary else {**found, "LineItems": doc["LineItems"]}


def _journal(books: Books, doc: Mapping[str, Any], summary: bool) -> Doc:  # noqa: FBT001
    names = ("ManualJournalID", "Narration", "LineAmountTypes", "Status", "ShowOnCashBasisReports", "Url")
    found: Doc = {name: doc[name] for name in names if name in doc} | {"Date": ms(doc["Date"]), "HasAttachments": False}
    found |= stamped(doc, text=False)
    return found if summary else {**found, "JournalLines": doc["JournalLines"]}


def _contact(books: Books, doc: Mapping[str, Any], summary: bool) -> Doc:  # noqa: FBT001
    found = {name: value for name, value in doc.items() if not name.startswith("_")}
    found |= {"HasAttachments": False, "HasValidationErrors": False, **stamped(doc, text=False)}
    if not summary:
        found |= {"Addresses": doc.get("Addresses", []), "Phones": doc.get("Phones", [])}
        found |= {"ContactPersons": doc.get("ContactPersons", []), "ContactGroups": []}
    return found


def _plain(books: Books, doc: Mapping[str, Any], summary: bool) -> Doc:  # noqa: FBT001
    found = {name: value for name, value in doc.items() if not name.startswith("_")}
    return {**found, **stamped(doc, text=False)}


def _setting(books: Books, doc: Mapping[str, Any], summary: bool) -> Doc:  # noqa: FBT001
    return {name: value for name, value in doc.items() if name != "UpdatedDateUTC" and not name.startswith("_")}


_VIEWS: dict[str, Callable[[Books, Mapping[str, Any], bool], Doc]] = {
    "Invoice": _invoice, "CreditNote": _credit("CreditNote", "CreditNoteNumber"),
    "Prepayment": _credit("Prepayment", "Reference"), "Overpayment": _credit("Overpayment", "Reference"),
    "Payment": _payment, "BankTransaction": _bank, "ManualJournal": _journal, "Contact": _contact, "Account": _plain,
    "TaxRate": _setting, "TrackingCategory": _setting,
}  # fmt: skip
