"""Rows of lists: customers, vendors, employees, accounts, items, classes, departments, payment methods, terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.quickbooks.company import PEOPLE, Company, name_defaults
from sandbox.quickbooks.refusals import Refusal, missing

_GONE = " (deleted)"
_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_REFERENCES = {
    "IncomeAccountRef": "Account", "ExpenseAccountRef": "Account", "AssetAccountRef": "Account",
    "SalesTermRef": "Term", "PaymentMethodRef": "PaymentMethod",
}  # fmt: skip


def listed(company: Company, kind: str, given: Mapping[str, Any], ref: str) -> dict[str, Any]:
    """A row of a list with everything that the platform adds. `ref` is its id where it stands already.

    Raises:
        Refusal: a required field is missing, or the name is used.
    """
    row = dict(given)
    field = "DisplayName" if kind in PEOPLE else "Name"
    if kind in PEOPLE and not row.get(field):
        row[field] = " ".join(row[part] for part in _PARTS if row.get(part)) or row.get("CompanyName")
    name = row.get(field)
    if not name:
        raise missing(field)
    if kind in PEOPLE and any(mark in name for mark in ":\t\n"):
        raise Refusal("2040", "Invalid String", "DisplayName must not have a colon, a tab or a new line", element=field)
    if kind == "Account" and not row.get("AccountType"):
        raise missing("AccountType")
    if kind == "Item" and "IncomeAccountRef" not in row:
        raise missing("IncomeAccountRef")
    for reference, target in _REFERENCES.items():
        if reference in row:
            row[reference] = company.reference(row[reference], target, reference)
    if "ParentRef" in row:
        row["ParentRef"] = company.reference(row["ParentRef"], kind, "ParentRef")
    row = _renamed(row, field)
    company.name_free(kind, row[field], ref)
    return name_defaults(kind, row)


def _renamed(row: dict[str, Any], field: str) -> dict[str, Any]:
    """What is made inactive has that behind its name, and loses it when it is made active again."""
    name: str = row[field]
    if not row.get("Active", True) and not name.endswith(_GONE):
        return {**row, field: name + _GONE}
    if row.get("Active", True) and name.endswith(_GONE):
        return {**row, field: name.removesuffix(_GONE)}
    return row
