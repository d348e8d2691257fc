"""Lists: filters, If-Modified-Since, order, pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from sandbox.kit import Call
from sandbox.xero.books import Books
from sandbox.xero.views import render
from sandbox.xero.where import BadQuery, Parser, order_by
from sandbox.xero.wire import Doc, Refusal, exception

_TRADE = frozenset({
    "Type", "Status", "Date", "DueDate", "Reference", "Total", "SubTotal", "TotalTax", "UpdatedDateUTC", "CurrencyCode",
    "Contact.ContactID", "Contact.Name", "Contact.ContactNumber", "LineAmountTypes",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the API: the kind of its documents, the fields that filters know, what `searchTerm` looks at."""

    plural: str
    kind: str
    fields: frozenset[str]
    paged: bool = True
    number: str = ""  # a document is found by this field too, in its path
    searched: tuple[str, ...] = ()


RESOURCES = {
    resource.plural: resource
    for resource in (
        Resource("Invoices", "Invoice", _TRADE | {"InvoiceID", "InvoiceNumber", "AmountDue", "AmountPaid",
                 "AmountCredited", "FullyPaidOnDate"}, number="InvoiceNumber", searched=("InvoiceNumber", "Reference")),
        Resource("CreditNotes", "CreditNote", _TRADE | {"CreditNoteID", "CreditNoteNumber", "RemainingCredit"},
                 number="CreditNoteNumber"),
        Resource("Prepayments", "Prepayment", _TRADE | {"PrepaymentID", "RemainingCredit"}),
        Resource("Overpayments", "Overpayment", _TRADE | {"OverpaymentID", "RemainingCredit"}),
        Resource("BankTransactions", "BankTransaction", _TRADE | {"BankTransactionID", "IsReconciled",
                 "BankAccount.AccountID", "BankAccount.Code", "PrepaymentID"}),
        Resource("Payments", "Payment", frozenset({"PaymentID", "Date", "Amount", "Reference", "Status", "PaymentType",
                 "UpdatedDateUTC", "IsReconciled", "Account.AccountID", "Account.Code", "Invoice.InvoiceID",
                 "Invoice.InvoiceNumber", "CreditNote.CreditNoteID", "CreditNote.CreditNoteNumber"})),
        Resource("ManualJournals", "ManualJournal", frozenset({"ManualJournalID", "Narration", "Date", "Status",
                 "UpdatedDateUTC", "ShowOnCashBasisReports"})),
        Resource("Contacts", "Contact", frozenset({"ContactID", "ContactNumber", "Name", "EmailAddress",
                 "ContactStatus", "AccountNumber", "FirstName", "LastName", "IsCustomer", "IsSupplier",
                 "UpdatedDateUTC"}), number="ContactNumber",
                 searched=("Name", "FirstName", "LastName", "ContactNumber", "CompanyNumber", "EmailAddress")),
        Resource("Accounts", "Account", frozenset({"AccountID", "Code", "Name", "Type", "Class", "Status", "TaxType",
                 "SystemAccount", "EnablePaymentsToAccount", "UpdatedDateUTC"}), paged=False),
        Resource("TaxRates", "TaxRate", frozenset({"TaxType", "Name", "Status", "CanApplyToRevenue", "EffectiveRate"}),
                 paged=False),
        Resource("TrackingCategories", "TrackingCategory", frozenset({"TrackingCategoryID", "Name", "Status"}),
                 paged=False),
    )
}  # fmt: skip


def one(books: Books, resource: Resource, ref: str) -> Doc | None:
    """A document by its id, or by its number where the resource has one."""
    found = books.get(resource.kind, ref)
    if found is None and resource.number:
        held = books.find(resource.kind, resource.number, ref)
        live = [doc for doc in held if doc.get("Status") not in ("DELETED", "VOIDED")]
        found = next(iter(live or held), None)
    return found


