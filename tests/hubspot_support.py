"""A HubSpot account of a dealership, and the source that reads it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pipeline_support import vin_of

from blocks.sources.hubspot.factory import connect, settings_of
from blocks.sources.hubspot.source import HubSpotDeals
from dealbooks.mapping import FieldMap
from dealbooks.registry import Services
from sandbox.hubspot import HubSpotSandbox, Settings
from sandbox.kit import FaultPlan, SandboxTransport, VirtualClock

DATES = ("delivery_date", "deposit_date", "payment_date")
AMOUNTS = (
    "sale_price", "vehicle_cost", "stock_book_price", "bank_transfer_paid", "contract_total", "deposit", "vat_amount",
    "trade_in_value", "recon_cost", "finance_amount", "commission", "card_paid", "trade_in_acv", "trade_in_payoff",
)  # fmt: skip
_MADE = frozenset(("id", "sale_date", "currency", "store_code", "total", "price_includes_tax", "hubspot_owner_id"))


def custom_properties() -> dict[str, dict[str, str]]:
    """Every property of the dealership's own that the shipped map reads."""
    names = [path for path in FieldMap.load("hubspot").reads() if "." not in path and path not in _MADE]
    kinds = {name: "date" if name in DATES else "number" if name in AMOUNTS else "string" for name in names}
    return {"deals": kinds, "line_items": {"line_type": "enumeration", "cost": "number"}}


@dataclass
class Account:
    """The sandbox, and what a person does in it."""

    box: HubSpotSandbox
    clock: VirtualClock
    faults: FaultPlan

    @property
    def hand(self) -> Any:
        return self.box.hand

    def contact(self, number: int) -> str:
        """A customer."""
        made: str = self.hand.make(
            "contacts", firstname="Customer", lastname=str(number), address="1 High Street", city="Leeds",
            zip="LS1 1AA", country="United Kingdom", email=f"c{number}@example.test",
        )  # fmt: skip
        return made

    def deal(self, number: int, *, price: str = "10000.00", stage: str = "closedwon", **more: Any) -> str:
        """A sale of a used car under the margin scheme, paid by bank transfer; its id. `at` and `late` as in Hand."""
        when = {name: more.pop(name) for name in ("at", "late") if name in more}
        values = {
            "dealname": f"Octavia for Customer {number}", "dealstage": stage, "pipeline": "default",
            "closedate": "2026-09-10T10:30:00.000Z", "deal_currency_code": "GBP", "deal_no": f"HS-{number}",
            "vin": vin_of(number), "stock_no": f"U{number}", "year": "2022", "make": "Skoda", "model": "Octavia",
            "condition": "used", "vehicle_cost": "8000.00", "stock_book_price": "8000.00",
            "tax_acquisition": "margin", "vat_scheme": "margin", "deal_type": "cash", "delivery_date": "2026-09-11",
            "payment_date": "2026-09-11", "store": "LEEDS", "bank_transfer_paid": price, "amount": price,
        } | more  # fmt: skip
        made: str = self.hand.make("deals", **when, **values)
        self.hand.link(made, self.contact(number))
        self.hand.add_line(made, **when, name="Skoda Octavia", hs_sku="CAR", quantity="1", price=price)
        return made

    def reprice(self, deal: str, price: str) -> None:
        """Another price of the car, paid the same day."""
        self.hand.edit(self.hand.lines(deal)[0], price=price)
        self.hand.edit(deal, bank_transfer_paid=price)


def account(*, clock: VirtualClock | None = None, **settings: Any) -> Account:
    """A sandbox with the properties of a dealership."""
    faults, clock = FaultPlan(), clock or VirtualClock()
    box = HubSpotSandbox(
        Settings(**{"custom_properties": custom_properties(), **settings}), clock=clock, faults=faults
    )  # fmt: skip
    clock.sleep(timedelta(days=1).total_seconds())
    return Account(box, clock, faults)


def given_settings(office: Account, **given: Any) -> dict[str, Any]:
    """Settings as they would stand in dealbooks.yaml."""
    return {
        "token": office.box.settings.private_token, "timezone": "Europe/London", "kinds": {"CAR": "vehicle"}, **given,
    }  # fmt: skip


def source_of(
    office: Account, paths: Collection[str] = (), services: Services | None = None, **given: Any
) -> HubSpotDeals:
    """A new process's source."""
    settings = settings_of("crm", given_settings(office, **given))
    reads = paths or FieldMap.load("hubspot").reads()
    transport = SandboxTransport(office.box)
    return connect("crm", settings, office.clock, reads, services=services, transport=transport)
