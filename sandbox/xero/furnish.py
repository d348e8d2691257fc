"""An organisation with the accounts, sites and departments of a dealership's own books."""

from __future__ import annotations

from sandbox.kit.sample import Furnished, SampleBooks
from sandbox.xero.platform import XeroSandbox
from sandbox.xero.settings import Settings

COUNTRIES = ("GB", "AU", "NZ", "US")
_KINDS = {
    "asset": "CURRENT", "liability": "CURRLIAB", "equity": "EQUITY", "income": "REVENUE", "contra_income": "REVENUE",
    "cost_of_sales": "DIRECTCOSTS", "expense": "EXPENSE",
}  # fmt: skip
_BANKS = ("cash.bank", "cash.undeposited")
_PAID_INTO = ("clearing.settlement", "payable.customer_refund", *_BANKS)


def furnished(books: SampleBooks | None = None) -> tuple[XeroSandbox, Furnished]:
    """The sandbox, and what a connection to it is set to; without books its own organisation."""
    box = XeroSandbox(Settings(country="GB" if books is None else books.country))
    if books is not None:
        _furnish(box, books)
    app = box.identity.apps["sandbox-app"]
    return box, Furnished(
        {"tenant_id": box.books.tenant, "client_id": app.client_id},
        {
            "base_url": "/api.xro/2.0",
            "token_url": "/connect/token",
            "authorize_url": "/identity/connect/authorize",
        },
        {"client_secret": app.secret},
    )


def _furnish(box: XeroSandbox, books: SampleBooks) -> None:
    there = box.books
    there.name = box.identity.connections[there.tenant].name = books.name
    for one in books.each():
        if not there.find("Account", "Code", one.number):
            kind = "BANK" if one.role in _BANKS else _KINDS[one.type]
            there.add_account(one.number, one.name, kind, payments=one.role in _PAID_INTO)
    for category, options in (("Site", books.places), ("Department", books.departments)):
        held = there.find("TrackingCategory", "Name", category)[0]
        there.save("TrackingCategory", {**held, "Status": "ARCHIVED", "Name": f"{category} (old)"}, "")
        there.add_tracking(category, list(options))
    there.commit()