def many(books: Books, resource: Resource, call: Call, *, lag: float = 0.0) -> tuple[Doc, bool]:
    """The answer to a list, and whether a lagging search hid something.

    Raises:
        Refusal: a parameter is not understood.
    """
    page, size = _page(books, call)
    if any(name in call.query for name in ("InvoiceNumbers", "IDs")):
        docs = _named(books, resource, call)
    else:
        docs = list(books.all(resource.kind))
    docs = _filtered(books, resource, call, docs)
    if resource.paged and len(docs) > books.settings.max_rows:
        raise exception(10, "ValidationException", books.text("many", limit=books.settings.max_rows))
    hidden = 0
    if lag:
        since = books.clock.now() - timedelta(seconds=lag)
        seen = [doc for doc in docs if doc["UpdatedDateUTC"] < since]
        hidden, docs = len(docs) - len(seen), seen
    docs = _ordered(books, resource, call, docs)
    answer: Doc = {}
    paged = resource.paged and ("page" in call.query or "pageSize" in call.query)
    if paged:
        pages = -(-len(docs) // size)
        answer["pagination"] = {"page": page, "pageSize": size, "pageCount": pages, "itemCount": len(docs)}
        docs = docs[(page - 1) * size : page * size]
    summary = call.query.get("summaryOnly", "").lower() == "true"
    summary = summary or (resource.paged and not paged and books.settings.unpaged_summary)
    summary = summary and resource.kind not in ("Payment", "Contact")
    answer[resource.plural] = [render(books, resource.kind, doc, summary=summary) for doc in docs]
    return answer, hidden > 0


def _page(books: Books, call: Call) -> tuple[int, int]:
    limit = books.settings.max_page_size
    try:
        page, size = int(call.query.get("page", 1)), int(call.query.get("pageSize", books.settings.page_size))
    except ValueError:
        page, size = 0, 0
    if page < 1 or not 1 <= size <= limit:
        raise exception(16, "QueryParseException", books.text("page", limit=limit))
    return page, size


def _named(books: Books, resource: Resource, call: Call) -> list[Doc]:
    found: dict[str, Doc] = {}
    for ref in _listed(call, "IDs"):
        if doc := books.get(resource.kind, ref):
            found[ref] = doc
    for number in _listed(call, "InvoiceNumbers"):
        for doc in books.find(resource.kind, resource.number, number) if resource.number else ():
            found[doc[f"{resource.kind}ID"]] = doc
    return list(found.values())


def _listed(call: Call, name: str) -> list[str]:
    return [part.strip() for part in call.query.get(name, "").split(",") if part.strip()]


def _filtered(books: Books, resource: Resource, call: Call, docs: list[Doc]) -> list[Doc]:
    query = call.query
    if "where" in query and query["where"].strip():
        try:
            test = Parser(query["where"], resource.fields, lambda doc, name: _look(books, doc, name)).parse()
            docs = [doc for doc in docs if test(doc)]
        except BadQuery as error:
            raise _bad(books, str(error)) from None
    if query.get("Statuses"):
        wanted = set(_listed(call, "Statuses"))
        docs = [doc for doc in docs if doc.get("Status") in wanted]
    if query.get("ContactIDs"):
        wanted = {ref.lower() for ref in _listed(call, "ContactIDs")}
        docs = [doc for doc in docs if doc.get("Contact", {}).get("ContactID") in wanted]
    if query.get("createdByMyApp", "").lower() == "true":
        docs = [doc for doc in docs if doc.get("_app") and doc["_app"] == books.app]
    term = query.get("searchTerm", query.get("SearchTerm", "")).casefold()
    if term and resource.searched:
        docs = [doc for doc in docs if any(term in str(doc.get(name) or "").casefold() for name in resource.searched)]
    if resource.kind == "Contact" and query.get("includeArchived", "").lower() != "true" and "where" not in query:
        docs = [doc for doc in docs if doc["ContactStatus"] == "ACTIVE"]
    if resource.kind == "TrackingCategory" and query.get("includeArchived", "").lower() != "true":
        docs = [doc for doc in docs if doc["Status"] == "ACTIVE"]
    if since := _since(books, call):
        docs = [doc for doc in docs if doc["UpdatedDateUTC"] >= since]
    return docs


def _since(books: Books, call: Call) -> datetime | None:
    text = call.headers.get("if-modified-since", "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            raise _bad(books, f"If-Modified-Since: {text}") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ordered(books: Books, resource: Resource, call: Call, docs: list[Doc]) -> list[Doc]:
    text = call.query.get("order", "").strip()
    if not text:
        return docs
    try:
        return order_by(text, resource.fields, lambda doc, name: _look(books, doc, name))(docs)
    except BadQuery as error:
        raise _bad(books, str(error)) from None


def _look(books: Books, doc: Mapping[str, Any], name: str) -> Any:
    head, _, rest = name.partition(".")
    if not rest:
        return doc.get(name)
    nested = doc.get(head)
    if not isinstance(nested, Mapping):
        return None
    kind = "Account" if head == "BankAccount" else head
    held = books.get(kind, str(nested.get(f"{kind}ID", ""))) or nested
    return held.get(rest)


def _bad(books: Books, why: str) -> Refusal:
    return exception(16, "QueryParseException", books.text("where", why=why))
