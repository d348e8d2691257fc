"""Create, update, void and delete of one document, as one call or one item of a batch asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.company import NAMES, SALES, TRANSACTIONS, Company, Document
from sandbox.quickbooks.heads import numbered, opened
from sandbox.quickbooks.journals import journal_entry
from sandbox.quickbooks.names import listed
from sandbox.quickbooks.payments import payment, payments_of, settled, touched
from sandbox.quickbooks.refusals import business, missing, no_operation, stale, unsupported
from sandbox.quickbooks.sales import sales_form
from sandbox.quickbooks.shapes import SHAPES, shaped

_NIL = Decimal(0)
_READ_ONLY = ("TaxCode", "TaxRate", "Employee")
_WRITABLE = {
    "Preferences": ("SalesFormsPrefs", "EmailMessagesPrefs", "ReportPrefs", "TimeTrackingPrefs"),
    "CompanyInfo": ("CompanyName", "LegalName", "CompanyAddr", "LegalAddr", "PrimaryPhone", "Email", "WebAddr"),
}
_VOIDED = ("SalesReceipt", "Invoice", "Payment")


def operate(
    company: Company, kind: str, body: object, *, operation: str = "", include: str = "", key: str = ""
) -> dict[str, Any]:
    """Do it, and give what the platform answers under the name of the document.

    Raises:
        Refusal: the platform would not.
    """
    if not isinstance(body, Mapping):
        raise unsupported(f"Can not instantiate value of type {kind}")
    if operation == "void" or include == "void":
        return _void(company, kind, body, key)
    if operation == "delete":
        return _delete(company, kind, body, key)
    if operation not in ("", "create", "update"):
        raise no_operation(operation)
    if body.get("Id") in (None, "", "0", 0):
        return {kind: _create(company, kind, body, include, key)}
    return {kind: _update(company, kind, body, include, key)}


def _create(company: Company, kind: str, body: Mapping[str, Any], include: str, key: str) -> Document:
    if kind in _READ_ONLY or kind not in SHAPES:
        raise no_operation("create")
    document = _completed(company, kind, shaped(kind, body, company.settings.text_lengths), "", include)
    stored = company.put(kind, document, action="create", key=key)
    if kind == "Payment":
        touched(company, None, stored, key)
    return stored


def _update(company: Company, kind: str, body: Mapping[str, Any], include: str, key: str) -> Document:
    before = _current(company, kind, body)
    if kind in ("Preferences", "CompanyInfo"):
        return company.put(kind, _merged(kind, before, body), action="update", key=key)
    if kind in _READ_ONLY:
        raise no_operation("update")
    given = shaped(kind, body, company.settings.text_lengths)
    if body.get("sparse") in (True, "true"):
        given = {**_kept(kind, before, given), **given}
    ref = str(before["Id"])
    if kind in TRANSACTIONS:
        opened(company, str(before["TxnDate"]))
    document = _completed(company, kind, given, ref, include)
    if "LinkedTxn" in before and kind != "Payment":
        document["LinkedTxn"] = before["LinkedTxn"]
    stored = company.put(kind, {**document, "Id": ref}, action="update", key=key)
    if kind == "Payment":
        touched(company, before, stored, key)
    return stored


def _completed(company: Company, kind: str, given: dict[str, Any], ref: str, include: str) -> dict[str, Any]:
    if kind in NAMES:
        return listed(company, kind, given, ref)
    if kind in SALES:
        document = sales_form(company, kind, given, settled(company, kind, ref) if ref else _NIL)
    elif kind == "Payment":
        document = payment(company, given, ref)
    else:
        document = journal_entry(company, given)
    opened(company, document["TxnDate"])
    if kind != "Payment":
        numbered(company, kind, document, ref, duplicates="allowduplicatedocnum" in include.split(","))
    return document


def _current(company: Company, kind: str, body: Mapping[str, Any]) -> Document:
    before = company.get(kind, str(body.get("Id", "")))
    if body.get("SyncToken") in (None, ""):
        raise missing("SyncToken")
    if str(body["SyncToken"]) != before["SyncToken"]:
        raise stale()
    return before


def _kept(kind: str, before: Document, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a sparse update leaves as it is. New lines without their tax: it is worked out anew [R]."""
    kept = {name: value for name, value in before.items() if SHAPES[kind].get(name, "-") != "-"}
    if "Line" in given and "TxnTaxDetail" in kept and "TxnTaxDetail" not in given:
        code = kept["TxnTaxDetail"].get("TxnTaxCodeRef")
        kept["TxnTaxDetail"] = {"TxnTaxCodeRef": code} if code else {}
    return kept


