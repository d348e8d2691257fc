"""Invoices and credit notes: create, change, approve, void."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.xero import contacts
from sandbox.xero.books import Books, Posting
from sandbox.xero.checks import currency_of, date_of, short, unlocked
from sandbox.xero.lines import ZERO, Form, line_items, postings
from sandbox.xero.wire import Doc, Invalid, cents, number

OPEN = ("DRAFT", "SUBMITTED")
_MOVES = {
    "DRAFT": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "SUBMITTED": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "AUTHORISED": {"AUTHORISED", "VOIDED"}, "PAID": {"PAID"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trade:
    """A kind of document: its names, and which side of the ledger it is on (1: it debits the customer or supplier)."""

    kind: str
    number: str
    unique: str  # the type whose numbers are unique
    sides: Mapping[str, int]
    taken: str
    prefix: str

    @property
    def id(self) -> str:
        """The field of the id."""
        return f"{self.kind}ID"


INVOICE = Trade("Invoice", "InvoiceNumber", "ACCREC", {"ACCREC": 1, "ACCPAY": -1}, "number", "INV")
CREDIT = Trade(
    "CreditNote", "CreditNoteNumber", "ACCRECCREDIT", {"ACCRECCREDIT": -1, "ACCPAYCREDIT": 1}, "credit_number", "CN"
)


def create(books: Books, trade: Trade, data: Mapping[str, Any], decimals: int) -> Doc:
    """PUT: a new document; its number must not be in use.

    Raises:
        Invalid: with what is wrong.
    """
    if data.get(trade.id):
        raise books.invalid("own_id")
    return _saved(books, trade, data, {}, decimals)


def upsert(books: Books, trade: Trade, data: Mapping[str, Any], decimals: int, ref: str = "") -> Doc:
    """POST: the document of that id or number is overwritten; else a new one.

    Raises:
        Invalid: with what is wrong.
    """
    held = None
    if ref or data.get(trade.id):
        held = books.get(trade.kind, ref or str(data[trade.id]))
        if held is None:
            raise books.invalid("own_id")
    elif data.get(trade.number) and data.get("Type", trade.unique) == trade.unique:
        held = next(iter(_numbered(books, trade, str(data[trade.number]))), None)
    return _saved(books, trade, data, held or {}, decimals)


def linked(doc: Mapping[str, Any]) -> bool:
    """Whether money or credit is on a document."""
    return bool(doc.get("_links") or doc.get("_allocations"))


def settle(
    books: Books, trade: Trade, doc: Mapping[str, Any], links: list[Doc], allocations: list[Doc], action: str = "update"
) -> Doc:
    """The document with what now is on it, paid or open accordingly."""
    done = sum((link["Amount"] for link in (*links, *allocations)), ZERO)
    status = "PAID" if done == doc["Total"] else "AUTHORISED"
    changed: Doc = {**doc, "_links": links, "_allocations": allocations, "Status": status}
    changed.pop("FullyPaidOnDate", None)
    if status == "PAID":
        changed["FullyPaidOnDate"] = max((link["Date"] for link in (*links, *allocations)), default=doc["Date"])
    return books.save(trade.kind, {**changed, **_sums(trade, changed)}, action)


def _numbered(books: Books, trade: Trade, wanted: str) -> list[Doc]:
    """Documents that hold a number."""
    freed = set()
    if books.settings.deleted_number_free:
        freed.add("DELETED")
    if not books.settings.voided_number_taken:
        freed.add("VOIDED")
    found = books.find(trade.kind, trade.number, wanted)
    return [doc for doc in found if doc["Type"] == trade.unique and doc["Status"] not in freed]


def _saved(books: Books, trade: Trade, data: Mapping[str, Any], old: Doc, decimals: int) -> Doc:
    doc: Doc = {**old}
    doc.setdefault(trade.id, books.new_id())
    doc["Type"] = data.get("Type") or old.get("Type") or (trade.unique if trade is CREDIT else "")
    if doc["Type"] not in trade.sides or (old and doc["Type"] != old["Type"]):
        raise books.invalid("type")
    status = _status(books, data, old)
    if status in ("VOIDED", "DELETED"):
        return _ended(books, trade, old, status)
    strict = status not in OPEN
    _heads(books, trade, data, old, doc)
    if old and linked(old) and _heavy(data, old, doc):
        raise books.invalid("settled")
    doc["Contact"] = old.get("Contact") or {}
    if not old or data.get("Contact"):
        doc["Contact"] = {"ContactID": contacts.of_document(books, data.get("Contact"))["ContactID"]}
    _amounts(books, trade, data, old, doc, decimals, strict)
    if strict or books.settings.lock_drafts:
        for when in {doc["Date"], old.get("Date", doc["Date"]) if old.get("Status") == "AUTHORISED" else doc["Date"]}:
            unlocked(books, when)
    if strict and trade is INVOICE and not doc.get("DueDate"):
        raise books.invalid("due_date")
    if strict and (not old or old["Status"] in OPEN):
        _plan(books, trade, doc)
    doc["Status"] = status
    doc |= _sums(trade, doc)
    return _entered(books, trade, data, old, doc, strict)


def _entered(books: Books, trade: Trade, data: Mapping[str, Any], old: Doc, doc: Doc, strict: bool) -> Doc:  # noqa: FBT001
    if old and old["Status"] not in OPEN and not linked(old):
        books.reverse(doc[trade.id])
    if strict and not (old and linked(old)):
        side = trade.sides[doc["Type"]]
        control = books.account("DEBTORS" if doc["Type"].startswith("ACCREC") else "CREDITORS")
        total = cents(doc["Total"] / doc["CurrencyRate"]) * side
        reference = doc.get(trade.number) or ""
        lines = [Posting(control["AccountID"], total, description=reference), *postings(books, doc, -side)]
        books.post(doc["Type"], doc[trade.id], doc["Date"], doc.get("Reference") or reference, lines)
    action = "create" if not old else "post" if strict and old["Status"] in OPEN else "update"
    # A new due date on a document that is paid in part does not count as a change. [C2]
    quiet = bool(old) and linked(old) and set(data) <= {trade.id, trade.number, "Type", "DueDate"}
    saved = books.save(trade.kind, doc, action, bump=not quiet)
    word = "Created" if not old else "Approved" if action == "post" else "Edited"
    books.note(saved[trade.id], word, f"{saved.get(trade.number) or ''} for {saved['Total']}")
    if strict and trade is INVOICE and doc["Total"] == 0 and doc["LineItems"]:
        return settle(books, trade, saved, [], [])
    return saved


def _status(books: Books, data: Mapping[str, Any], old: Doc) -> str:
    new = str(data.get("Status") or old.get("Status") or "DRAFT").upper()
    if not old:
        if new not in ("DRAFT", "SUBMITTED", "AUTHORISED"):
            raise books.invalid("status_value", new=new)
        return new
    if old["Status"] not in _MOVES:
        raise books.invalid("status")
    if new not in _MOVES[old["Status"]]:
        raise books.invalid("status_move", old=old["Status"], new=new)
    return new


def _heads(books: Books, trade: Trade, data: Mapping[str, Any], old: Doc, doc: Doc) -> None:
    errors = short(books, data, {trade.number: 255, "Reference": 255})
    url = str(data.get("Url") or "")
    if url and ("://" not in url or "xero" in url.lower()):
        errors.append(books.text("url"))
    if errors:
        raise Invalid(errors)
    for name in ("Reference", "Url", "BrandingThemeID", "SentToContact"):
        if data.get(name) is not None:
            doc[name] = data[name]
    wanted = str(data.get(trade.number) or old.get(trade.number) or "")
    if not wanted and doc["Type"] == trade.unique:
        wanted = books.next_number(trade.prefix)
        while _numbered(books, trade, wanted):
            wanted = books.next_number(trade.prefix)
    others = _numbered(books, trade, wanted) if doc["Type"] == trade.unique else []
    if any(other[trade.id] != doc[trade.id] for other in others):
        raise books.invalid(trade.taken)
    doc[trade.number] = wanted
    doc["Date"] = date_of(books, data, "Date", old.get("Date") or books.today())
    due = date_of(books, data, "DueDate", old.get("DueDate"))
    if due:
        doc["DueDate"] = due
    doc["CurrencyCode"], doc["CurrencyRate"] = currency_of(books, data, old)
    doc["LineAmountTypes"] = data.get("LineAmountTypes") or old.get("LineAmountTypes") or "Exclusive"
    if doc["LineAmountTypes"] not in ("Exclusive", "Inclusive", "NoTax"):
        raise books.invalid("status_value", new=doc["LineAmountTypes"])
    doc["_app"] = old.get("_app", books.app) if old else books.app


def _heavy(data: Mapping[str, Any], old: Doc, doc: Doc) -> bool:
    """Whether a change touches what money already stands on."""
    other = any(doc[name] != old[name] for name in ("Date", "CurrencyCode", "LineAmountTypes"))
    contact = data.get("Contact") or {}
    return (
        bool(data.get("LineItems"))
        or other
        or contact.get("ContactID", old["Contact"]["ContactID"]) != old["Contact"]["ContactID"]
    )


def _amounts(
    books: Books,
    trade: Trade,
    data: Mapping[str, Any],
    old: Doc,
    doc: Doc,
    decimals: int,
    strict: bool,  # noqa: FBT001
) -> None:
    sent = data.get("LineItems")
    if sent is None and old and doc["LineAmountTypes"] == old["LineAmountTypes"]:
        if strict and old["Status"] in OPEN:
            sent = old["LineItems"]
        else:
            return
    if strict and not sent:
        raise books.invalid("lines")
    sales = doc["Type"] in ("ACCREC", "ACCRECCREDIT")
    form = Form(sales, discounts=doc["Type"] == "ACCREC")
    kept = {line["LineItemID"] for line in old.get("LineItems", ())}
    lines = [
        {**line, "LineItemID": line.get("LineItemID") if line.get("LineItemID") in kept else None}
        for line in (sent if sent is not None else old.get("LineItems", []))
        if isinstance(line, Mapping)
    ]  # lines without their id are made anew [C2]
    found = line_items(books, lines, form, doc["LineAmountTypes"], decimals, strict=strict)
    if found.total < 0:
        raise books.invalid("negative")
    told = number(data.get("Total"))
    if told is not None and cents(told) != found.total and books.settings.total_mismatch == "refuse":
        raise books.invalid("total", sent=told, total=found.total)
    doc |= {"LineItems": found.lines, "SubTotal": found.sub_total, "TotalTax": found.tax, "Total": found.total}


def _sums(trade: Trade, doc: Mapping[str, Any]) -> Doc:
    paid = sum((link["Amount"] for link in doc.get("_links", ())), ZERO)
    credited = sum((link["Amount"] for link in doc.get("_allocations", ())), ZERO)
    left: Decimal = doc["Total"] - paid - credited
    if doc["Status"] in ("VOIDED", "DELETED"):
        left = ZERO
    if trade is INVOICE:
        return {"AmountDue": left, "AmountPaid": paid, "AmountCredited": credited}
    return {"RemainingCredit": left, "AppliedAmount": paid + credited}


def _ended(books: Books, trade: Trade, old: Doc, status: str) -> Doc:
    if linked(old):
        raise books.invalid("settled")
    if old["Status"] == "AUTHORISED":
        unlocked(books, old["Date"])
        books.reverse(old[trade.id])
    doc: Doc = {**old, "Status": status}
    doc |= _sums(trade, doc)
    saved = books.save(trade.kind, doc, "void" if status == "VOIDED" else "delete")
    books.note(saved[trade.id], status.capitalize(), str(saved.get(trade.number) or ""))
    return saved


def _plan(books: Books, trade: Trade, doc: Doc) -> None:
    """Legacy plans approve so many invoices a month. [C2]"""
    limit = books.settings.approvals_a_month
    if limit is None or trade is not INVOICE:
        return
    month = (doc["Date"].year, doc["Date"].month)
    approved = sum(
        1
        for other in books.all("Invoice")
        if other["Status"] not in OPEN and (other["Date"].year, other["Date"].month) == month
    )
    if approved >= limit:
        raise books.invalid("plan")
