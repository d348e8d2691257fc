"""Opportunities of Salesforce, by client credentials."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from conformance.sources.source_rig import NEW_TEXT, PAGE, SourceRig, seen
from salesforce_support import org, source_of

from dealbooks.source import DealSource


class Rig(SourceRig):
    """A dealership's org."""

    name = "salesforce"
    behind = 90.0
    restores = True

    def made(self) -> None:
        self.office = org(clock=self.clock, token_life=12 * 3600)
        self.office.faults = self.office.box.faults = self.faults
        self.counted(self.office.box)
        self.secrets = ["sandbox-consumer-secret"]

    def connected(self, fields: frozenset[str]) -> DealSource:
        return source_of(self.office, fields, page=PAGE, behind_seconds=30)

    def sell(self, number: int, price: str = "10000.00") -> str:
        return self.office.deal(number, price=price)

    def quote(self, number: int) -> str:
        return self.office.deal(number, stage="Negotiation")

    def complete(self, key: str) -> None:
        self.office.hand.edit(key, StageName="Closed Won")

    def reprice(self, key: str, price: str) -> None:
        self.office.reprice(key, price)

    def price_of(self, data: Mapping[str, Any]) -> str:
        return str(data["lines"][0]["amount"])

    def touch(self, key: str) -> None:
        self.office.hand.edit(key)

    def edit_line(self, key: str) -> None:
        self.office.hand.edit(self.office.hand.lines(key)[0], Description=NEW_TEXT)

    def reopen(self, key: str) -> None:
        self.office.hand.edit(key, StageName="Negotiation")

    def delete(self, key: str) -> None:
        self.office.hand.delete(key)

    def late(self) -> float:
        return 480.0

    def sell_late(self, number: int, seconds: float) -> str:
        return self.office.deal(number, at=self.clock.now() - timedelta(seconds=seconds))

    def expire_cursor(self) -> None:
        self.clock.sleep(20 * 86_400)

    def restore(self, key: str) -> None:
        if self.office.hand.look(key):  # not for ever in the recycle bin
            self.office.hand.undelete(key)

    def look(self, key: str) -> str:
        deal = self.office.hand.look(key)
        if not deal or deal["IsDeleted"]:
            return "gone"
        line = self.office.hand.look(self.office.hand.lines(key)[0])
        return seen(line["UnitPrice"], line["Description"], sold=deal["StageName"] == "Closed Won")

    def deal_number(self, number: int) -> str:
        return f"SF-{number}"
