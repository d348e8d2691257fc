"""Sales orders of Odoo 19 over JSON-2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from conformance.sources.source_rig import NEW_TEXT, PAGE, SourceRig, seen
from odoo_sales_support import erp, source_of

from dealbooks.source import DealSource


class Rig(SourceRig):
    """A dealership's Odoo."""

    name = "odoo"
    renews = False  # an API key is made by a person
    cannot = {"test_an_expired_cursor_compares_everything": "a time of change can be asked for for ever"}

    def made(self) -> None:
        self.office = erp(clock=self.clock, faults=self.faults)
        self.counted(self.office.box)
        self.secrets = [self.office.box.api_key]

    def connected(self, fields: frozenset[str]) -> DealSource:
        return source_of(self.office, fields, page=PAGE)

    def sell(self, number: int, price: str = "10000.00") -> str:
        return str(self.office.order(number, price=price))

    def quote(self, number: int) -> str:
        return str(self.office.order(number, confirm=False))

    def complete(self, key: str) -> None:
        self.office.act(int(key), "action_confirm")

    def reprice(self, key: str, price: str) -> None:
        self.office.reprice(int(key), price)

    def price_of(self, data: Mapping[str, Any]) -> str:
        return str(data["lines"][0]["amount"])

    def touch(self, key: str) -> None:
        self.office.hand.edit("sale.order", int(key), note="Called.")

    def edit_line(self, key: str) -> None:
        self.office.rename_line(int(key), NEW_TEXT)

    def reopen(self, key: str) -> None:
        self.office.act(int(key), "action_cancel")

    def delete(self, key: str) -> None:
        self.office.delete(int(key))

    def late(self) -> float:
        return 100.0

    def sell_late(self, number: int, seconds: float) -> str:
        made = self.office.order(number)
        earlier: datetime = self.clock.now() - timedelta(seconds=seconds)
        database = self.office.box.server.database
        stamp = earlier.strftime("%Y-%m-%d %H:%M:%S.%f")
        database.update("sale.order", made, {"write_date": stamp})
        for line in self.office.box.look("sale.order", made, "order_line")["order_line"]:
            database.update("sale.order.line", line, {"write_date": stamp})
        database.commit()
        return str(made)

    def complete_again(self, key: str) -> None:
        self.office.act(int(key), "action_draft")
        self.office.act(int(key), "action_confirm")

    def look(self, key: str) -> str:
        with self.office.box.server.transaction() as env:
            if not env["sale.order"].search([["id", "=", int(key)]]):
                return "gone"
        order = self.office.box.look("sale.order", int(key), "state", "order_line")
        line = self.office.box.look("sale.order.line", order["order_line"][0], "price_unit", "name")
        return seen(line["price_unit"], line["name"], sold=order["state"] == "sale")

    def deal_number(self, number: int) -> str:
        return f"S{number:05d}"
