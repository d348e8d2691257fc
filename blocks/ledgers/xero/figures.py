"""The figures by which a document in Xero is compared with what was sent: the same names on both sides. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from blocks.ledgers.xero.bodies import body_of, number_of, ref_id
from blocks.ledgers.xero.wire import amount, day_of
from dealbooks.ledger import Request

_CENT = Decimal("0.01")
_APPROVED = frozenset({"AUTHORISED", "PAID"})  # a document that was paid since is as good as approved
_SALES = frozenset({"Invoices", "CreditNotes"})


def expected_of(request: Request) -> dict[str, str]:
    """What a reading of a request must show."""
    payload = request.payload
    op = payload["op"]
    if op == "allocation":
        return {"left to allocate": money(Decimal(0))}
    body = body_of(request)
    if op == "customer":
        return {"number": str(body["ContactNumber"]), "status": "ACTIVE"}
    if op == "journal":
        lines = body["JournalLines"]
        return {"date": body["Date"], "status": "POSTED", "lines": _lines(lines), "dimensions": _tracking(lines)}
    if op in ("payment", "refund"):
        figures = {
            "date": str(body["Date"]), "total": money(amount(body["Amount"])), "status": "AUTHORISED",
            "account": str(body["Account"]["Code"]),
        }  # fmt: skip
        return figures if op == "refund" else figures | {"document": ref_id(request.refs[payload["pays"]])}
    lines = body["LineItems"]
    figures = {
        "date": str(body["Date"]), "total": money(amount(payload["total"])), "currency": str(body["CurrencyCode"]),
        "status": "approved", "customer": ref_id(request.refs["customer"]),
        "lines": _lines(lines, types=op != "bank"), "dimensions": _tracking(lines),
    }  # fmt: skip
    if op == "bank":
        return figures | {"account": str(body["BankAccount"]["Code"])}
    return figures | {"tax": money(amount(payload["tax"])), "number": number_of(request)}


def figures_of(resource: str, doc: Mapping[str, Any]) -> dict[str, str]:
    """What Xero shows of a document."""
    status = str(doc.get("Status", ""))
    if resource == "Contacts":
        return {"number": str(doc.get("ContactNumber", "")), "status": str(doc.get("ContactStatus", ""))}
    day = day_of(doc)
    figures = {"date": "" if day is None else day.isoformat(), "status": status}
    if resource == "ManualJournals":
        lines = doc.get("JournalLines") or []
        return figures | {"lines": _lines(lines), "dimensions": _tracking(lines)}
    if resource == "Payments":
        paid = doc.get("Invoice") or doc.get("CreditNote") or {}
        account = doc.get("Account") or {}
        return figures | {
            "total": money(amount(doc.get("Amount"))), "account": str(account.get("Code", "")),
            "document": str(paid.get("InvoiceID") or paid.get("CreditNoteID") or ""),
        }  # fmt: skip
    lines = doc.get("LineItems") or []
    contact = doc.get("Contact") or {}
    figures |= {
        "total": money(amount(doc.get("Total"))), "currency": str(doc.get("CurrencyCode", "")),
        "status": "approved" if status in _APPROVED else status, "customer": str(contact.get("ContactID", "")),
        "lines": _lines(lines, types=resource in _SALES), "dimensions": _tracking(lines),
    }  # fmt: skip
    if resource in _SALES:
        number = doc.get("InvoiceNumber") or doc.get("CreditNoteNumber") or ""
        return figures | {"tax": money(amount(doc.get("TotalTax"))), "number": str(number)}
    return figures | {"account": str((doc.get("BankAccount") or {}).get("Code", ""))}


def money(value: Decimal) -> str:
    """An amount as text, with two decimals or as many as it has."""
    plain = value.normalize()
    exponent = plain.as_tuple().exponent
    if isinstance(exponent, int) and exponent > -2:
        plain = plain.quantize(_CENT)
    return format(plain, "f")


def _value(line: Mapping[str, Any]) -> Decimal:
    """A line as it was sent, one of a thing at a price, or as Xero shows it."""
    return amount(line.get("LineAmount") if line.get("LineAmount") is not None else line.get("UnitAmount"))


def _lines(lines: Iterable[Mapping[str, Any]], *, types: bool = False) -> str:
    """The lines by account, and by TaxType where each line was sent with one: amounts, and the tax stated on them."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for line in lines:
        code = str(line.get("AccountCode", "")) + (f" {line.get('TaxType') or ''}" if types else "")
        held, tax = sums.get(code, (Decimal(0), Decimal(0)))
        sums[code] = (held + _value(line), tax + amount(line.get("TaxAmount")))
    parts = (f"{code} {money(held)}{f' tax {money(tax)}' if tax else ''}" for code, (held, tax) in sorted(sums.items()))
    return "; ".join(parts)


def _tracking(lines: Iterable[Mapping[str, Any]]) -> str:
    sums: dict[str, Decimal] = {}
    for line in lines:
        for mark in line.get("Tracking") or ():
            name = f"{mark.get('Name')} {mark.get('Option')}"
            sums[name] = sums.get(name, Decimal(0)) + _value(line)
    return "; ".join(f"{name} {money(held)}" for name, held in sorted(sums.items()))
