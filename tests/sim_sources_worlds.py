"""The sources that are simulated: every source of records by its rig, Odoo also over XML-RPC, and a drop of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from conformance.sources.rigs.odoo import Rig as OdooRig
from conformance.sources.source_rig import NAMES, SOURCE, SourceRig, rig_of
from odoo_sales_support import source_of
from pipeline_support import SALE, Dealership, sale, text_of, void

from dealbooks.errors import StopConnection
from dealbooks.house import House
from dealbooks.source import DealSource
from dealbooks.store.db import Row
from sandbox.kit import Fault, FaultPlan, VirtualClock

Deed = Callable[[], None]
ALL = (*NAMES, "odoo-xmlrpc", "files")
_HALF, _SETTLES = 5.0, 120
_FAULTS = (Fault.REFUSED, Fault.SERVER_ERROR, Fault.RESET)


class OdooXmlRpc(OdooRig):
    """The same Odoo, spoken to over XML-RPC."""

    def connected(self, fields: frozenset[str]) -> DealSource:
        return source_of(self.office, fields, page=3, protocol="xmlrpc")


class Files(SourceRig):
    """A drop folder: each deed is a file of one row. Files come late, twice, and half-written first."""

    name = "csv_files"
    cannot: ClassVar[Mapping[str, str]] = {
        "test_a_line_that_changes_without_its_deal_is_found": "a row is told whole",
        "test_an_expired_cursor_compares_everything": "files have no cursor",
    }

    def __init__(self, folder: Path, faults: FaultPlan | None = None) -> None:
        self.clock, self.faults, self.taken = VirtualClock(), faults or FaultPlan(), 0
        self.each_call: Deed = lambda: None
        self.after_call: Deed = lambda: None
        self.shop = Dealership(folder, f"sqlite:///{folder / 'store.db'}", clock=self.clock, source_of_record=SOURCE)
        drop = self.shop.settings["sources"]["drop"]
        settle = {"kind": "settle", "fallback": None, "settle_seconds": _SETTLES}
        self.shop.settings["sources"] = {SOURCE: drop | {"completeness": settle}}
        self.shop.write_config()
        self._files = 0
        self._held: dict[str, str] = {}
        self._last: dict[str, tuple[str, str]] = {}

    def made(self) -> None:
        """Nothing but the folder."""

    def connected(self, fields: frozenset[str]) -> DealSource:
        raise NotImplementedError

    def restart(self) -> None:
        """A new process makes its own."""

    def wrapped(self, house: House) -> Any:
        """The source of a process, which may fail or be interrupted whenever it touches the folder."""
        return _Reached(house.source(SOURCE), self)

    def sell(self, number: int, price: str = "10000.00") -> str:
        return self._tell(f"LEEDS:N-{number}", sale(number, price=price), price)

    def sell_slowly(self, number: int, price: str) -> str:
        """The file is there half, and whole a little later."""
        key = self.sell(number, price)
        name, text = self._last[key]
        self._write(name, text[: len(text) // 2])
        self.clock.at(self.clock.now() + timedelta(seconds=_HALF), lambda: self._write(name, text))
        return key

    def reprice(self, key: str, price: str) -> None:
        self._tell(key, sale(int(key.rpartition("-")[2]), price=price), price)

    def touch(self, key: str) -> None:
        """The same file once more under another name."""
        self._write(self._name(), self._last[key][1])

    def reopen(self, key: str) -> None:
        self._tell(key, void(int(key.rpartition("-")[2])), "gone")

    def sell_late(self, number: int, seconds: float) -> str:
        """A file of an earlier day."""
        days = 1 + int(seconds) % 5
        return self._tell(f"LEEDS:N-{number}", sale(number, price="10000.00"), "10000.00", days=days)

    def late(self) -> float:
        return 86_400.0

    def look(self, key: str) -> str:
        return self._held[key]

    def deal_number(self, number: int) -> str:
        return f"N-{number}"

    def price_of(self, data: Mapping[str, Any]) -> str:
        return str(data["vehicle_price"]).removesuffix(".00")

    def paid_of(self, data: Mapping[str, Any]) -> str:
        return str(data["bank_transfer_paid"]).removesuffix(".00")

    def key_of(self, row: Row) -> str:
        """A record's key of its natural key."""
        return str(row["natural_key"]).split(":", 2)[2]

    def _tell(self, key: str, row: dict[str, str], price: str, *, days: int = 0) -> str:
        name = self._name(days)
        text = text_of([dict.fromkeys(SALE, "") | row])
        self._write(name, text)
        self._held[key], self._last[key] = price.removesuffix(".00"), (name, text)
        return key

    def _name(self, days: int = 0) -> str:
        self._files += 1
        return f"CompletedSale_{self.clock.now() - timedelta(days=days):%Y%m%d}_{self._files}.csv"

    def _write(self, name: str, text: str) -> None:
        path = self.shop.drop(name, text)
        at = self.clock.now().timestamp()
        os.utime(path, (at, at))

    quote = complete = edit_line = delete = None  # type: ignore[assignment]


class _Reached:
    """A drop folder at the other end of a network."""

    def __init__(self, drop: Any, rig: Files) -> None:
        self._drop, self._rig = drop, rig

    def __getattr__(self, name: str) -> Any:
        return getattr(self._drop, name)

    def look(self, *given: Any) -> Any:
        return self._at(lambda: self._drop.look(*given))

    def stage(self, *given: Any) -> Any:
        return self._at(lambda: self._drop.stage(*given))

    def records(self, *given: Any, **more: Any) -> Iterator[Any]:
        yield from self._at(lambda: list(self._drop.records(*given, **more)))

    def _at(self, deed: Callable[[], Any]) -> Any:
        self._rig.taken += 1
        self._rig.each_call()
        fault = self._rig.faults.draw("read", _FAULTS)
        if fault is not None:
            self._rig.faults.hit(fault)
            raise StopConnection(f"the drop folder does not answer: {fault}")
        try:
            return deed()
        finally:
            self._rig.after_call()


def world_of(name: str) -> type[SourceRig]:
    """The rig of a source that is simulated."""
    return {"odoo-xmlrpc": OdooXmlRpc, "files": Files}.get(name) or rig_of(name)
