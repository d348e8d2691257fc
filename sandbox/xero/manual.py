"""Manual journals: they balance, and keep off accounts that Xero runs itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.xero.books import Books, Posting
from sandbox.xero.checks import date_of, unlocked
from sandbox.xero.lines import ZERO, tracking
from sandbox.xero.wire import Doc, Invalid, cents, number

_STATUSES = ("DRAFT", "POSTED", "DELETED", "VOIDED")


def save(books: Books, data: Mapping[str, Any], ref: str = "", *, create: bool = False) -> Doc:
    """PUT makes a new one; POST changes the one of that id.

    Raises:
        Invalid: with what is wrong.
    """
    ref = "" if create else ref or str(data.get("ManualJournalID") or "")
    old = books.get("ManualJournal", ref) if ref else None
    if ref and old is None:
        raise books.invalid("no_document")
    was = old["Status"] if old else ""
    status = str(data.get("Status") or was or "DRAFT").upper()
    if was in ("VOIDED", "DELETED") or status not in _STATUSES or (not old and status not in ("DRAFT", "POSTED")):
        raise books.invalid("status_move", old=was, new=status)
    if status in ("VOIDED", "DELETED") and old:
        return _ended(books, old, status)
    doc = _read(books, data, old or {}, posted=status == "POSTED")
    doc["Status"] = status
    if was == "POSTED":
        unlocked(books, (old or doc)["Date"])
        books.reverse(ref)
    if status == "POSTED":
        unlocked(books, doc["Date"])
        books.post("MANJOURNAL", doc["ManualJournalID"], doc["Date"], doc["Narration"], _postings(books, doc))
    saved = books.save("ManualJournal", doc, "create" if not old else "post" if was == "DRAFT" else "update")
    books.note(saved["ManualJournalID"], "Edited" if old else "Created", saved["Narration"])
    return saved


def _ended(books: Books, old: Doc, status: str) -> Doc:
    if (old["Status"] == "POSTED") != (status == "VOIDED"):
        raise books.invalid("status_move", old=old["Status"], new=status)
    if status == "VOIDED":
        unlocked(books, old["Date"])
        books.reverse(old["ManualJournalID"])
    return books.save("ManualJournal", {**old, "Status": status}, "void" if status == "VOIDED" else "delete")


def _read(books: Books, data: Mapping[str, Any], old: Doc, *, posted: bool) -> Doc:
    doc: Doc = {"ManualJournalID": books.new_id(), "_app": books.app, **old}
    doc["Narration"] = str(data.get("Narration") or old.get("Narration") or "").strip()
    doc["Date"] = date_of(books, data, "Date", old.get("Date") or books.today())
    doc["LineAmountTypes"] = data.get("LineAmountTypes") or old.get("LineAmountTypes") or "NoTax"
    doc["ShowOnCashBasisReports"] = data.get("ShowOnCashBasisReports", old.get("ShowOnCashBasisReports", True))
    if data.get("Url"):
        doc["Url"] = data["Url"]
    errors = [] if doc["Narration"] else [books.text("narration")]
    sent = list(data["JournalLines"] if data.get("JournalLines") is not None else old.get("JournalLines", ()))
    if posted and len(sent) < 2:
        errors.append(books.text("journal_lines"))
    lines = [_line(books, item, doc["LineAmountTypes"], errors) for item in sent if isinstance(item, Mapping)]
    rest = sum((_gross(line, doc["LineAmountTypes"]) for line in lines), ZERO)
    if rest and posted:
        errors.append(books.text("unbalanced", amount=abs(rest)))
    if errors:
        raise Invalid(errors)
    return {**doc, "JournalLines": lines}


def _line(books: Books, item: Mapping[str, Any], amounts: str, errors: list[str]) -> Doc:
    line: Doc = {"Description": str(item.get("Description") or ""), "IsBlank": False}
    try:
        line["LineAmount"] = cents(number(item.get("LineAmount")) or ZERO)
    except ValueError:
        errors.append(books.text("number_bad", field="LineAmount"))
        line["LineAmount"] = ZERO
    code, ref = item.get("AccountCode"), item.get("AccountID")
    held = books.get("Account", str(ref)) if ref else next(iter(books.find("Account", "Code", code or "")), None)
    none = books.facts["types"]["none"]
    kind = str(item.get("TaxType") or none) if amounts != "NoTax" else none
    rate = books.get("TaxRate", kind)
    if held is None:
        errors.append(books.text("account_bad", code=code or ref))
    elif held["Status"] != "ACTIVE":
        errors.append(books.text("account_archived", code=held["Code"]))
    elif _closed(books, held):
        errors.append(books.text("journal_account", code=held["Code"]))
    else:
        line |= {"AccountID": held["AccountID"], "AccountCode": held["Code"]}
    if rate is None or rate["Status"] != "ACTIVE":
        errors.append(books.text("tax_unknown", tax=kind))
    share = rate["EffectiveRate"] / 100 if rate and amounts != "NoTax" else ZERO
    amount: Decimal = line["LineAmount"]
    line["TaxType"] = kind
    line["TaxAmount"] = cents(amount - amount / (1 + share)) if amounts == "Inclusive" else cents(amount * share)
    line["Tracking"] = tracking(books, item.get("Tracking"), errors)
    return line


def _closed(books: Books, account: Doc) -> bool:
    settings = books.settings
    return account["Type"] in settings.journal_closed_types or account.get("SystemAccount") in settings.closed_system


def _gross(line: Doc, amounts: str) -> Decimal:
    found: Decimal = line["LineAmount"] if amounts == "Inclusive" else line["LineAmount"] + line["TaxAmount"]
    return found


def _postings(books: Books, doc: Doc) -> list[Posting]:
    found = []
    for line in doc["JournalLines"]:
        amount = _gross(line, doc["LineAmountTypes"]) - line["TaxAmount"]
        marks = tuple({"Name": item["Name"], "Option": item["Option"]} for item in line["Tracking"])
        found.append(Posting(line["AccountID"], amount, line["TaxAmount"], line["TaxType"], line["Description"], marks))
        if line["TaxAmount"]:
            found.append(Posting(books.account("GST")["AccountID"], line["TaxAmount"], ZERO, line["TaxType"], "Tax"))
    return found