def _merged(kind: str, before: Document, body: Mapping[str, Any]) -> dict[str, Any]:
    """Sections that an app may write; all else, the closing date too, is kept as it is without a word [R]."""
    made = dict(before)
    for name in _WRITABLE[kind]:
        value, old = body.get(name), before.get(name)
        if value is None:
            continue
        if isinstance(old, Mapping) != isinstance(value, Mapping) and old is not None:
            raise unsupported(name)
        made[name] = {**old, **value} if isinstance(old, Mapping) else value
    return made


def _void(company: Company, kind: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
    if kind == "JournalEntry" and company.settings.journal_void == "nothing":
        return {"BatchItemResponse": []}
    if kind not in _VOIDED:
        raise no_operation("void")
    before = _current(company, kind, body)
    opened(company, before["TxnDate"])
    ref = str(before["Id"])
    _unlinked(company, kind, ref, key)
    note = before.get("PrivateNote")
    made: dict[str, Any] = {
        **company.tables[kind][ref],
        "Line": [] if kind == "Payment" else [_emptied(line) for line in before["Line"]],
        "TotalAmt": _NIL,
        "PrivateNote": f"Voided - {note}" if note else "Voided",
    }
    if kind == "Payment":
        made["UnappliedAmt"] = _NIL
    else:
        made |= {"Balance": _NIL, "TxnTaxDetail": {"TotalTax": _NIL}}
        made.pop("Deposit", None)
    stored = company.put(kind, made, action="void", key=key)
    if kind == "Payment":
        touched(company, before, stored, key)
    return {kind: stored}


def _emptied(line: Mapping[str, Any]) -> dict[str, Any]:
    made = {**line, "Amount": _NIL}
    detail = line.get("SalesItemLineDetail")
    if detail:
        nothing = {name: _NIL for name in ("Qty", "UnitPrice", "TaxInclusiveAmt") if name in detail}
        made["SalesItemLineDetail"] = {**detail, **nothing}
    return made


def _delete(company: Company, kind: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
    if kind not in TRANSACTIONS:
        raise no_operation("delete")
    before = _current(company, kind, body)
    opened(company, before["TxnDate"])
    ref = str(before["Id"])
    _unlinked(company, kind, ref, key)
    company.remove(kind, ref, key=key)
    if kind == "Payment":
        touched(company, before, None, key)
    return {kind: {"domain": "QBO", "status": "Deleted", "Id": ref}}


def _unlinked(company: Company, kind: str, ref: str, key: str) -> None:
    """Take a document out of the payments that settle it, or refuse.

    Raises:
        Refusal: there are such payments, and the settings say that this is refused.
    """
    linked = payments_of(company, kind, ref)
    if linked and company.settings.linked_void == "refuse":
        raise business("The transaction is linked to a payment. Delete or unlink the payment first.")
    for one in linked:
        before = company.tables["Payment"][one]
        lines = [line for line in before["Line"] if line["LinkedTxn"][0] != {"TxnId": ref, "TxnType": kind}]
        freed = sum((line["Amount"] for line in before["Line"] if line not in lines), _NIL)
        made = {**before, "Line": lines, "UnappliedAmt": before["UnappliedAmt"] + freed}
        touched(company, before, company.put("Payment", made, action="allocate", key=key), key)
