"""An Odoo with sales orders of a dealership, and the source that reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
from pipeline_support import vin_of
from pydantic import SecretStr

from blocks.sources.odoo.factory import connect
from blocks.sources.odoo.settings import OdooSalesSettings
from blocks.sources.odoo.source import OdooSales
from dealbooks.mapping import FieldMap
from sandbox.kit import FaultPlan, SandboxTransport, VirtualClock
from sandbox.odoo import OdooSandbox, Settings

# Fields of the dealership's own on sale.order, as somebody made them in Studio.
FIELDS = (
    "x_vin:char x_stock_number:char x_year:integer x_make:char x_model:char x_condition:char x_vehicle_cost:monetary "
    "x_stock_book_price:monetary x_tax_acquisition:char x_vat_scheme:char x_deal_type:char x_delivery_date:date "
    "x_payment_date:date x_bank_transfer_paid:monetary x_branch:char x_trade_allowance:monetary x_trade_acv:monetary "
    "x_trade_vin:char x_trade_stock_number:char x_trade_make:char x_trade_model:char x_trade_year:integer"
)


@dataclass
class Erp:
    """The sandbox, and what a person does in it."""

    box: OdooSandbox
    clock: VirtualClock
    faults: FaultPlan
    car: int
    warranty: int

    @property
    def hand(self) -> Any:
        return self.box.hand

    def partner(self, number: int) -> int:
        """A customer."""
        return int(
            self.hand.make(
                "res.partner", name=f"Customer {number}", ref=f"C-{number}", street="1 High Street", city="Leeds",
                zip="LS1 1AA", country_id=231,
            )
        )  # fmt: skip

    def order(self, number: int, *, price: str = "10000.00", confirm: bool = True, **more: Any) -> int:
        """A sale of a used car under the margin scheme, paid by bank transfer; its id."""
        made = self.hand.make(
            "sale.order",
            name=f"S{number:05d}", partner_id=self.partner(number), x_vin=vin_of(number), x_stock_number=f"U{number}",
            x_year=2022, x_make="Skoda", x_model="Octavia", x_condition="used", x_vehicle_cost=Decimal("8000.00"),
            x_stock_book_price=Decimal("8000.00"), x_tax_acquisition="margin", x_vat_scheme="margin",
            x_deal_type="cash", x_delivery_date="2026-09-11", x_payment_date="2026-09-11", x_branch="LEEDS",
            x_bank_transfer_paid=Decimal(price),
            order_line=[(0, 0, {"name": "Skoda Octavia", "product_id": self.car, "price_unit": Decimal(price)})],
            **more,
        )  # fmt: skip
        if confirm:
            self.act(made, "action_confirm")
        return int(made)

    def act(self, order: int, method: str) -> None:
        """A button of the order's page."""
        with self.box.server.transaction(3) as env:
            getattr(env["sale.order"], method)([order])

    def delete(self, order: int) -> None:
        """Cancelled, and deleted."""
        self.act(order, "action_cancel")
        self.hand.delete("sale.order", order)

    def reprice(self, order: int, price: str) -> None:
        """Another price of the car, paid the same day."""
        (line,) = self.box.look("sale.order", order, "order_line")["order_line"]
        self.hand.edit("sale.order.line", line, price_unit=Decimal(price))
        self.hand.edit("sale.order", order, x_bank_transfer_paid=Decimal(price))

    def rename_line(self, order: int, text: str) -> None:
        """Another text of the first line: the order itself is not touched."""
        line = self.box.look("sale.order", order, "order_line")["order_line"][0]
        self.hand.edit("sale.order.line", line, name=text)


def erp(
    version: int = 19, *, clock: VirtualClock | None = None, faults: FaultPlan | None = None, **settings: Any
) -> Erp:
    """A sandbox with the products and fields of a dealership."""
    faults, clock = faults or FaultPlan(), clock or VirtualClock()
    custom = {"sale.order": FIELDS}
    box = OdooSandbox(
        Settings(version=version, custom_fields=custom, **{"per_second": 1000, **settings}), clock=clock, faults=faults
    )
    car = box.add("product.product", name="Used car", default_code="CAR")
    warranty = box.add("product.product", name="Warranty", default_code="WARRANTY")
    clock.sleep(timedelta(days=1).total_seconds())
    return Erp(box, clock, faults, car, warranty)


def settings_of(box: OdooSandbox, **given: Any) -> dict[str, Any]:
    """Settings as they would stand in dealbooks.yaml."""
    return {
        "url": "http://odoo.test", "database": "books", "user": "admin", "api_key": box.api_key,
        "timezone": "Europe/London", "kinds": {"CAR": "vehicle"}, "fields": {"store_code": "x_branch"},
        "calls_per_second": 900, **given,
    }  # fmt: skip


def source_of(office: Erp, fields: Any = None, **given: Any) -> OdooSales:
    """A new process's source."""
    own = {"fields": given.pop("fields_of_orders")} if "fields_of_orders" in given else {}
    read = settings_of(office.box, **given) | own
    parsed = OdooSalesSettings.model_validate(read | {"api_key": SecretStr(read["api_key"])})
    client = httpx.Client(transport=SandboxTransport(office.box), base_url="http://odoo.test")
    return connect("erp", parsed, client, office.clock, fields or FieldMap.load("odoo").reads())
