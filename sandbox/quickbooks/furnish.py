"""A company with the accounts, products, classes and locations of a dealership's own books."""

from __future__ import annotations

from sandbox.kit.sample import Furnished, SampleAccount, SampleBooks
from sandbox.quickbooks.platform import QuickBooksSandbox
from sandbox.quickbooks.setup import Row, account, item, named, tax_code, tax_rate, uk, us_automated

COUNTRIES = ("US", "GB")
_TYPES = {
    "asset": "Other Current Asset", "liability": "Other Current Liability", "equity": "Equity", "income": "Income",
    "contra_income": "Income", "cost_of_sales": "Cost of Goods Sold", "expense": "Expense",
}  # fmt: skip
_SPECIAL = {
    "receivable.customer": ("Accounts Receivable", "AccountsReceivable"),
    "cash.bank": ("Bank", "Checking"),
    "cash.undeposited": ("Other Current Asset", "UndepositedFunds"),
}
_TAX = {"US": "payable.sales_tax", "GB": "tax.output"}


def furnished(books: SampleBooks | None = None) -> tuple[QuickBooksSandbox, Furnished]:
    """The sandbox, and what a connection to it is set to; without books its own company."""
    box = QuickBooksSandbox() if books is None else _company(books)
    (client, secret), *_ = box.clients.items()
    return box, Furnished(
        {"realm_id": box.company().setup.realm, "client_id": client},
        {"base_url": "", "token_url": "/oauth2/v1/tokens/bearer", "authorize_url": "/connect/oauth2"},
        {"client_secret": secret},
    )


def _company(books: SampleBooks) -> QuickBooksSandbox:
    accounts = books.each()
    lists: dict[str, list[Row] | tuple[Row, ...]] = {
        "Account": [_account(number, one, _TAX[books.country]) for number, one in enumerate(accounts, start=1)],
        "Item": [item(str(500 + number), one.name, str(number)) for number, one in enumerate(accounts, start=1)],
        "Class": [named(str(900 + number), name) for number, name in enumerate(books.departments)],
        "Department": [named(str(950 + number), name) for number, name in enumerate(books.places)],
        "PaymentMethod": [named("1", "Cash"), named("2", "Card")],
    }
    if books.country == "US":
        lists |= {"TaxRate": (tax_rate("3", "State", "6"),), "TaxCode": (tax_code("2", "State", ["3"]),)}
        setup = us_automated(lists=lists, name=books.name, engine={})
    else:
        plain = uk().lists
        lists |= {"TaxRate": tuple(plain["TaxRate"]), "TaxCode": tuple(plain["TaxCode"])}
        setup = uk(lists=lists, name=books.name)
    return QuickBooksSandbox([setup])


def _account(number: int, one: SampleAccount, tax_role: str) -> Row:
    kind, subtype = _SPECIAL.get(one.role, (_TYPES[one.type], "SalesTaxPayable" if one.role == tax_role else ""))
    return {**account(str(number), one.name, kind, subtype), "AcctNum": one.number}
