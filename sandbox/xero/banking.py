"""Bank transactions: money received or spent without an invoice, prepayments and overpayments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.xero import contacts
from sandbox.xero.books import Books, Posting
from sandbox.xero.checks import currency_of, date_of, short, unlocked
from sandbox.xero.lines import Form, line_items, postings
from sandbox.xero.trade import linked
from sandbox.xero.wire import Doc, Invalid, cents

_PLAIN = {"RECEIVE": 1, "SPEND": -1}
_SIDES = {
    **_PLAIN, "RECEIVE-PREPAYMENT": 1, "SPEND-PREPAYMENT": -1, "RECEIVE-OVERPAYMENT": 1, "SPEND-OVERPAYMENT": -1,
}  # fmt: skip


def save(books: Books, data: Mapping[str, Any], decimals: int, ref: str = "", *, create: bool = False) -> Doc:
    """PUT makes a new one; POST changes the one of that id.

    Raises:
        Invalid: with what is wrong.
    """
    ref = "" if create else ref or str(data.get("BankTransactionID") or "")
    old = books.get("BankTransaction", ref) if ref else None
    if ref and old is None:
        raise books.invalid("no_document")
    if old and old["Status"] != "AUTHORISED":
        raise books.invalid("status")
    if str(data.get("Status") or "").upper() in ("DELETED", "VOIDED"):
        if old is None:
            raise books.invalid("status_value", new=data["Status"])
        return _deleted(books, old)
    doc = _read(books, data, old or {}, decimals)
    if old:
        if old["Type"] not in _PLAIN:
            raise books.invalid("settled")
        unlocked(books, old["Date"])
        books.reverse(ref)
    unlocked(books, doc["Date"])
    return _entered(books, doc, "update" if old else "create")


def _read(books: Books, data: Mapping[str, Any], old: Doc, decimals: int) -> Doc:
    doc: Doc = {"BankTransactionID": books.new_id(), "_app": books.app, **old}
    doc["Type"] = str(data.get("Type") or old.get("Type") or "")
    errors = short(books, data, {"Reference": 255})
    if doc["Type"] not in _SIDES or (old and doc["Type"] != old["Type"]):
        raise books.invalid("type")
    bank = _bank(books, data.get("BankAccount")) or (old.get("BankAccount") if not data.get("BankAccount") else None)
    if bank is None:
        raise Invalid([*errors, books.text("bank_account")])
    doc["BankAccount"] = bank
    if not old or data.get("Contact"):
        doc["Contact"] = {"ContactID": contacts.of_document(books, data.get("Contact"))["ContactID"]}
    doc["Date"] = date_of(books, data, "Date", old.get("Date") or books.today())
    doc["CurrencyCode"], doc["CurrencyRate"] = currency_of(books, data, old)
    doc["LineAmountTypes"] = data.get("LineAmountTypes") or old.get("LineAmountTypes") or "Exclusive"
    doc["Reference"] = str(data.get("Reference") or old.get("Reference") or "")
    doc["IsReconciled"] = bool(data.get("IsReconciled", old.get("IsReconciled", False)))
    if data.get("Url"):
        doc["Url"] = data["Url"]
    sent = data.get("LineItems") if data.get("LineItems") is not None else old.get("LineItems")
    if not sent:
        raise Invalid([*errors, books.text("lines")])
    over = doc["Type"].endswith("OVERPAYMENT")
    if over:
        doc["LineAmountTypes"] = "NoTax"
    form = Form(doc["Type"].startswith("RECEIVE") and not over, override=False, receivable=over)
    found = line_items(books, sent, form, doc["LineAmountTypes"], decimals, strict=True)
    if found.total <= 0:
        errors.append(books.text("bank_total"))
    if errors:
        raise Invalid(errors)
    amounts = {"LineItems": found.lines, "SubTotal": found.sub_total, "TotalTax": found.tax, "Total": found.total}
    return {**doc, **amounts, "Status": "AUTHORISED"}


def _entered(books: Books, doc: Doc, action: str) -> Doc:
    side = _SIDES[doc["Type"]]
    kind = doc["Type"].partition("-")[2].capitalize()
    if kind:
        credit = {name: doc[name] for name in (
            "Type", "Contact", "Date", "LineAmountTypes", "LineItems", "SubTotal", "TotalTax", "Total", "CurrencyCode",
            "CurrencyRate", "Reference", "_app",
        )}  # fmt: skip
        credit |= {f"{kind}ID": books.new_id(), "Status": "AUTHORISED", "RemainingCredit": doc["Total"]}
        saved = books.save(kind, {**credit, "AppliedAmount": doc["Total"] * 0}, "create")
        doc[f"{kind}ID"] = saved[f"{kind}ID"]
    total = cents(doc["Total"] / doc["CurrencyRate"]) * side
    bank = Posting(doc["BankAccount"]["AccountID"], total, description=doc["Reference"])
    lines = [bank, *postings(books, doc, -side)]
    name = "CASHREC" if side > 0 else "CASHPAID"
    books.post(name, doc["BankTransactionID"], doc["Date"], doc["Reference"], lines)
    found = books.save("BankTransaction", doc, action)
    books.note(found["BankTransactionID"], "Created" if action == "create" else "Edited", f"{found['Total']}")
    return found


def _deleted(books: Books, old: Doc) -> Doc:
    unlocked(books, old["Date"])
    for kind in ("Prepayment", "Overpayment"):
        credit = books.get(kind, str(old.get(f"{kind}ID", "")))
        if credit and (linked(credit) or credit["Status"] == "PAID"):
            raise books.invalid("settled")
        if credit:
            books.save(kind, {**credit, "Status": "VOIDED", "RemainingCredit": credit["Total"] * 0}, "void")
    books.reverse(old["BankTransactionID"])
    return books.save("BankTransaction", {**old, "Status": "DELETED"}, "delete")


def _bank(books: Books, ref: Any) -> Doc | None:
    if not isinstance(ref, Mapping):
        return None
    if ref.get("AccountID"):
        held = books.get("Account", str(ref["AccountID"]))
    else:
        held = next(iter(books.find("Account", "Code", ref["Code"])), None) if ref.get("Code") else None
    if held is None or held["Type"] != "BANK" or held["Status"] != "ACTIVE":
        return None
    return {"AccountID": held["AccountID"], "Code": held["Code"], "Name": held["Name"]}
