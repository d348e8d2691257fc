"""The figures of a document, as texts: those that we expect, and those that QuickBooks shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from blocks.ledgers.quickbooks import wire
from blocks.ledgers.quickbooks.directory import Directory
from dealbooks.money import MoneyError, amount_text

ZERO = Decimal(0)
_NO_NUMBER = Decimal("NaN")
# Account, class, department (by id), and the amount.
Sum = tuple[str, str, str, Decimal]


def amounts_text(sums: Iterable[Sum], directory: Directory, currency: str) -> str:
    """Amounts by account, class and location, in a fixed order: `4010 Used vehicle sales (used): 10495.00`."""
    totals: dict[tuple[str, str, str], Decimal] = {}
    for account, klass, department, amount in sums:
        place = (account, klass, department)
        totals[place] = totals.get(place, ZERO) + amount
    said = []
    for (account, klass, department), total in totals.items():
        here = [directory.named("Department", department), directory.named("Class", klass)]
        place_text = ", ".join(name for name in here if name)
        where = f" ({place_text})" if place_text else ""
        said.append(f"{directory.label(account)}{where}: {shown(total, currency)}")
    return "; ".join(sorted(said))


def codes_text(sums: Iterable[tuple[str, Decimal]], directory: Directory, currency: str) -> str:
    """Amounts by tax code, in a fixed order: `20.0% S: 18500.00; No VAT: 245.00`."""
    totals: dict[str, Decimal] = {}
    for code, amount in sums:
        totals[code] = totals.get(code, ZERO) + amount
    return "; ".join(
        sorted(f"{directory.named('TaxCode', code)}: {shown(total, currency)}" for code, total in totals.items())
    )


def shown(amount: Decimal, currency: str) -> str:
    """An amount of an answer, as it is where it can be none: it then differs from what we expect."""
    try:
        return amount_text(amount, currency)
    except (MoneyError, InvalidOperation):
        return f"{amount}"


def pinned(sums: Iterable[Sum]) -> list[list[str]]:
    """Sums in the form of a payload."""
    return [[account, klass, department, str(amount)] for account, klass, department, amount in sums]


def unpinned(sums: Iterable[Sequence[str]]) -> list[Sum]:
    """Sums of a payload."""
    return [(account, klass, department, Decimal(amount)) for account, klass, department, amount in sums]


def expected_of(payload: Mapping[str, Any], refs: Mapping[str, str], directory: Directory) -> dict[str, str]:
    """The figures that a reading must show, named as `figures_of` names them."""
    expect = dict(wire.filled(payload["expect"], refs))
    currency = expect.get("currency", directory.book.currency)
    if "lines" in expect:
        expect["lines"] = amounts_text(unpinned(expect["lines"]), directory, currency)
    if "tax codes" in expect:
        codes = ((code, Decimal(amount)) for code, amount in expect["tax codes"])
        expect["tax codes"] = codes_text(codes, directory, currency)
    if "account" in expect:
        expect["account"] = directory.label(expect["account"])
    if "location" in expect:
        expect["location"] = directory.named("Department", expect["location"])
    return expect


def decimal(value: object) -> Decimal:
    """A number of an answer, exact; nothing is zero, and what is no number is not a number."""
    try:
        number = Decimal(str(value)) if value is not None else ZERO
    except InvalidOperation:
        return _NO_NUMBER
    return number if number.is_finite() else _NO_NUMBER


def value_of(document: Mapping[str, Any], name: str) -> str:
    """The id in a reference; empty when there is none."""
    return str((document.get(name) or {}).get("value", ""))


def figures_of(kind: str, document: Mapping[str, Any], directory: Directory) -> dict[str, str]:
    """What QuickBooks shows of one document."""
    if kind == wire.CUSTOMER:
        status = "active" if document.get("Active", True) else "inactive"
        return {"party": wire.party_in(document.get("Notes")), "status": status}
    currency = value_of(document, "CurrencyRef") or directory.book.currency
    total = decimal(document.get("TotalAmt"))
    voided = str(document.get("PrivateNote") or "").startswith("Voided") and not total
    found = {
        "date": str(document.get("TxnDate", "")),
        "status": "voided" if voided else "posted",
        "currency": currency,
        "customer": value_of(document, "CustomerRef"),
        "total": shown(total, currency),
    }
    if kind == wire.JOURNAL:
        found["customer"] = _entity(document, directory)
        found["lines"] = amounts_text(journal_sums(document), directory, currency)
    elif kind == wire.PAYMENT:
        found["account"] = directory.label(value_of(document, "DepositToAccountRef"))
    else:
        found["tax"] = shown(decimal((document.get("TxnTaxDetail") or {}).get("TotalTax")), currency)
        found["number"] = str(document.get("DocNumber", ""))
        found["location"] = directory.named("Department", value_of(document, "DepartmentRef"))
        found["lines"] = amounts_text(form_sums(document, directory), directory, currency)
        if not directory.company.in_us:  # there, automated sales tax sets codes of its own
            found["tax codes"] = codes_text(code_sums(document), directory, currency)
        if kind != wire.INVOICE and kind != wire.CREDIT:
            found["account"] = directory.label(value_of(document, "DepositToAccountRef"))
    return found


def form_sums(document: Mapping[str, Any], directory: Directory) -> list[Sum]:
    """The item lines of a sales form: what each sends to its account, positive for what it charges."""
    found: list[Sum] = []
    for line in document.get("Line", ()):
        detail = line.get("SalesItemLineDetail")
        if detail is not None:
            account = value_of(detail, "ItemAccountRef") or directory.account_of_item(value_of(detail, "ItemRef"))
            found.append((account, value_of(detail, "ClassRef"), "", decimal(line.get("Amount"))))
        elif "DiscountLineDetail" in line:
            account = value_of(line["DiscountLineDetail"], "DiscountAccountRef")
            found.append((account, value_of(line["DiscountLineDetail"], "ClassRef"), "", -decimal(line.get("Amount"))))
    return found


def code_sums(document: Mapping[str, Any]) -> list[tuple[str, Decimal]]:
    """The tax codes of the item lines of a sales form, and what each line charges."""
    details = ((line.get("SalesItemLineDetail"), line.get("Amount")) for line in document.get("Line", ()))
    return [(value_of(detail, "TaxCodeRef"), decimal(amount)) for detail, amount in details if detail is not None]


def journal_sums(document: Mapping[str, Any]) -> list[Sum]:
    """The lines of a journal entry, debit-positive."""
    found: list[Sum] = []
    for line in document.get("Line", ()):
        detail = line.get("JournalEntryLineDetail")
        if detail is not None:
            sign = 1 if detail.get("PostingType") == "Debit" else -1
            place = (value_of(detail, "AccountRef"), value_of(detail, "ClassRef"), value_of(detail, "DepartmentRef"))
            found.append((*place, sign * decimal(line.get("Amount"))))
    return found


def _entity(document: Mapping[str, Any], directory: Directory) -> str:
    """The customer on the journal's line on accounts receivable."""
    for line in document.get("Line", ()):
        detail = line.get("JournalEntryLineDetail") or {}
        if directory.account_type(value_of(detail, "AccountRef")) == "Accounts Receivable":
            return value_of(detail.get("Entity") or {}, "EntityRef")
    return ""
