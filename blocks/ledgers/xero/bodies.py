"""A request as it is said to Xero: the pinned body with our key, and the ids of what it waits for, filled in. Pure."""

from __future__ import annotations

from typing import Any

from dealbooks.ledger import Request

_NUMBERS = {"invoice": "InvoiceNumber", "credit-note": "CreditNoteNumber"}
_SHORT = 6


def ref_id(ref: str) -> str:
    """The id in one of our references, `Invoices/<id>`."""
    return ref.rpartition("/")[2]


def number_of(request: Request) -> str:
    """The number of an invoice or credit note: ours, the same on every attempt, and never that of another deal."""
    return f"{request.payload['number']}-{request.key[:_SHORT]}"


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
    if op == "payment":
        paid = request.refs[payload["pays"]]
        kind = paid.split("/")[0].removesuffix("s")
        body[kind] = {f"{kind}ID": ref_id(paid)}
    return body
