"""The objects of the account: as they stand, as searches see them yet, and what hangs on what."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.hubspot.schema import ASSOCIATION_TYPES, CONTACTS, DEALS, LINES, properties
from sandbox.hubspot.settings import Settings
from sandbox.hubspot.wire import Refusal, iso
from sandbox.kit import Clock, Write, WriteLog

_PRICED = frozenset(("price", "quantity", "discount", "hs_discount_percentage"))


@dataclass(slots=True)
class Thing:
    """An object. `indexed`: states that searches see from a moment on."""

    kind: str
    number: int
    created: datetime
    properties: dict[str, str | None]
    modified: datetime
    archived: datetime | None = None
    merged_into: int = 0
    indexed: list[tuple[datetime, datetime, dict[str, str | None]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Link:
    """An association of two objects, seen by readers from a moment on."""

    one: int
    other: int
    label: str
    visible: datetime


class Objects:
    """All objects. Ids are numbers of the whole account."""

    def __init__(self, settings: Settings, clock: Clock, log: WriteLog) -> None:
        self.settings, self.clock, self.log = settings, clock, log
        self.properties: Mapping[str, Mapping[str, str]] = properties(settings)
        self.held: dict[int, Thing] = {}
        self.links: list[Link] = []
        self._numbers = itertools.count(31_415)

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, kind: str, number: int, *, archived: bool = False) -> Thing | None:
        """An object as it stands; one that was merged away answers with the survivor."""
        thing = self.held.get(number)
        if thing is not None and thing.merged_into and self.settings.merged_answer:
            thing = self.held.get(thing.merged_into)
        if thing is None or thing.kind != kind or (thing.archived is not None) is not archived:
            return None
        return thing

    def all(self, kind: str, *, archived: bool = False) -> Iterator[Thing]:
        """Objects of a kind, by id."""
        now, bin_life = self.clock.now(), timedelta(seconds=self.settings.recycle_bin)
        for thing in self.held.values():
            if thing.kind != kind or thing.merged_into or (thing.archived is not None) is not archived:
                continue
            if thing.archived is None or thing.archived + bin_life > now:
                yield thing

    def searched(self, kind: str) -> Iterator[tuple[Thing, dict[str, str | None]]]:
        """What searches see: never what is archived, and what is written only after a while."""
        now = self.clock.now()
        for thing in self.all(kind):
            while len(thing.indexed) > 1 and thing.indexed[1][0] <= now:
                thing.indexed.pop(0)
            if thing.indexed and thing.indexed[0][0] <= now:
                yield thing, thing.indexed[0][2]

    def linked(self, number: int, to: str) -> list[Link]:
        """What hangs on an object, as it can be read now."""
        now, found = self.clock.now(), []
        for link in self.links:
            if link.visible <= now and number in (link.one, link.other):
                other = link.other if link.one == number else link.one
                thing = self.held[other]
                if thing.kind == to and thing.archived is None and not thing.merged_into:
                    found.append(Link(number, other, link.label, link.visible))
        return sorted(found, key=lambda link: link.other)

    # -- writing ---------------------------------------------------------------------------------------------------

    def create(self, kind: str, values: Mapping[str, Any], at: datetime | None, late: float) -> Thing:
        """A new object. `at`: its time of change; `late`: seconds after which searches see it."""
        now = self.clock.now()
        empty: dict[str, str | None] = dict.fromkeys(self.properties[kind])
        thing = Thing(kind, next(self._numbers), now, empty, now)
        self.held[thing.number] = thing
        self._save(thing, values, at, late, "create")
        return thing

    def update(self, thing: Thing, values: Mapping[str, Any], at: datetime | None, late: float) -> None:
        """A change. A price or a quantity of a line item changes the deal's amount, and so touches the deal."""
        self._save(thing, values, at, late, "update")
        if thing.kind == LINES and _PRICED & set(values):
            for link in self.linked(thing.number, DEALS):
                self.roll(self.held[link.other])

    def archive(self, thing: Thing) -> None:
        """Into the recycle bin. The deals of a line item are not touched."""
        thing.archived = self.clock.now()
        self.log.add(Write(self.clock.now(), "delete", thing.kind, str(thing.number), dict(thing.properties)))

    def restore(self, thing: Thing) -> None:
        """Back from the recycle bin."""
        thing.archived = None
        self._save(thing, {}, None, 0, "update")

    def merge(self, kept: Thing, gone: Thing) -> None:
        """One object of two: the id of the second answers with the first."""
        gone.merged_into = kept.number
        before = kept.properties.get("hs_merged_object_ids") or ""
        self._save(kept, {"hs_merged_object_ids": f"{before};{gone.number}".strip(";")}, None, 0, "update")

    def link(self, one: Thing, other: Thing, label: str = "") -> None:
        """An association. It need not touch either of them."""
        visible = self.clock.now() + timedelta(seconds=self.settings.association_lag)
        self.links.append(Link(one.number, other.number, label, visible))

    def unlink(self, one: Thing, other: Thing) -> None:
        """No association any more."""
        pair = {one.number, other.number}
        self.links = [link for link in self.links if {link.one, link.other} != pair]

    def roll(self, deal: Thing) -> None:
        """The deal's amount is the sum of its line items."""
        lines = [self.held[link.other] for link in self.linked(deal.number, LINES)]
        total = sum((Decimal(line.properties["amount"] or 0) for line in lines), Decimal(0))
        self._save(deal, {"amount": f"{total:f}"}, None, 0, "update")

    def _save(self, thing: Thing, values: Mapping[str, Any], at: datetime | None, late: float, action: str) -> None:
        now = self.clock.now()
        known = self.properties[thing.kind]
        wrong = sorted(set(values) - set(known))
        if wrong:
            raise Refusal(
                400,
                "VALIDATION_ERROR",
                f'Property values were not valid: [{{"message":"Property \\"{wrong[0]}\\" does not exist",'
                '"error":"PROPERTY_DOESNT_EXIST"}]',
            )
        state = dict(thing.properties)
        state |= {name: None if value is None or value == "" else _text(value) for name, value in values.items()}
        moment = at or now
        moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        state |= {"hs_object_id": str(thing.number), "hs_createdate": iso(thing.created)}
        state["lastmodifieddate" if thing.kind == CONTACTS else "hs_lastmodifieddate"] = iso(moment)
        self._derive(thing.kind, state)
        thing.properties, thing.modified = state, moment
        seen = now + timedelta(seconds=self.settings.index_lag + late)
        thing.indexed.append((seen, moment, dict(state)))
        self.log.add(Write(now, action, thing.kind, str(thing.number), dict(state)))

    def _derive(self, kind: str, state: dict[str, str | None]) -> None:
        if kind == DEALS:
            stages = self.settings.pipelines.get(state["pipeline"] or "default", ("", {}))[1]
            _, closed, won = stages.get(state["dealstage"] or "", ("", False, False))
            state |= {"hs_is_closed": str(closed).lower(), "hs_is_closed_won": str(won).lower()}
        if kind == LINES and state["price"] is not None:
            amount = Decimal(state["price"]) * Decimal(state["quantity"] or "1")
            amount -= Decimal(state["discount"] or 0) * Decimal(state["quantity"] or "1")
            amount *= 1 - Decimal(state["hs_discount_percentage"] or 0) / 100
            state["amount"] = f"{amount:f}"


def association_type(one: str, other: str) -> int:
    """The id of the association's type."""
    return ASSOCIATION_TYPES.get((one, other), 0)


def _text(value: Any) -> str:
    """Every value is text."""
    if isinstance(value, bool):
        return str(value).lower()
    return iso(value) if isinstance(value, datetime) else str(value)
