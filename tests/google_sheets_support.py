"""A spreadsheet of a dealership, and the source that reads it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from keys_support import key_pair
from pipeline_support import vin_of

from blocks.sources.google_sheets.factory import connect, settings_of
from blocks.sources.google_sheets.source import GoogleSheet
from dealbooks.mapping import FieldMap
from sandbox.google_sheets import GoogleSheetsSandbox, Settings
from sandbox.kit import FaultPlan, SandboxTransport, VirtualClock

HEADINGS = (
    "Deal ID", "Status", "Sale date", "Delivery date", "Currency", "Store code", "Customer ID", "Customer name",
    "Customer type", "VIN", "Stock no.", "Year", "Make", "Model", "Condition", "Vehicle cost", "Stock book price",
    "Tax acquisition", "VAT scheme", "Deal type", "Sale price", "Contract total", "Bank transfer paid",
    "Payment date", "Notes",
)  # fmt: skip
LINES = ("Deal ID", "Kind", "Name", "Quantity", "Amount")
_HAS = {"".join(char for char in one.casefold() if char.isalnum()) for one in HEADINGS}


def without() -> list[str]:
    """Columns that the shipped map reads and the dealership's spreadsheet does not have."""
    own = ("lines", "total", "currency", "store_code", "price_includes_tax", "row_problems")
    reads = FieldMap.load("google_sheets").reads()
    names = [one for one in reads if one.partition(".")[0] not in own and one.replace("_", "") not in _HAS]
    return [*sorted(names), "lines.cost"]


@dataclass
class Office:
    """The sandbox, and what a person does in it."""

    box: GoogleSheetsSandbox
    clock: VirtualClock
    faults: FaultPlan
    lines: bool

    @property
    def hand(self) -> Any:
        return self.box.hand

    def row(self, number: int, *, price: str = "10000.00", **more: Any) -> dict[str, Any]:
        """The cells of a sale of a used car under the margin scheme, paid by bank transfer."""
        return {
            "Deal ID": f"GS-{number}", "Status": "Delivered", "Sale date": date(2026, 9, 10),
            "Delivery date": date(2026, 9, 11), "Currency": "GBP", "Store code": "LEEDS", "Customer ID": f"C-{number}",
            "Customer name": f"Customer {number}", "Customer type": "individual", "VIN": vin_of(number),
            "Stock no.": f"U{number}", "Year": 2022, "Make": "Skoda", "Model": "Octavia", "Condition": "Used",
            "Vehicle cost": 8000, "Stock book price": 8000, "Tax acquisition": "margin", "VAT scheme": "margin",
            "Deal type": "cash", "Bank transfer paid": price, "Payment date": date(2026, 9, 11),
        } | ({} if self.lines else {"Sale price": price, "Contract total": price}) | more  # fmt: skip

    def deal(self, number: int, *, price: str = "10000.00", **more: Any) -> str:
        """A sale; its id. Amounts are numbers in the sheet."""
        values = self.row(number, price=price, **more)
        for name in ("Sale price", "Contract total", "Bank transfer paid"):
            if name in values:
                values[name] = _number(values[name])
        self.hand.add("Deals", values)
        if self.lines:
            line = {"Deal ID": f"GS-{number}", "Kind": "vehicle", "Name": "Skoda Octavia", "Quantity": 1}
            self.hand.add("Lines", line | {"Amount": _number(price)})
        return str(values["Deal ID"])

    def edit(self, key: str, **values: Any) -> None:
        """Change cells of a deal's row."""
        self.hand.edit("Deals", self.hand.find("Deals", "Deal ID", key)[0], **values)

    def reprice(self, key: str, price: str) -> None:
        """Another price of the car, paid the same day."""
        if self.lines:
            self.hand.edit("Lines", self.hand.find("Lines", "Deal ID", key)[0], Amount=_number(price))
            self.edit(key, Bank_transfer_paid=_number(price))
        else:
            amount = _number(price)
            self.edit(key, Sale_price=amount, Contract_total=amount, Bank_transfer_paid=amount)

    def standing_column(self) -> str:
        """A person makes an empty column with a name; the name."""
        tab = self.box.book.tab("Deals")
        tab.put(0, len(tab.rows[0]), "Ledger")
        self.hand.name_column("Deals", "Ledger", "Standing")
        return "Standing"

    def standings(self) -> dict[str, str]:
        """Deal -> what stands in that column."""
        rows = self.hand.rows("Deals")
        place, id_place = rows[0].index("Ledger"), rows[0].index("Deal ID")
        return {row[id_place]: row[place] if len(row) > place else "" for row in rows[1:]}

    def delete(self, key: str) -> None:
        """Delete a deal's row; those below move up."""
        self.hand.remove("Deals", self.hand.find("Deals", "Deal ID", key)[0])


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and not value.startswith("#") else value


def office(*, clock: VirtualClock | None = None, lines: bool = False, **settings: Any) -> Office:
    """A sandbox with the tabs of a dealership."""
    faults, clock = FaultPlan(), clock or VirtualClock()
    box = GoogleSheetsSandbox(Settings(**{"public_key": key_pair()[1], **settings}), clock=clock, faults=faults)
    box.hand.make_tab("Deals", HEADINGS)
    if lines:
        box.hand.make_tab("Lines", LINES)
    return Office(box, clock, faults, lines)


def key_json(box: GoogleSheetsSandbox) -> str:
    """The service account's key as Google gives it."""
    return json.dumps(
        {
            "type": "service_account", "private_key_id": "k1", "private_key": key_pair()[0], "client_id": "1",
            "client_email": box.settings.client_email, "token_uri": box.settings.audience,
        }
    )  # fmt: skip


def given_settings(made: Office, **given: Any) -> dict[str, Any]:
    """Settings as they would stand in dealbooks.yaml."""
    return {
        "spreadsheet": made.box.settings.spreadsheet, "private_key": key_json(made.box), "without": without(),
        **({"lines_tab": "Lines"} if made.lines else {}), **given,
    }  # fmt: skip


def source_of(made: Office, paths: Collection[str] = (), **given: Any) -> GoogleSheet:
    """A new process's source."""
    settings = settings_of("crm", given_settings(made, **given))
    reads = paths or FieldMap.load("google_sheets").reads()
    return connect("crm", settings, made.clock, reads, transport=SandboxTransport(made.box))
