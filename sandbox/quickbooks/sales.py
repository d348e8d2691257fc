"""Sales forms: what they must have, and their totals. Sales receipt, invoice, credit memo, refund receipt."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.company import Company
from sandbox.quickbooks.heads import headed
from sandbox.quickbooks.refusals import business, missing, unsupported
from sandbox.quickbooks.shapes import cents
from sandbox.quickbooks.tax import global_tax, us_code, us_tax

_NIL = Decimal(0)
_LINES = ("SalesItemLineDetail", "DiscountLineDetail", "DescriptionOnly", "SubTotalLineDetail")


def sales_form(company: Company, kind: str, given: Mapping[str, Any], applied: Decimal) -> dict[str, Any]:
    """A sales form with everything that the platform adds. `applied` is what payments have settled of it.

    Raises:
        Refusal: the platform would not take it.
    """
    document = headed(company, kind, given)
    items, others, discounts = _parted(company, document)
    subtotal = sum((line["Amount"] for line in items), _NIL)
    discount = _discount(company, discounts, subtotal)
    share = _share(company, document, subtotal, discount)
    if company.in_us:
        taxable = sum((line["Amount"] for line in items if _is_taxable(line)), _NIL) * share
        document["TxnTaxDetail"] = us_tax(company, document, cents(taxable), some_taxable=any(map(_is_taxable, items)))
        document.pop("GlobalTaxCalculation", None)
    else:
        document["TxnTaxDetail"], items = global_tax(company, document, items, share)
        document.setdefault("GlobalTaxCalculation", "TaxExcluded")
        subtotal = sum((line["Amount"] for line in items), _NIL)
    total = subtotal - discount + document["TxnTaxDetail"]["TotalTax"]
    if total < 0 and not company.settings.negative_total:
        raise business("Transaction amount must be 0 or greater.")
    lines = _numbered(items, others) + discounts
    end: dict[str, Any] = {"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    document["Line"] = [*lines, end]
    document["TotalAmt"] = cents(total)
    document["Balance"] = _balance(kind, document, applied)
    if kind == "CreditMemo":
        document["RemainingCredit"] = document["Balance"]
    if document["CurrencyRef"]["value"] != company.setup.currency:
        document["HomeTotalAmt"] = cents(total * document["ExchangeRate"])
    return document


def _balance(kind: str, document: Mapping[str, Any], applied: Decimal) -> Decimal:
    """A sales receipt is always paid; a refund receipt too."""
    if kind in ("SalesReceipt", "RefundReceipt"):
        return _NIL
    total: Decimal = document["TotalAmt"]
    deposit: Decimal = document.get("Deposit", _NIL)
    return total - deposit - applied


def _parted(
    company: Company, document: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    items: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    discounts: list[dict[str, Any]] = []
    if not document.get("Line"):
        raise missing("Line")
    for place, line in enumerate(document["Line"]):
        kind = line.get("DetailType")
        if kind is None:
            raise missing("Line.DetailType")
        if kind not in _LINES:
            raise unsupported("Line.DetailType")
        if kind == "SalesItemLineDetail":
            items.append({**_item_line(company, line), "LineNum": Decimal(place + 1)})
        elif kind == "DiscountLineDetail":
            discounts.append(dict(line))
        elif kind == "DescriptionOnly":
            others.append({**line, "LineNum": Decimal(place + 1)})
    if not items and not others:
        raise missing("Line")
    return items, others, discounts


def _item_line(company: Company, line: Mapping[str, Any]) -> dict[str, Any]:
    if "Amount" not in line:
        raise missing("Line.Amount")
    if "SalesItemLineDetail" not in line:
        raise missing("Line.SalesItemLineDetail")
    detail = dict(line["SalesItemLineDetail"])
    if "ItemRef" not in detail:
        if company.settings.item_required:
            raise missing("Line.SalesItemLineDetail.ItemRef")
        detail["ItemRef"] = {"value": next(iter(company.tables["Item"]))}
    path = "Line.SalesItemLineDetail"
    detail["ItemRef"] = company.reference(detail["ItemRef"], "Item", f"{path}.ItemRef")
    item = company.tables["Item"][detail["ItemRef"]["value"]]
    detail["ItemAccountRef"] = company.reference(item.get("IncomeAccountRef"), "Account", f"{path}.ItemRef")
    if "ClassRef" in detail:
        detail["ClassRef"] = company.reference(detail["ClassRef"], "Class", f"{path}.ClassRef")
    if company.in_us:
        detail["TaxCodeRef"] = {"value": us_code(detail, item)}
    made = {**line, "SalesItemLineDetail": detail}
    if company.settings.amount_checked:
        _multiplied(made)
    return made


def _multiplied(line: Mapping[str, Any]) -> None:
    detail = line["SalesItemLineDetail"]
    if "Qty" not in detail or "UnitPrice" not in detail:
        return
    product = cents(detail["Qty"] * detail["UnitPrice"])
    if product not in (line["Amount"], detail.get("TaxInclusiveAmt")):
        raise business(
            f"Amount is not equal to UnitPrice * Qty. Supplied value:{line['Amount']:,}",
            "6070",
            "Amount calculation incorrect in the request.",
        )


def _is_taxable(line: Mapping[str, Any]) -> bool:
    return bool(line["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "TAX")


def _discount(company: Company, lines: list[dict[str, Any]], subtotal: Decimal) -> Decimal:
    if len(lines) > company.settings.discounts:
        raise business("Only one discount line is allowed.")
    for line in lines:
        detail = dict(line.get("DiscountLineDetail", {}))
        if detail.get("PercentBased"):
            line["Amount"] = cents(subtotal * detail.get("DiscountPercent", _NIL) / 100)
        if "Amount" not in line:
            raise missing("Line.Amount")
        account = detail.get("DiscountAccountRef", {"value": company.own["DiscountsRefundsGiven"]})
        detail["DiscountAccountRef"] = company.reference(account, "Account", "Line.DiscountLineDetail")
        line["DiscountLineDetail"] = detail
    return sum((line["Amount"] for line in lines), _NIL)


def _share(company: Company, document: Mapping[str, Any], subtotal: Decimal, discount: Decimal) -> Decimal:
    after = document.get("ApplyTaxAfterDiscount", not company.in_us)
    return 1 - discount / subtotal if after and subtotal else Decimal(1)


def _numbered(items: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ordered = sorted([*items, *others], key=lambda line: line["LineNum"])
    return [{"Id": str(number), **line, "LineNum": number} for number, line in enumerate(ordered, 1)]
