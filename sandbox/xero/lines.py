"""Lines of a document: amounts and tax as Xero computes them, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.xero.books import Books, Posting
from sandbox.xero.wire import Doc, Invalid, cents, number

ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
_FLAGS = {
    "REVENUE": "CanApplyToRevenue", "EXPENSE": "CanApplyToExpenses", "ASSET": "CanApplyToAssets",
    "LIABILITY": "CanApplyToLiabilities", "EQUITY": "CanApplyToEquity",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """What kind of document the lines are on."""

    sales: bool  # money comes in: its tax is on sales
    discounts: bool = False
    override: bool = True  # a TaxAmount may differ by `tax_override`; else by `bank_tax_override`
    receivable: bool = False  # lines stand on the customer's account (overpayments)


@dataclass(slots=True)
class Totals:
    """Lines with everything filled in, and their sums."""

    lines: list[Doc]
    sub_total: Decimal
    tax: Decimal
    total: Decimal


def line_items(books: Books, sent: Any, form: Form, amounts: str, decimals: int, *, strict: bool) -> Totals:
    """Judge and compute. `amounts` is LineAmountTypes; `strict`: the document is to be in the ledger.

    Raises:
        Invalid: with everything that is wrong.
    """
    errors: list[str] = []
    lines: list[Doc] = []
    for item in sent if isinstance(sent, list) else []:
        try:
            lines.append(_line(books, item if isinstance(item, Mapping) else {}, form, amounts, decimals, strict))
        except Invalid as error:
            errors += error.messages
    if errors:
        raise Invalid(errors)
    gross = sum((line["LineAmount"] for line in lines), ZERO)
    tax = sum((line["TaxAmount"] for line in lines), ZERO)
    if amounts == "Inclusive":
        return Totals(lines, gross - tax, tax, gross)
    return Totals(lines, gross, tax, gross + tax)


def net(line: Mapping[str, Any], amounts: str) -> Decimal:
    """A line without its tax."""
    found: Decimal = line["LineAmount"] - line["TaxAmount"] if amounts == "Inclusive" else line["LineAmount"]
    return found


def postings(books: Books, doc: Mapping[str, Any], sign: int) -> list[Posting]:
    """The lines of a document in the ledger; `sign` 1 debits what is positive."""
    rate = doc.get("CurrencyRate") or Decimal(1)
    tax_account = books.account("GST")["AccountID"]
    found = []
    for line in doc["LineItems"]:
        if not line.get("AccountID"):
            continue
        amount = cents(net(line, doc["LineAmountTypes"]) / rate) * sign
        tax = cents(line["TaxAmount"] / rate) * sign
        tracking = tuple({"Name": item["Name"], "Option": item["Option"]} for item in line["Tracking"])
        found.append(Posting(line["AccountID"], amount, tax, line["TaxType"], line["Description"], tracking))
        if tax:
            found.append(Posting(tax_account, tax, ZERO, line["TaxType"], "Tax"))
    return found


def _line(books: Books, item: Mapping[str, Any], form: Form, amounts: str, decimals: int, strict: bool) -> Doc:  # noqa: FBT001
    errors: list[str] = []
    description = str(item.get("Description") or "")
    quantity, unit, sent = (_number(books, item, name, errors) for name in ("Quantity", "UnitAmount", "LineAmount"))
    if errors:
        raise Invalid(errors)
    line: Doc = {"LineItemID": item.get("LineItemID") or books.new_id(), "Description": description}
    bare = quantity is None and unit is None and sent is None
    if not description and strict:
        errors.append(books.text("description"))
    if len(description) > 4000:
        errors.append(books.text("too_long", field="Description", limit=4000))
    if item.get("ItemCode"):
        errors.append(books.text("item", code=item["ItemCode"]))
    amount = _amount(books, item, form, decimals, line, errors, quantity, unit, sent)
    account = _account(books, item, form, line, errors, strict and not bare)
    tax_type = item.get("TaxType") or (account or {}).get("TaxType") or books.facts["types"]["none"]
    if amounts == "NoTax":
        tax_type = books.facts["types"]["none"]
    line["TaxType"] = tax_type
    line["TaxAmount"] = _tax(books, item, form, amounts, amount, account, tax_type, errors)
    line["LineAmount"] = amount
    line["Tracking"] = tracking(books, item.get("Tracking"), errors)
    if errors:
        raise Invalid(errors)
    return line


def _amount(
    books: Books, item: Mapping[str, Any], form: Form, decimals: int, line: Doc, errors: list[str],
    quantity: Decimal | None, unit: Decimal | None, sent: Decimal | None,
) -> Decimal:  # fmt: skip
    rate, discount = (_number(books, item, name, errors) for name in ("DiscountRate", "DiscountAmount"))
    if (rate or discount) and not form.discounts:
        errors.append(books.text("discount"))
    if unit is None and sent is not None:
        quantity = quantity or Decimal(1)
        unit = (sent + (discount or ZERO)) / quantity / ((HUNDRED - (rate or ZERO)) / HUNDRED)
    if quantity is None and sent is not None and unit:
        quantity = sent / unit
    quantity = Decimal(1) if quantity is None else quantity
    unit = (unit or ZERO).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    amount = cents(quantity * unit * (HUNDRED - (rate or ZERO)) / HUNDRED - (discount or ZERO))
    if sent is not None and cents(sent) != amount:
        errors.append(books.text("line_amount", sent=sent, expected=amount))
    line |= {"Quantity": quantity.quantize(Decimal("0.0001"), ROUND_HALF_UP), "UnitAmount": unit}
    if rate:
        line["DiscountRate"] = rate
    if discount:
        line["DiscountAmount"] = discount
    return amount


def _number(books: Books, item: Mapping[str, Any], name: str, errors: list[str]) -> Decimal | None:
    try:
        return number(item.get(name))
    except ValueError:
        errors.append(books.text("number_bad", field=name))
        return None


def _account(
    books: Books,
    item: Mapping[str, Any],
    form: Form,
    line: Doc,
    errors: list[str],
    needed: bool,  # noqa: FBT001
) -> Doc | None:
    code, ref = item.get("AccountCode"), item.get("AccountID")
    if not code and not ref:
        if needed:
            errors.append(books.text("account"))
        return None
    held = books.get("Account", str(ref)) if ref else next(iter(books.find("Account", "Code", code)), None)
    if held is None or not usable(books, held, form.receivable):
        errors.append(books.text("account_bad", code=code or ref))
        return None
    if held["Status"] != "ACTIVE":
        errors.append(books.text("account_archived", code=held["Code"]))
        return None
    line |= {"AccountCode": held["Code"], "AccountID": held["AccountID"]}
    return held


def usable(books: Books, account: Mapping[str, Any], receivable: bool) -> bool:  # noqa: FBT001
    """Whether a line of a document may stand on an account."""
    system = account.get("SystemAccount", "")
    if receivable:
        return bool(system == "DEBTORS")
    return account["Type"] != "BANK" and system not in books.settings.closed_system


def _tax(
    books: Books, item: Mapping[str, Any], form: Form, amounts: str, amount: Decimal, account: Doc | None, kind: str,
    errors: list[str],
) -> Decimal:  # fmt: skip
    rate = books.get("TaxRate", kind)
    wrong = form.sales and books.settings.sales_needs_revenue_rate and rate and not rate["CanApplyToRevenue"]
    if rate is None or rate["Status"] != "ACTIVE" or wrong:
        errors.append(books.text("tax_unknown", tax=kind))
        return ZERO
    if account and not form.receivable and not rate[_FLAGS[account["Class"]]]:
        errors.append(books.text("tax_account", tax=kind, code=account["Code"]))
        return ZERO
    if amounts == "NoTax":
        return ZERO
    share: Decimal = rate["EffectiveRate"] / HUNDRED
    computed = cents(amount - amount / (1 + share)) if amounts == "Inclusive" else cents(amount * share)
    sent = _number(books, item, "TaxAmount", errors)
    if sent is None:
        return computed
    limit = books.settings.tax_override if form.override else books.settings.bank_tax_override
    if limit is not None and abs(cents(sent) - computed) > limit:
        errors.append(books.text("tax_amount", sent=cents(sent), tax=kind, computed=computed))
    return cents(sent)


def tracking(books: Books, sent: Any, errors: list[str]) -> list[Doc]:
    """The tracking of a line, by names or ids."""
    listed = [item for item in sent or [] if isinstance(item, Mapping)]
    if len(listed) > books.settings.max_tracking:
        errors.append(books.text("tracking_many", limit=books.settings.max_tracking))
    found = []
    for item in listed:
        name, option = item.get("Name"), item.get("Option")
        category = _category(books, item)
        chosen = None
        for choice in category["Options"] if category else ():
            by_id = item.get("TrackingOptionID") and choice["TrackingOptionID"] == str(item["TrackingOptionID"]).lower()
            same = str(choice["Name"]).casefold() == str(option or "").casefold()
            if choice["Status"] == "ACTIVE" and (by_id or same):
                chosen = choice
        if category and chosen:
            found.append({
                "Name": category["Name"], "Option": chosen["Name"], "TrackingOptionID": chosen["TrackingOptionID"],
                "TrackingCategoryID": category["TrackingCategoryID"],
            })  # fmt: skip
        elif books.settings.unknown_tracking == "refuse":
            errors.append(books.text("tracking", name=name, option=option))
    return found


def _category(books: Books, item: Mapping[str, Any]) -> Doc | None:
    if item.get("TrackingCategoryID"):
        found = books.get("TrackingCategory", str(item["TrackingCategoryID"]))
    else:
        active = (
            held for held in books.find("TrackingCategory", "Name", item.get("Name")) if held["Status"] == "ACTIVE"
        )
        found = next(active, None)
    return found if found and found["Status"] == "ACTIVE" else None
