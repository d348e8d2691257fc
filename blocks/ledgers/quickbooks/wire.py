"""How an effect travels: its payload, its JSON with exact amounts, its marker, the references of others in it.

A payload is {kind, what, number, note, body, expect}. Amounts in `body` are texts until they are sent; `{"$ref": name}`
stands for the id that another effect came back with. A reference of ours is `Kind/Id`, such as `Invoice/145`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from dealbooks.ledger import Request

COVERED = "Covered"  # a receipt that a sales receipt carries: nothing is sent
CUSTOMER, INVOICE, RECEIPT, CREDIT = "Customer", "Invoice", "SalesReceipt", "CreditMemo"
PAYMENT, JOURNAL, REFUND = "Payment", "JournalEntry", "RefundReceipt"
SALES_FORMS = (INVOICE, RECEIPT, CREDIT, REFUND)
TRANSACTIONS = (RECEIPT, INVOICE, CREDIT, REFUND, PAYMENT, JOURNAL)

_NUMBERS = frozenset(
    ("Amount", "UnitPrice", "Qty", "TotalTax", "TotalAmt", "TaxInclusiveAmt", "TaxPercent", "NetAmountTaxable")
)
_MARKER = re.compile(r"\[dealbooks:([0-9a-f]{16,64})\]")
_PARTY = re.compile(r"\[dealbooks customer:([^\]]+)\]")


def marker(key: str) -> str:
    """How our key is written into a memo, where it can be read back."""
    return f"[dealbooks:{key}]"


def key_in(note: object) -> str:
    """Our key in a memo; empty when there is none."""
    found = _MARKER.search(str(note or ""))
    return found.group(1) if found else ""


def party_marker(party: str) -> str:
    """How our id of a customer is written into the customer's notes."""
    return f"[dealbooks customer:{party.replace(']', ')')}]"


def party_in(notes: object) -> str:
    """Our id of a customer in the notes; empty when there is none."""
    found = _PARTY.search(str(notes or ""))
    return found.group(1) if found else ""


def ref_of(kind: str, number: object) -> str:
    """Our reference of a document."""
    return f"{kind}/{number}"


def split_ref(ref: str) -> tuple[str, str]:
    """Kind and id of a reference."""
    kind, _, number = ref.partition("/")
    return kind, number


def awaited(name: str) -> dict[str, str]:
    """Stands in a body for the id of another effect's document."""
    return {"$ref": name}


def filled(value: Any, refs: Mapping[str, str]) -> Any:
    """A body with the ids of other effects in it. Raises KeyError when one is not there."""
    if isinstance(value, Mapping):
        if set(value) == {"$ref"}:
            return split_ref(refs[value["$ref"]])[1]
        return {name: filled(one, refs) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, refs) for one in value]
    return value


def encoded(request: Request, note_length: int) -> bytes:
    """The JSON of a transaction: amounts as numbers with the digits that were planned, our key in the memo."""
    body = filled(request.payload["body"], request.refs)
    mark = marker(request.key)
    note = str(request.payload.get("note", ""))[: note_length - len(mark) - 1]
    return json_of({**body, "PrivateNote": f"{note} {mark}".strip()})


def json_of(body: Mapping[str, Any]) -> bytes:
    """JSON in which amounts, which are texts until now, are numbers; never by way of a float."""
    return orjson.dumps(_exact(body))


def _exact(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {inner: _exact(one, inner) for inner, one in value.items()}
    if isinstance(value, list):
        return [_exact(one) for one in value]
    return orjson.Fragment(value.encode()) if name in _NUMBERS else value
