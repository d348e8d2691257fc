"""A spreadsheet of Google Sheets with a tab of lines, by a service account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.sources.source_rig import NEW_TEXT, PAGE, SourceRig, seen
from google_sheets_support import office, source_of

from dealbooks.source import DealSource


class Rig(SourceRig):
    """A dealership's spreadsheet."""

    name = "google_sheets"
    cannot = {"test_an_expired_cursor_compares_everything": "it has no cursor: everything is compared each time"}

    def made(self) -> None:
        self.office = office(clock=self.clock, lines=True)
        self.office.faults = self.office.box.faults = self.faults
        self.counted(self.office.box)
        self.secrets = ["PRIVATE KEY", "ya29."]

    def connected(self, fields: frozenset[str]) -> DealSource:
        return source_of(self.office, fields, page=PAGE)

    def sell(self, number: int, price: str = "10000.00") -> str:
        return self.office.deal(number, price=price)

    def quote(self, number: int) -> str:
        return self.office.deal(number, Status="Quote")

    def complete(self, key: str) -> None:
        self.office.edit(key, Status="Delivered")

    def reprice(self, key: str, price: str) -> None:
        self.office.reprice(key, price)

    def price_of(self, data: Mapping[str, Any]) -> str:
        return str(data["lines"][0]["amount"])

    def touch(self, key: str) -> None:
        self.office.edit(key, Make="Skoda")

    def edit_line(self, key: str) -> None:
        row = self.office.hand.find("Lines", "Deal ID", key)[0]
        self.office.hand.edit("Lines", row, Name=NEW_TEXT)

    def reopen(self, key: str) -> None:
        self.office.edit(key, Status="Quote")

    def delete(self, key: str) -> None:
        self.office.delete(key)

    def late(self) -> float:
        return 86_400.0

    def sell_late(self, number: int, seconds: float) -> str:
        return self.office.deal(number)  # a row has no time of change

    def look(self, key: str) -> str:
        found = [self._shown("Deals", row) for row in self.office.hand.find("Deals", "Deal ID", key)]
        if not found:
            return "gone"
        line = self._shown("Lines", self.office.hand.find("Lines", "Deal ID", key)[0])
        return seen(line["Amount"], line["Name"], sold=found[0]["Status"] == "Delivered")

    def _shown(self, tab: str, row: int) -> dict[str, Any]:
        rows = self.office.hand.rows(tab)
        return dict(zip(rows[0], rows[row - 1], strict=False))

    def deal_number(self, number: int) -> str:
        return f"GS-{number}"
