"""A company with the accounts of a dealership's own books, and a sales tax that is posted to one of them."""

from __future__ import annotations

from sandbox.kit.sample import Furnished, SampleBooks
from sandbox.odoo.sandbox import OdooSandbox
from sandbox.odoo.settings import Settings

COUNTRIES = ("GB", "AU", "NZ", "US")
_TYPES = {
    "asset": "asset_current", "liability": "liability_current", "equity": "equity", "income": "income",
    "contra_income": "income", "cost_of_sales": "expense_direct_cost", "expense": "expense",
}  # fmt: skip
_RATES = {"GB": ("VAT 20% in", 20), "AU": ("GST 10% in", 10), "NZ": ("GST 15% in", 15)}


def furnished(books: SampleBooks | None = None) -> tuple[OdooSandbox, Furnished]:
    """The sandbox, and what a connection to it is set to; without books its own company."""
    box = OdooSandbox(Settings(currency="GBP" if books is None else books.currency))
    if books is not None:
        _furnish(box, books)
    settings = {"database": box.settings.database, "user": box.settings.login}
    return box, Furnished(settings, {"url": ""}, {"api_key": box.api_key})


def _furnish(box: OdooSandbox, books: SampleBooks) -> None:
    numbers: dict[str, int] = {}
    for one in books.each():
        kind = "asset_receivable" if one.role == "receivable.customer" else _TYPES[one.type]
        numbers[one.role] = box.add("account.account", code=one.number, name=one.name, account_type=kind)
    if books.country in _RATES:
        name, rate = _RATES[books.country]
        with box.server.transaction() as env:
            for number in env["account.tax"].search([["type_tax_use", "=", "sale"]]):
                env.database.update("account.tax", number, {"active": False})
        box.add(
            "account.tax", name=name, amount=rate, type_tax_use="sale", _account=numbers["tax.output"],
            price_include_override="tax_included",
        )  # fmt: skip
