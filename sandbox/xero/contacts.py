"""Contacts: names are unique, numbers too; POST merges where PUT refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.xero.books import Books
from sandbox.xero.wire import Doc, Invalid

_LIMITS = {
    "Name": 255, "ContactNumber": 50, "AccountNumber": 50, "EmailAddress": 255, "FirstName": 255, "LastName": 255,
    "CompanyNumber": 50, "TaxNumber": 50,
}  # fmt: skip
_KEPT = (*_LIMITS, "Addresses", "Phones", "ContactPersons", "BankAccountDetails", "DefaultCurrency", "ContactStatus",
         "IsCustomer", "IsSupplier", "AccountsReceivableTaxType", "SalesDefaultAccountCode")  # fmt: skip
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def create(books: Books, data: Mapping[str, Any]) -> Doc:
    """PUT: a new contact."""
    return _saved(books, data, None)


def upsert(books: Books, data: Mapping[str, Any], ref: str = "") -> Doc:
    """POST: the contact of that id, number or name; else a new one."""
    return _saved(books, data, _known(books, data, ref))


def of_document(books: Books, data: Any) -> Doc:
    """The contact that a document names. Fields beside its id change the contact; an unknown name makes a new one.

    Raises:
        Invalid: there is none, or it is archived.
    """
    if not isinstance(data, Mapping) or not (data.get("ContactID") or data.get("ContactNumber") or data.get("Name")):
        raise books.invalid("contact")
    held = _known(books, data)
    if held is None and data.get("ContactID"):
        raise books.invalid("contact_unknown")
    if held is None:
        return _saved(books, data, None)
    if held["ContactStatus"] != "ACTIVE":
        raise books.invalid("contact_archived")
    more = any(held.get(name) != data[name] for name in _LIMITS if name in data)
    return _saved(books, data, held) if more else held


def _known(books: Books, data: Mapping[str, Any], ref: str = "") -> Doc | None:
    ref = ref or str(data.get("ContactID") or "")
    if ref:
        return books.get("Contact", ref)
    for name in ("ContactNumber", "Name"):
        found = books.find("Contact", name, data[name]) if data.get(name) else []
        active = [held for held in found if held["ContactStatus"] == "ACTIVE"]
        if active or found:
            return (active or found)[0]
    return None


def _saved(books: Books, data: Mapping[str, Any], held: Doc | None) -> Doc:
    old: Doc = held or {}
    doc = {**old, **{name: data[name] for name in _KEPT if data.get(name) is not None}}
    errors = [
        books.text("too_long", field=name, limit=limit)
        for name, limit in _LIMITS.items()
        if len(str(doc.get(name) or "")) > limit
    ]
    if not str(doc.get("Name") or "").strip():
        errors.append(books.text("name"))
    if doc.get("EmailAddress") and not _EMAIL.fullmatch(str(doc["EmailAddress"])):
        errors.append(books.text("email"))
    doc.setdefault("ContactStatus", "ACTIVE")
    doc.setdefault("ContactID", books.new_id())
    if doc["ContactStatus"] == "ACTIVE":
        errors += _taken(books, doc)
    if errors:
        raise Invalid(errors)
    doc.setdefault("IsCustomer", False)
    doc.setdefault("IsSupplier", False)
    saved = books.save("Contact", doc, "update" if held else "create")
    books.note(saved["ContactID"], "Edited" if held else "Created", f"{saved['Name']}")
    return saved


def _taken(books: Books, doc: Doc) -> list[str]:
    errors = []
    for name, text in (("Name", "name_taken"), ("ContactNumber", "contact_number_taken")):
        others = books.find("Contact", name, doc[name]) if doc.get(name) else []
        if any(other["ContactID"] != doc["ContactID"] and other["ContactStatus"] == "ACTIVE" for other in others):
            errors.append(books.text(text, name=doc.get("Name"), number=doc.get("ContactNumber")))
    return errors
