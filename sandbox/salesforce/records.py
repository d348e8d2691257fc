"""The records of the org: what stands, what is deleted, and what will be seen only later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.kit import Clock, Write, WriteLog
from sandbox.salesforce.schema import PREFIXES, Field, objects
from sandbox.salesforce.settings import Settings
from sandbox.salesforce.wire import Refusal, record_id

Row = dict[str, Any]
_CENT = Decimal("0.01")
# Changes of a line that re-roll the opportunity's amount, and with it stamp the opportunity.
_ROLLED = frozenset(("Quantity", "UnitPrice", "TotalPrice", "Discount"))
_DERIVED = frozenset(("Id", "SystemModstamp", "LastModifiedDate", "CreatedDate", "IsDeleted", "IsWon", "IsClosed"))


@dataclass(slots=True)
class _Held:
    """A record: as it stands for readers (None: not yet), and states that become visible at their commit."""

    kind: str
    state: Row | None = None
    later: list[tuple[datetime, Row]] = field(default_factory=list)
    hidden: bool = False  # no sharing for our user

    def newest(self) -> Row:
        return self.later[-1][1] if self.later else (self.state or {})


class Records:
    """All records. A change is stamped with the time at which it is saved, and visible from its commit on."""

    def __init__(self, settings: Settings, clock: Clock, log: WriteLog) -> None:
        self.settings, self.clock, self.log = settings, clock, log
        self.fields: Mapping[str, Mapping[str, Field]] = objects(settings)
        self._held: dict[str, _Held] = {}
        self._numbers: dict[str, int] = {}
        self.user = record_id(PREFIXES["User"], 1)

    # -- reading ---------------------------------------------------------------------------------------------------

    def visible(self, kind: str, *, deleted: bool = False) -> Iterator[Row]:
        """Records of an object as they can be read now."""
        for ref in list(self._held):
            row = self.get(ref, deleted=deleted)
            if row is not None and self._held[ref].kind == kind:
                yield row

    def get(self, ref: str, *, deleted: bool = False) -> Row | None:
        """One as it can be read now."""
        held = self._held.get(ref)
        if held is None:
            return None
        now = self.clock.now()
        while held.later and held.later[0][0] <= now:
            held.state = held.later.pop(0)[1]
        row = held.state
        if row is None or held.hidden or (row["IsDeleted"] and not deleted):
            return None
        if row["IsDeleted"] and row["SystemModstamp"] + timedelta(seconds=self.settings.recycle_bin) <= now:
            del self._held[ref]
            return None
        return row

    def kind_of(self, ref: str) -> str:
        """The object of a record; "" for none."""
        held = self._held.get(ref)
        return held.kind if held else ""

    # -- writing ---------------------------------------------------------------------------------------------------

    def create(self, kind: str, values: Mapping[str, Any], at: datetime | None = None, late: float = 0) -> str:
        """A new record; its id. `at`: the time that it is stamped with; `late`: seconds until it is visible."""
        self._numbers[kind] = number = self._numbers.get(kind, 0) + 1
        ref = record_id(PREFIXES[kind], number)
        self._held[ref] = _Held(kind)
        row: Row = dict.fromkeys(self.fields[kind])
        row |= {"Id": ref, "IsDeleted": False, "LastModifiedById": self.user}
        for name, one in self.fields[kind].items():
            if one.type == "boolean":
                row[name] = False
        self._save(ref, row, values, at, late, "create")
        row["CreatedDate"] = row["SystemModstamp"]
        if kind == "OpportunityLineItem":
            self._roll(row["OpportunityId"], at, late)
        return ref

    def update(self, ref: str, values: Mapping[str, Any], at: datetime | None = None, late: float = 0) -> None:
        """A change. Of a line it touches the opportunity only when it changes the amount."""
        held = self._held[ref]
        row = dict(held.newest())
        self._save(ref, row, values, at, late, "update")
        if held.kind == "OpportunityLineItem" and _ROLLED & set(values):
            self._roll(row["OpportunityId"], at, late)

    def delete(self, ref: str, at: datetime | None = None, late: float = 0) -> None:
        """Into the recycle bin, with what hangs on it."""
        held = self._held[ref]
        row = dict(held.newest())
        row["IsDeleted"] = True
        self._save(ref, row, {}, at, late, "delete")
        if held.kind == "OpportunityLineItem":
            self._roll(row["OpportunityId"], at, late)
        if held.kind == "Opportunity":
            for child, one in list(self._held.items()):
                state = one.newest()
                if state.get("OpportunityId") == ref and not state["IsDeleted"]:
                    self._save(child, dict(state) | {"IsDeleted": True}, {}, at, late, "delete")

    def undelete(self, ref: str) -> None:
        """Back from the recycle bin, with what hangs on it."""
        for child, one in list(self._held.items()):
            state = one.newest()
            if child == ref or state.get("OpportunityId") == ref:
                self._save(child, dict(state) | {"IsDeleted": False}, {}, None, 0, "update")

    def purge(self, ref: str) -> None:
        """Out of the recycle bin for good."""
        for child, one in list(self._held.items()):
            if child == ref or one.newest().get("OpportunityId") == ref:
                del self._held[child]

    def hide(self, ref: str, *, hidden: bool = True) -> None:
        """Sharing: our user does not see it any more."""
        self._held[ref].hidden = hidden

    def _save(
        self, ref: str, row: Row, values: Mapping[str, Any], at: datetime | None, late: float, action: str
    ) -> None:
        held = self._held[ref]
        for name, value in values.items():
            row[name] = self._fitted(held.kind, name, value)
        self._derive(held.kind, row)
        now = self.clock.now()
        row["SystemModstamp"] = row["LastModifiedDate"] = (at or now).replace(microsecond=0)
        if late:
            held.later.append((now + timedelta(seconds=late), row))
        else:
            held.state = row
        self.log.add(Write(now, action, held.kind, ref, dict(row)))

    def _fitted(self, kind: str, name: str, value: Any) -> Any:
        one = self.fields[kind].get(name)
        if one is None:
            raise Refusal(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind}", (name,))
        if value is None:
            return None
        if one.type in ("currency", "double", "percent", "int"):
            return Decimal(str(value))
        if one.type == "date":
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        if one.type == "datetime":
            return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return value

    def _derive(self, kind: str, row: Row) -> None:
        if kind == "Opportunity":
            row["IsClosed"], row["IsWon"] = self.settings.stages.get(row["StageName"] or "", (False, False))
        if kind == "OpportunityLineItem":
            price = (row["UnitPrice"] or Decimal(0)) * (row["Quantity"] or Decimal(0))
            price *= 1 - (row["Discount"] or Decimal(0)) / 100
            row["TotalPrice"] = price.quantize(_CENT, ROUND_HALF_UP)

    def _roll(self, ref: str | None, at: datetime | None, late: float) -> None:
        """The opportunity's amount is the sum of its lines."""
        if not ref or ref not in self._held:
            return
        lines = [
            one.newest() for one in self._held.values()
            if one.kind == "OpportunityLineItem" and one.newest().get("OpportunityId") == ref
        ]  # fmt: skip
        total = sum((line["TotalPrice"] for line in lines if not line["IsDeleted"]), Decimal(0))
        row = dict(self._held[ref].newest())
        self._save(ref, row, {"Amount": total}, at, late, "update")

    def writable(self, kind: str, values: Mapping[str, Any]) -> None:
        """Whether a call may set these fields.

        Raises:
            Refusal: one of them is the org's own to set.
        """
        wrong = tuple(sorted(_DERIVED & set(values)))
        if wrong:
            raise Refusal(
                400, "INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {', '.join(wrong)}.", wrong
            )
