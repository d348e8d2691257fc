"""A request as it is said to Xero: the pinned body with our key, and the ids of what it waits for, filled in. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from blocks.ledgers.xero.wire import key_in
from dealbooks.ledger import Request

_NUMBERS = {"invoice": "InvoiceNumber", "credit-note": "CreditNoteNumber"}
_SHORT = 6
_VERSION = re.compile(r"C?\d+(?:\.\d+)?")  # of a sale or its reversal; what stands on account is named otherwise


def ref_id(ref: str) -> str:
    """The id in one of our references, `Invoices/<id>`."""
    return ref.rpartition("/")[2]


def number_of(request: Request) -> str:
    """The number of an invoice or credit note: ours, the same on every attempt, and never that of another deal."""
    return f"{request.payload['number']}-{request.key[:_SHORT]}"


def is_of_deal(doc: Mapping[str, Any], deal: str, *, versions: bool = False) -> bool:
    """Whether we wrote an invoice or credit note for the deal of this number: both its number and its reference say so,
    since the one alone may begin alike (`100` and `100-1`). `versions`: only a sale's own, and those of its reversal.
    """
    number, reference = str(doc.get("InvoiceNumber") or doc.get("CreditNoteNumber") or ""), str(doc.get("Reference"))
    key = key_in(reference)
    start, end = f"{deal}-", f"-{key[:_SHORT]}"
    if not key or not number.startswith(start) or not number.endswith(end):
        return False
    if not reference.startswith(f"{key} {deal} "):
        return False
    return not versions or _VERSION.fullmatch(number[len(start) : -len(end)]) is not None


def body_of(request: Request) -> dict[str, Any]:
    """The document of a request, as it is sent."""
    payload = request.payload
    body: dict[str, Any] = dict(payload["body"])
    op = payload["op"]
    if op == "customer":
        return body
    marked = f"{request.key} {payload['mark']}"
    if op == "journal":
        return {"Narration": marked, **body}
    body["Reference"] = marked
    if op in _NUMBERS:
        body[_NUMBERS[op]] = number_of(request)
    if op in ("invoice", "credit-note", "bank"):
        body["Contact"] = {"ContactID": ref_id(request.refs["customer"])}  # nothing else: it would change the contact
    if payload.get("pays"):
        paid = request.refs[payload["pays"]]
        kind = paid.split("/")[0].removesuffix("s")
        body[kind] = {f"{kind}ID": ref_id(paid)}
    return body
