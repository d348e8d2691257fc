"""How a company of the sandbox is made: its country, its lists, its preferences. Lists are documents as the platform
has them; the small functions write the usual ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CompanySetup:
    """One company (realm). `engine` says which tax rates automated sales tax finds for a state of the ship-to address;
    `state` is the company's own."""

    realm: str
    name: str = "Sample Motors"
    country: str = "US"
    currency: str = "USD"
    zone: str = "America/Chicago"
    state: str = ""
    automated_tax: bool = False
    allow_tax_override: bool = True
    engine: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    custom_fields: Sequence[str] = ("VIN", "Stock No", "Deal")
    custom_numbers: bool = True
    warn_duplicates: bool = True
    book_close_date: date | None = None
    multicurrency: bool = False


def account(ref: str, name: str, kind: str, subtype: str = "") -> Row:
    """An account of the chart; `kind` is an AccountType such as `Other Current Asset`."""
    return {"Id": ref, "Name": name, "AccountType": kind, **({"AccountSubType": subtype} if subtype else {})}


def item(ref: str, name: str, income: str, *, taxable: bool = True) -> Row:
    """A service item; `income` is the id of the account that its sales go to, of any type."""
    return {"Id": ref, "Name": name, "Type": "Service", "Taxable": taxable, "IncomeAccountRef": {"value": income}}


def named(ref: str, name: str) -> Row:
    """A class, a department, a payment method, a term."""
    return {"Id": ref, "Name": name}


def customer(ref: str, name: str) -> Row:
    """A customer."""
    return {"Id": ref, "DisplayName": name}


def tax_rate(ref: str, name: str, percent: str) -> Row:
    """A rate in percent."""
    return {"Id": ref, "Name": name, "RateValue": Decimal(percent)}


def tax_code(ref: str, name: str, rates: Sequence[str]) -> Row:
    """A code and the ids of its rates on sales; none: no tax at all."""
    details = [
        {"TaxRateRef": {"value": rate}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": order}
        for order, rate in enumerate(rates)
    ]
    return {"Id": ref, "Name": name, "Taxable": bool(rates), "TaxGroup": True,
            "SalesTaxRateList": {"TaxRateDetail": details}}  # fmt: skip


_CHART: tuple[Row, ...] = (
    account("35", "Checking", "Bank", "Checking"),
    account("4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    account("84", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    account("33", "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    account("61", "Contracts in Transit", "Other Current Asset", "OtherCurrentAssets"),
    account("62", "Settlement Clearing", "Other Current Asset", "OtherCurrentAssets"),
    account("63", "Manufacturer Receivable", "Other Current Asset", "OtherCurrentAssets"),
    account("81", "Used Vehicle Inventory", "Other Current Asset", "OtherCurrentAssets"),
    account("82", "New Vehicle Inventory", "Other Current Asset", "OtherCurrentAssets"),
    account("90", "Sales Tax Payable", "Other Current Liability", "SalesTaxPayable"),
    account("91", "Customer Deposits", "Other Current Liability", "OtherCurrentLiabilities"),
    account("92", "F&I Providers Payable", "Other Current Liability", "OtherCurrentLiabilities"),
    account("85", "Commissions Payable", "Other Current Liability", "OtherCurrentLiabilities"),
    account("101", "Used Vehicle Sales", "Income", "SalesOfProductIncome"),
    account("102", "New Vehicle Sales", "Income", "SalesOfProductIncome"),
    account("103", "F&I Income", "Income", "ServiceFeeIncome"),
    account("104", "Doc Fee Income", "Income", "ServiceFeeIncome"),
    account("86", "Discounts given", "Income", "DiscountsRefundsGiven"),
    account("80", "Cost of Used Vehicles", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    account("83", "Commission Expense", "Expense", "PayrollExpenses"),
)
_ITEMS: tuple[Row, ...] = (
    item("41", "Used vehicle", "101"),
    item("42", "New vehicle", "102"),
    item("44", "Trade-in", "81"),
    item("45", "Deposit applied", "91", taxable=False),
    item("46", "Service contract", "92", taxable=False),
    item("47", "Doc fee", "104", taxable=False),
    item("48", "Amount financed", "61", taxable=False),
)
_LISTS: dict[str, Sequence[Row]] = {
    "Account": _CHART,
    "Item": _ITEMS,
    "Class": (named("5000000000000021", "Used"), named("5000000000000022", "New")),
    "Department": (named("1", "Main"), named("2", "North")),
    "PaymentMethod": (named("1", "Cash"), named("4", "ACH")),
    "Term": (named("1", "Due on receipt"),),
}
_US_RATES = (tax_rate("3", "Texas State", "6.25"), tax_rate("4", "Austin City", "1"))
_US_CODES = (tax_code("2", "Texas", ["3"]), tax_code("5", "Austin", ["3", "4"]))


def us_automated(realm: str = "9341453000000001", **changes: Any) -> CompanySetup:
    """A company in the United States with automated sales tax (AST): 6.25 % on what ships to Texas."""
    lists = {**_LISTS, "TaxRate": _US_RATES, "TaxCode": _US_CODES}
    given: dict[str, Any] = {"state": "TX", "automated_tax": True, "engine": {"TX": ("3",)}, "lists": lists, **changes}
    return CompanySetup(realm, **given)


def us_manual(realm: str = "9341453000000002", **changes: Any) -> CompanySetup:
    """A company in the United States whose sales tax is chosen by code on each document."""
    lists = {**_LISTS, "TaxRate": _US_RATES, "TaxCode": _US_CODES}
    return CompanySetup(realm, **{"state": "TX", "lists": lists, **changes})


def uk(realm: str = "9341453000000003", **changes: Any) -> CompanySetup:
    """A company in the United Kingdom with VAT."""
    lists = {
        **_LISTS,
        "TaxRate": (tax_rate("7", "20.0% S", "20"), tax_rate("8", "5.0% R", "5"), tax_rate("9", "0.0% Z", "0"),
                    tax_rate("10", "Exempt (sales)", "0")),
        "TaxCode": (tax_code("3", "20.0% S", ["7"]), tax_code("4", "5.0% R", ["8"]), tax_code("5", "0.0% Z", ["9"]),
                    tax_code("6", "Exempt", ["10"]), tax_code("9", "No VAT", [])),
    }  # fmt: skip
    given: dict[str, Any] = {
        "name": "Sample Motors UK", "country": "GB", "currency": "GBP", "zone": "Europe/London",
        "lists": lists, **changes,
    }  # fmt: skip
    return CompanySetup(realm, **given)
