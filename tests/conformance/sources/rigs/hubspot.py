"""Deals of HubSpot, by the token of a private app."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from conformance.sources.source_rig import NEW_TEXT, PAGE, SourceRig, seen
from hubspot_support import account, source_of

from dealbooks.source import DealSource


class Rig(SourceRig):
    """A dealership's account."""

    name = "hubspot"
    renews = False  # the token of a private app is changed by a person
    behind = 90.0
    restores = True
    cannot = {"test_an_expired_cursor_compares_everything": "a time of change can be asked for for ever"}

    def made(self) -> None:
        self.office = account(clock=self.clock)
        self.office.faults = self.office.box.faults = self.faults
        self.counted(self.office.box)
        self.secrets = [self.office.box.settings.private_token]

    def connected(self, fields: frozenset[str]) -> DealSource:
        return source_of(self.office, fields, page=PAGE, behind_seconds=30)

    def sell(self, number: int, price: str = "10000.00") -> str:
        return self.office.deal(number, price=price)

    def quote(self, number: int) -> str:
        return self.office.deal(number, stage="presentationscheduled")

    def complete(self, key: str) -> None:
        self.office.hand.edit(key, dealstage="closedwon")

    def reprice(self, key: str, price: str) -> None:
        self.office.reprice(key, price)

    def price_of(self, data: Mapping[str, Any]) -> str:
        return str(data["lines"][0]["amount"])

    def touch(self, key: str) -> None:
        self.office.hand.edit(key)

    def edit_line(self, key: str) -> None:
        self.office.hand.edit(self.office.hand.lines(key)[0], name=NEW_TEXT)

    def reopen(self, key: str) -> None:
        self.office.hand.edit(key, dealstage="presentationscheduled")

    def delete(self, key: str) -> None:
        self.office.hand.archive(key)

    def late(self) -> float:
        return 240.0

    def sell_late(self, number: int, seconds: float) -> str:
        made = self.office.deal(number, at=self.clock.now() - timedelta(seconds=seconds))
        self.clock.sleep(self.office.box.settings.index_lag)
        return made

    def restore(self, key: str) -> None:
        self.office.hand.restore(key)

    def look(self, key: str) -> str:
        if key not in self.office.hand.deals():
            return "gone"
        line = self.office.hand.look(self.office.hand.lines(key)[0])
        return seen(line["price"], line["name"], sold=self.office.hand.look(key)["dealstage"] == "closedwon")

    def deal_number(self, number: int) -> str:
        return f"HS-{number}"
