"""What the suite needs of a source under test: a rig. A further source is one module in `rigs/`, with a class `Rig`.

A rig holds a sandbox with a virtual clock, and is the hand of the people who work in it. Sales have a number and a
price; `price_of` finds the price again in what the source gives.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from pipeline_support import Dealership

from dealbooks.canonical import canonical_json
from dealbooks.mapping import FieldMap
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.sweep import Swept, sweep
from dealbooks.registry import SOURCES, source_platform
from dealbooks.source import DealSource
from dealbooks.store.db import Row
from sandbox.kit import Answer, Call, Fault, FaultPlan, Platform, VirtualClock

PAGE = 3
SOURCE = "crm"
NEW_TEXT = "Another text"
NAMES = sorted(name for name, platform in SOURCES.items() if platform.kind == "records")


class SourceRig(ABC):
    """One source and everything around it.

    `cannot` are tests that make no sense for the platform: name -> why. `renews`: a refused token is renewed by the
    source itself. `tries`: how often a read is made before the platform counts as not answering.
    """

    name: ClassVar[str]
    cannot: ClassVar[Mapping[str, str]] = {}
    renews: ClassVar[bool] = True
    tries: ClassVar[int] = 5
    behind: ClassVar[float] = 60.0  # seconds after which what was saved is certainly read
    restores: ClassVar[bool] = False  # what was deleted can be taken back

    def __init__(self, folder: Path, faults: FaultPlan | None = None) -> None:
        self.clock, self.faults, self.taken = VirtualClock(), faults or FaultPlan(), 0
        self.each_call: Callable[[], None] = lambda: None  # what happens elsewhere before a call
        self.after_call: Callable[[], None] = lambda: None  # and before its answer is there
        self.shop = Dealership(folder, f"sqlite:///{folder / 'store.db'}", clock=self.clock, source_of_record=SOURCE)
        self.shop.settings["sources"] = {SOURCE: {"platform": self.name, "books": {"LEEDS": "northgate"}}}
        self.shop.write_config()
        self.made()
        self.source = self.connected(FieldMap.load(source_platform(self.name).default_map).reads())

    # -- made by a platform ----------------------------------------------------------------------------------

    @abstractmethod
    def made(self) -> None:
        """Make the sandbox, with our clock and our faults."""

    @abstractmethod
    def connected(self, fields: frozenset[str]) -> DealSource:
        """A new process's source, with pages of PAGE records: nothing is remembered."""

    @abstractmethod
    def sell(self, number: int, price: str = "10000.00") -> str:
        """Somebody completes a sale; its key at the source."""

    @abstractmethod
    def quote(self, number: int) -> str:
        """Somebody saves what is no completed sale yet; its key."""

    @abstractmethod
    def complete(self, key: str) -> None:
        """It becomes one."""

    @abstractmethod
    def reprice(self, key: str, price: str) -> None:
        """Somebody changes the price of the car."""

    @abstractmethod
    def price_of(self, data: Mapping[str, Any]) -> str:
        """The price of the car in a record, without trailing zeros."""

    @abstractmethod
    def touch(self, key: str) -> None:
        """Somebody saves it as it is: the time of change moves, and nothing else."""

    @abstractmethod
    def edit_line(self, key: str) -> None:
        """Somebody changes the text of a line, without its deal being touched."""

    @abstractmethod
    def reopen(self, key: str) -> None:
        """Somebody takes back that the sale is complete."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Somebody deletes or archives it."""

    @abstractmethod
    def sell_late(self, number: int, seconds: float) -> str:
        """A sale becomes visible now, with a time of change so many seconds ago; its key."""

    @abstractmethod
    def look(self, key: str) -> str:
        """What the platform holds: `open` (no completed sale), `gone`, or the price; with `*` where the text of the
        line was changed."""

    @abstractmethod
    def deal_number(self, number: int) -> str:
        """The number that the deal of a sale gets."""

    def complete_again(self, key: str) -> None:
        """It was reopened, and is completed once more."""
        self.complete(key)

    def restore(self, key: str) -> None:
        """Somebody takes back what was deleted."""
        raise NotImplementedError

    def late(self) -> float:
        """By how many seconds a record may become visible late and must still be found."""
        raise NotImplementedError

    def expire_cursor(self) -> None:
        """The platform cannot say any more what changed since the last sweep."""
        raise NotImplementedError

    def expire_token(self) -> None:
        """The next call is refused: the token does not hold any more."""
        self.faults.order([Fault.TOKEN_EXPIRED], "read")

    # -- the same for all --------------------------------------------------------------------------------------

    def counted(self, platform: Platform) -> Platform:
        """A sandbox whose calls are counted."""
        handle = platform.handle

        def counting(call: Call) -> Answer:
            self.taken += 1
            self.each_call()
            try:
                return handle(call)
            finally:
                self.after_call()

        platform.handle = counting  # type: ignore[method-assign]
        return platform

    def restart(self) -> None:
        """A new process."""
        self.source = self.connected(FieldMap.load(source_platform(self.name).default_map).reads())

    def sweep(self, seconds: float | None = None) -> Swept:
        """A sweep after a while."""
        self.clock.sleep(self.behind if seconds is None else seconds)
        with self.shop.open() as house:
            house._sources[SOURCE] = self.source
            return sweep(house, SOURCE)

    def rows(self, key: str = "") -> list[Row]:
        """Rows of the inbox, of one record or all, in order."""
        wanted = f"{self.name}:{SOURCE}:{key}"
        return [row for row in self.shop.rows("inbox") if not key or row["natural_key"] == wanted]

    def prices(self, key: str) -> list[str]:
        """The prices of a record's rows, in order; a row by which it is taken back is its action."""
        return [self.price_of_row(row) for row in self.rows(key)]

    def paid_of(self, data: Mapping[str, Any]) -> str:
        """What was paid by bank transfer in a record: the price of the car, which people change together."""
        return str(next(data[name] for name in ("bank_transfer_paid", "Bank_Transfer_Paid__c") if name in data))

    def price_of_row(self, row: Row) -> str:
        """The price of the car in a row of the inbox; `void` where it is taken back."""
        return self.price_of(record_of(row).data) if row["action"] == "post" else "void"

    def twice(self) -> list[str]:
        """Records of which two rows that follow each other say the same."""
        last: dict[str, str] = {}
        found = []
        for row in self.rows():
            said = canonical_json([row["action"], row["content_hash"]])
            if last.get(row["natural_key"]) == said:
                found.append(row["natural_key"])
            last[row["natural_key"]] = said
        return found

    def many(self) -> Counter[str]:
        """How many rows each record has."""
        return Counter(row["natural_key"].rpartition(":")[2] for row in self.rows())


def seen(price: Any, text: str, *, sold: bool) -> str:
    """What `SourceRig.look` says of a record that is there."""
    if not sold:
        return "open"
    return f"{Decimal(str(price)).normalize():f}" + ("*" if text == NEW_TEXT else "")


def rig_of(name: str) -> type[SourceRig]:
    """The rig of a source; a source without one fails its tests."""
    found: type[SourceRig] = import_module(f"conformance.sources.rigs.{name}").Rig
    return found
