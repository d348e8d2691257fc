"""What every transaction has above its lines: date, number, currency, references, custom fields."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.company import SALES, Company
from sandbox.quickbooks.preferences import WARNING, switched
from sandbox.quickbooks.refusals import business, closed, duplicate_number, missing, too_long, unsupported

_REFERENCES = {
    "CustomerRef": "Customer", "DepartmentRef": "Department", "ClassRef": "Class", "SalesTermRef": "Term",
    "PaymentMethodRef": "PaymentMethod", "DepositToAccountRef": "Account", "ARAccountRef": "Account",
}  # fmt: skip
_SPOKEN = {
    "SalesReceipt": "Sales Receipt", "CreditMemo": "Credit Memo", "RefundReceipt": "Refund",
    "JournalEntry": "Journal Entry",
}  # fmt: skip


def headed(company: Company, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its date, currency and references looked up.

    Raises:
        Refusal: a required reference is missing, or one leads nowhere.
    """
    document = dict(given)
    if kind in company.settings.customer_required and "CustomerRef" not in document:
        raise missing("CustomerRef")
    if kind in company.settings.deposit_required and "DepositToAccountRef" not in document:
        raise missing("DepositToAccountRef")
    for name, target in _REFERENCES.items():
        if name in document:
            document[name] = company.reference(document[name], target, name)
    _deposit_account(company, kind, document)
    _currency(company, document)
    document.setdefault("TxnDate", company.today())
    if "CustomField" in document:
        document["CustomField"] = _custom_fields(company, document["CustomField"])
        if not document["CustomField"]:
            del document["CustomField"]
    return document


def _deposit_account(company: Company, kind: str, document: dict[str, Any]) -> None:
    takes = kind in ("SalesReceipt", "RefundReceipt", "Payment") or document.get("Deposit")
    if not takes:
        return
    if "DepositToAccountRef" not in document:
        if kind == "Invoice":
            raise missing("DepositToAccountRef")
        own = {"value": company.own["UndepositedFunds"]}
        document["DepositToAccountRef"] = company.reference(own, "Account", "DepositToAccountRef")
    if company.account_type(document["DepositToAccountRef"]["value"]) not in company.settings.deposit_types:
        raise business("The deposit account must be a bank or other current asset account.")


def _currency(company: Company, document: dict[str, Any]) -> None:
    home = company.setup.currency
    wanted = document.get("CurrencyRef", {}).get("value", home)
    if wanted != home:
        if not company.setup.multicurrency:
            raise business("Multi-currency is not enabled for this company.")
        customer = company.tables["Customer"].get(document.get("CustomerRef", {}).get("value", ""))
        if customer is not None and customer.get("CurrencyRef", {}).get("value", home) != wanted:
            raise business("The currency of the transaction is not that of the customer.")
        document.setdefault("ExchangeRate", Decimal(1))
    else:
        document.pop("ExchangeRate", None)
    document["CurrencyRef"] = {"value": wanted}


def _custom_fields(company: Company, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Values of fields that the company has; the classic interface knows three texts. Others are dropped [R]."""
    known = {str(number): name for number, name in enumerate(company.setup.custom_fields[:3], 1)}
    made = []
    for value in given:
        ref = value.get("DefinitionId", "")
        if ref not in known:
            continue
        if value.get("Type", "StringType") != "StringType":
            raise unsupported("CustomField.Type")
        made.append(
            {"DefinitionId": ref, "Name": known[ref], "Type": "StringType", "StringValue": value.get("StringValue", "")}
        )
    return made


def numbered(company: Company, kind: str, document: dict[str, Any], ref: str, *, duplicates: bool) -> None:
    """Check the document's own number, or give it one.

    Raises:
        Refusal: too long (2050), or used already while the company's warning is on (6140).
    """
    number = document.get("DocNumber")
    prefs = company.tables["Preferences"]["1"]
    if number == "AUTO_GENERATE" or (number is None and not prefs["SalesFormsPrefs"]["CustomTxnNumbers"]):
        document["DocNumber"] = _next_number(company, kind)
        return
    if number is None:
        return
    if len(number) > company.settings.number_length:
        raise too_long("DocNumber", company.settings.number_length, len(number))
    if duplicates or not switched(prefs, WARNING):
        return
    kinds = SALES if company.settings.shared_numbers and kind in SALES else (kind,)
    for other in kinds:
        used = set(company.index.get((other, "DocNumber", number), ())) - ({ref} if other == kind else set())
        if used:
            raise duplicate_number(number, _SPOKEN.get(other, other), min(used))


def _next_number(company: Company, kind: str) -> str:
    used = [
        int(number)
        for (of, field, number), refs in company.index.items()
        if (of, field) == (kind, "DocNumber") and refs and number.isascii() and number.isdigit()
    ]
    return str(max(used, default=1000) + 1)


def opened(company: Company, *days: str) -> None:
    """Check that the books are open for these days.

    Raises:
        Refusal: 6210.
    """
    until = company.closed_to
    if until is not None and any(day <= until.isoformat() for day in days):
        raise closed()
