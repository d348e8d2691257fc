"""Journal entries: what they must have."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.company import PEOPLE, Company
from sandbox.quickbooks.heads import headed
from sandbox.quickbooks.refusals import business, missing, unsupported
from sandbox.quickbooks.shapes import cents
from sandbox.quickbooks.tax import rates_of

_NIL = Decimal(0)
CONTROL = {"Accounts Receivable": "Customer", "Accounts Payable": "Vendor"}


def journal_entry(company: Company, given: Mapping[str, Any]) -> dict[str, Any]:
    """A journal entry with everything that the platform adds.

    Raises:
        Refusal: the platform would not take it.
    """
    document = headed(company, "JournalEntry", given)
    if not document.get("Line"):
        raise missing("Line")
    taxed = not company.in_us and document.get("GlobalTaxCalculation", "NotApplicable") != "NotApplicable"
    if company.in_us:
        document.pop("GlobalTaxCalculation", None)
    lines = [
        _line(company, line, taxed=taxed) for line in document["Line"] if line.get("DetailType") != "SubTotalLineDetail"
    ]
    posted = [line for line in lines if "JournalEntryLineDetail" in line]
    control = [line for line in posted if _kind(company, line) in CONTROL]
    if len(control) > 1 and company.settings.one_control_line:
        raise business("You can have only one accounts receivable or accounts payable line in a journal entry.")
    sides = {side: _sum(posted, side) for side in ("Debit", "Credit")}
    if len(posted) < 2 or sides["Debit"] != sides["Credit"]:
        raise business(
            "Transaction is not in balance. Make sure the total amount in the debit column equals the total amount "
            "in the credit column."
        )
    document["Line"] = [{**line, "Id": str(place), "LineNum": place + 1} for place, line in enumerate(lines)]
    document.setdefault("Adjustment", False)
    document["TotalAmt"] = sides["Debit"]
    document.pop("TxnTaxDetail", None)
    return document


def control_amount(company: Company, document: Mapping[str, Any]) -> tuple[str, Decimal]:
    """The customer of a journal's line on accounts receivable, and its amount, debit-positive."""
    for line in document["Line"]:
        if "JournalEntryLineDetail" in line and _kind(company, line) == "Accounts Receivable":
            detail = line["JournalEntryLineDetail"]
            amount = line["Amount"] if detail["PostingType"] == "Debit" else -line["Amount"]
            return detail["Entity"]["EntityRef"]["value"], amount
    return "", _NIL


def _kind(company: Company, line: Mapping[str, Any]) -> str:
    return company.account_type(line["JournalEntryLineDetail"]["AccountRef"]["value"])


def _sum(lines: list[dict[str, Any]], side: str) -> Decimal:
    mine = [line for line in lines if line["JournalEntryLineDetail"]["PostingType"] == side]
    return sum((line["Amount"] + line["JournalEntryLineDetail"].get("TaxAmount", _NIL) for line in mine), _NIL)


def _line(company: Company, line: Mapping[str, Any], *, taxed: bool) -> dict[str, Any]:
    kind = line.get("DetailType")
    if kind == "DescriptionOnly":
        return dict(line)
    if kind != "JournalEntryLineDetail":
        raise unsupported("Line.DetailType") if kind else missing("Line.DetailType")
    path = "Line.JournalEntryLineDetail"
    detail = dict(line.get("JournalEntryLineDetail", {}))
    for name in ("PostingType", "AccountRef"):
        if name not in detail:
            raise missing(f"{path}.{name}")
    if "Amount" not in line:
        raise missing("Line.Amount")
    if detail["PostingType"] not in ("Debit", "Credit"):
        raise unsupported(f"{path}.PostingType")
    if line["Amount"] < 0:
        raise business("The amount of a journal line must not be negative.")
    for name, target in (("AccountRef", "Account"), ("ClassRef", "Class"), ("DepartmentRef", "Department")):
        if name in detail:
            detail[name] = company.reference(detail[name], target, f"{path}.{name}")
    _entity(company, detail, path)
    _tax(company, line, detail, taxed=taxed)
    return {**line, "JournalEntryLineDetail": detail}


def _entity(company: Company, detail: dict[str, Any], path: str) -> None:
    entity = detail.get("Entity")
    if entity is not None:
        if entity.get("Type") not in PEOPLE:
            raise unsupported(f"{path}.Entity.Type")
        named = company.reference(entity.get("EntityRef"), entity["Type"], f"{path}.Entity.EntityRef")
        detail["Entity"] = {"Type": entity["Type"], "EntityRef": named}
    kind = company.account_type(detail["AccountRef"]["value"])
    wanted = CONTROL.get(kind)
    if wanted and (entity is None or entity["Type"] != wanted):
        raise business(f"When you use {kind}, you must choose a {wanted.lower()} in the Name field.")


def _tax(company: Company, line: Mapping[str, Any], detail: dict[str, Any], *, taxed: bool) -> None:
    """Tax of a line outside the United States, posted beside it on the same side [R]."""
    code = detail.get("TaxCodeRef")
    if not taxed or code is None:
        for name in ("TaxCodeRef", "TaxAmount", "TaxApplicableOn"):
            detail.pop(name, None)
        return
    detail["TaxCodeRef"] = company.reference(code, "TaxCode", "Line.JournalEntryLineDetail.TaxCodeRef")
    computed = sum((cents(line["Amount"] * percent / 100) for _, percent in rates_of(company, code["value"])), _NIL)
    detail.setdefault("TaxAmount", computed)
