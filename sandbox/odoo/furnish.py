"""A company with the accounts of a dealership's own books, a sales tax posted to one of them, and sales orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal

from sandbox.kit.sample import Furnished, SampleBooks, sample_sales
from sandbox.odoo.sandbox import OdooSandbox
from sandbox.odoo.settings import Settings

NAME = "erp"
COUNTRIES = ("GB", "AU", "NZ", "US")
_UNITED_KINGDOM, _SELLER = 231, 3
_OF_ODOO = (
    "name", "sale_date", "currency", "total", "tax_total", "price_includes_tax", "client_order_ref", "user_id",
)  # fmt: skip
_AMOUNTS = (
    "vehicle_cost", "recon_cost", "stock_book_price", "balance_due", "deposit", "finance_amount", "finance_commission",
    "trade_allowance", "trade_acv", "trade_payoff",
)  # fmt: skip
_TYPES = {
    "asset": "asset_current", "liability": "liability_current", "equity": "equity", "income": "income",
    "contra_income": "income", "cost_of_sales": "expense_direct_cost", "expense": "expense",
}  # fmt: skip
_RATES = {"GB": ("VAT 20% in", 20), "AU": ("GST 10% in", 10), "NZ": ("GST 15% in", 15)}


def furnished(books: SampleBooks | None = None) -> tuple[OdooSandbox, Furnished]:
    """The sandbox, and what a connection to it is set to; without books its own company."""
    box = _box(books, {})
    return box, as_ledger(box)


def as_ledger(box: OdooSandbox) -> Furnished:
    """What a ledger in it is set to."""
    settings = {"database": box.settings.database, "user": box.settings.login}
    return Furnished(settings, {"url": ""}, {"api_key": box.api_key})


def _box(books: SampleBooks | None, fields: Mapping[str, str]) -> OdooSandbox:
    own = {**Settings().custom_fields, **fields}
    box = OdooSandbox(Settings(currency="GBP" if books is None else books.currency, custom_fields=own))
    if books is not None:
        _furnish(box, books)
    return box


def selling(names: Collection[str], place: str, books: SampleBooks | None = None) -> tuple[OdooSandbox, Furnished]:
    """The sandbox with sales orders, and what a source in it is set to; `names` are those that the field map reads,
    `place` is the location of the sales."""
    own = sorted(name for name in names if "." not in name and name not in _OF_ODOO)
    fields = " ".join(f"x_{name}:{_kind(name)}" for name in own)
    box = _box(books, {"sale.order": fields})
    car = box.add("product.product", name="Used car", default_code="CAR")
    before = f"{box.clock.now() - timedelta(hours=2):%Y-%m-%d %H:%M:%S}"
    for sale in sample_sales(box.clock.now()):
        partner = box.hand.make(
            "res.partner", name=sale.customer, ref=f"C-{sale.number}", street="1 High Street", city="Leeds",
            zip="LS1 1AA", country_id=_UNITED_KINGDOM,
        )  # fmt: skip
        order = box.hand.make(
            "sale.order", name=f"S{sale.number:05d}", partner_id=partner, x_vin=sale.vin,
            x_stock_number=f"U{sale.number}", x_year=sale.year, x_make=sale.make, x_model=sale.model,
            x_condition="used", x_vehicle_cost=Decimal(sale.cost), x_stock_book_price=Decimal(sale.cost),
            x_tax_acquisition="margin", x_vat_scheme="margin", x_deal_type="cash",
            x_delivery_date=sale.delivered.isoformat(), x_payment_date=sale.delivered.isoformat(), x_store_code=place,
            x_bank_transfer_paid=Decimal(sale.price),
            order_line=[(0, 0, {"name": sale.car, "product_id": car, "price_unit": Decimal(sale.price)})],
        )  # fmt: skip
        with box.server.transaction(_SELLER) as env:
            env["sale.order"].action_confirm([order])  # type: ignore[attr-defined]
            env.database.update(
                "sale.order", order, {"date_order": f"{sale.sold.isoformat()} 10:30:00", "write_date": before}
            )
            for line in env["sale.order"].read([order], ["order_line"])[0]["order_line"]:
                env.database.update("sale.order.line", line, {"write_date": before})
    settings = {
        "database": box.settings.database, "timezone": "Europe/London", "kinds": {"CAR": "vehicle"},
        "calls_per_second": 50,
    }  # fmt: skip
    return box, Furnished(settings, {"url": ""}, {"api_key": box.api_key})


def _kind(name: str) -> str:
    if name.endswith("_date"):
        return "date"
    if name in _AMOUNTS or name.endswith("_paid"):
        return "monetary"
    return "integer" if name in ("year", "trade_year", "odometer") else "char"


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
