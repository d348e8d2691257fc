"""An account with the properties of a dealership's own and a few deals that are won."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sandbox.hubspot.platform import HubSpotSandbox
from sandbox.hubspot.settings import Settings
from sandbox.kit.sample import Furnished, sample_sales

NAME = "crm"
_LINE = {"line_type": "enumeration", "cost": "number"}
_DATES = ("delivery_date", "deposit_date", "payment_date")
_AMOUNTS = (
    "sale_price", "vehicle_cost", "stock_book_price", "bank_transfer_paid", "contract_total", "deposit", "vat_amount",
    "trade_in_value", "recon_cost", "finance_amount", "commission", "card_paid", "trade_in_acv", "trade_in_payoff",
)  # fmt: skip
_THERE = ("id", "sale_date", "currency", "store_code", "total", "price_includes_tax", "hubspot_owner_id")


def selling(names: Collection[str], place: str) -> tuple[HubSpotSandbox, Furnished]:
    """The sandbox, and what a connection to it is set to; `names` are those that the field map reads, `place` is the
    location of the sales."""
    own = [name for name in names if "." not in name and name not in _THERE]
    kinds = {name: "date" if name in _DATES else "number" if name in _AMOUNTS else "string" for name in own}
    settings = Settings(custom_properties={"deals": kinds, "line_items": _LINE}, index_lag=0)
    box = HubSpotSandbox(settings)
    before = box.clock.now() - timedelta(hours=2)
    for sale in sample_sales(box.clock.now()):
        first, last = sale.customer.split()
        contact = box.hand.make(
            "contacts", at=before, firstname=first, lastname=last, address="1 High Street", city="Leeds", zip="LS1 1AA",
            country="United Kingdom",
        )  # fmt: skip
        deal = box.hand.make(
            "deals", at=before, dealname=f"{sale.car} for {sale.customer}", dealstage="closedwon", pipeline="default",
            closedate=f"{sale.sold.isoformat()}T10:30:00.000Z", deal_currency_code="GBP", deal_no=f"HS-{sale.number}",
            vin=sale.vin, stock_no=f"U{sale.number}", year=str(sale.year), make=sale.make, model=sale.model,
            condition="used", vehicle_cost=sale.cost, stock_book_price=sale.cost, tax_acquisition="margin",
            vat_scheme="margin", deal_type="cash", delivery_date=sale.delivered.isoformat(),
            payment_date=sale.delivered.isoformat(), store=place, bank_transfer_paid=sale.price, amount=sale.price,
        )  # fmt: skip
        box.hand.link(deal, contact)
        box.hand.add_line(deal, at=before, name=sale.car, line_type="vehicle", quantity="1", price=sale.price)
    settings.index_lag = Settings().index_lag  # what is there by now is found already
    return box, Furnished(
        {"timezone": box.settings.timezone}, {"base_url": ""}, {"token": box.settings.private_token}
    )  # fmt: skip
