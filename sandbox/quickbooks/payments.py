"""Payments: what they must have, what they settle, and what stays unapplied.

A payment above what is open is taken, and the rest stays as UnappliedAmt: a payment that is made twice is not refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.company import Company, Document
from sandbox.quickbooks.heads import headed
from sandbox.quickbooks.journals import control_amount
from sandbox.quickbooks.refusals import business, invalid_reference, missing

_NIL = Decimal(0)
_PATH = "Line.LinkedTxn"


def payment(company: Company, given: Mapping[str, Any], ref: str) -> dict[str, Any]:
    """A payment with what it settles. `ref` is its own id where it stands already.

    Raises:
        Refusal: the platform would not take it.
    """
    document = headed(company, "Payment", given)
    if "TotalAmt" not in document:
        raise missing("TotalAmt")
    total: Decimal = document["TotalAmt"]
    if total < 0:
        raise business("Transaction amount must be 0 or greater.")
    customer = document["CustomerRef"]["value"]
    lines: list[dict[str, Any]] = []
    credit = wanted = applied = _NIL
    for line in document.get("Line", ()):
        link = (line.get("LinkedTxn") or [{}])[0]
        amount = line.get("Amount")
        if amount is None:
            raise missing("Line.Amount")
        free = _open(company, link, customer, ref, lines)
        taken = min(amount, abs(free))
        if free >= 0:
            wanted, applied = wanted + amount, applied + taken
        else:
            credit += taken
        if taken:
            lines.append({"Amount": taken, "LinkedTxn": [_link(link)]})
    if wanted > total + credit:
        if company.settings.over_linked == "refuse":
            raise business("The amount applied is more than the amount of the payment and its credits.")
        over = applied - total - credit
        applied -= max(over, _NIL)
        lines = _cut(lines, over)
    document["Line"] = lines
    document["UnappliedAmt"] = total + credit - applied
    document.setdefault("ProcessPayment", False)
    if document["CurrencyRef"]["value"] != company.setup.currency:
        document.setdefault("ExchangeRate", Decimal(1))
    return document


def settled(company: Company, kind: str, ref: str, but: str = "") -> Decimal:
    """What the payments that stand have applied to a document."""
    return sum((amount for payment, amount in _links(company, kind, ref) if payment != but), _NIL)


def payments_of(company: Company, kind: str, ref: str) -> list[str]:
    """The payments that settle a document."""
    return [payment for payment, _ in _links(company, kind, ref)]


def touched(company: Company, before: Document | None, after: Document | None, key: str) -> None:
    """Bring the balances of the documents that a payment settles, or settled, up to date."""
    linked = {(link["TxnType"], link["TxnId"]) for one in (before, after) if one for link in _of(one)}
    for kind, ref in sorted(linked):
        found = company.tables[kind].get(ref)
        if found is None or kind == "JournalEntry":
            continue
        balance = found["TotalAmt"] - found.get("Deposit", _NIL) - settled(company, kind, ref)
        links = [{"TxnId": payment, "TxnType": "Payment"} for payment in payments_of(company, kind, ref)]
        changed = {**found, "Balance": balance, "LinkedTxn": links}
        if kind == "CreditMemo":
            changed["RemainingCredit"] = balance
        company.put(kind, changed, action="allocate", key=key)


def _of(document: Document) -> list[dict[str, str]]:
    return [link for line in document.get("Line", ()) for link in line["LinkedTxn"]]


def _links(company: Company, kind: str, ref: str) -> list[tuple[str, Decimal]]:
    return [
        (payment, line["Amount"])
        for payment in company.settling.get((kind, ref), ())
        for line in company.tables["Payment"][payment]["Line"]
        if line["LinkedTxn"][0]["TxnType"] == kind and line["LinkedTxn"][0]["TxnId"] == ref
    ]


def _link(link: Mapping[str, str]) -> dict[str, str]:
    return {"TxnId": link["TxnId"], "TxnType": link["TxnType"]}


def _open(company: Company, link: Mapping[str, str], customer: str, ref: str, lines: list[dict[str, Any]]) -> Decimal:
    """What is open on a linked document: above nothing to be paid, below nothing a credit."""
    kind, of = link.get("TxnType", ""), link.get("TxnId", "")
    found = company.tables[kind].get(of) if kind in ("Invoice", "CreditMemo", "JournalEntry") else None
    if found is None or (kind, of) in company.hidden:
        raise invalid_reference(_PATH)
    here = sum((line["Amount"] for line in lines if line["LinkedTxn"][0] == _link(link)), _NIL)
    used = settled(company, kind, of, but=ref) + here
    if kind == "JournalEntry":
        owner, amount = control_amount(company, found)
        rest = max(amount - used, _NIL) if amount > 0 else min(amount + used, _NIL)
    else:
        owner = found["CustomerRef"]["value"]
        amount = found["TotalAmt"] - found.get("Deposit", _NIL)
        rest = amount - used if kind == "Invoice" else used - amount
    if owner != customer:
        raise business("The linked transaction is not of this customer.")
    return rest


def _cut(lines: list[dict[str, Any]], over: Decimal) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for line in reversed(lines):
        amount = line["Amount"]
        if over > 0 and line["LinkedTxn"][0]["TxnType"] == "Invoice":
            taken = min(amount, over)
            over, amount = over - taken, amount - taken
        if amount:
            made.insert(0, {**line, "Amount": amount})
    return made
