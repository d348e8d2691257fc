"""A source of deals in memory, over which a sweep is tested: records that change, tie, appear late, and go away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pipeline_support import Clock, Dealership

from blocks.sources.api import Window, utc_text, windows
from dealbooks import registry
from dealbooks.errors import StopConnection
from dealbooks.http import Exchange
from dealbooks.source import Cursor, CursorExpired, Page, SourceCapabilities, SourceRecord

OVERLAP, BEHIND = 30.0, 5.0


@dataclass
class Held:
    """A record as the platform holds it. `visible_at`: when a read shows it first, with an earlier time of change."""

    data: dict[str, Any]
    at: datetime
    visible_at: datetime
    counts: bool = True
    gone: bool = False


@dataclass
class FakeCrm:
    """The platform: what a person does in it, and what goes wrong when it is read."""

    clock: Callable[[], datetime] = field(default_factory=Clock)
    can: SourceCapabilities = field(default_factory=lambda: SourceCapabilities("changed_since", None, 3, "listed"))
    held: dict[str, Held] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    fails: list[int] = field(default_factory=list)  # numbers of calls, from now on, that get no answer
    expired: bool = False
    each: Callable[[], None] = lambda: None  # what happens elsewhere between two calls

    def save(self, key: str, data: dict[str, Any], *, late: float = 0, counts: bool = True) -> None:
        """A person saves a record; `late`: it can be read only so many seconds later."""
        now = self.clock()
        self.held[key] = Held(dict(data), now, now + timedelta(seconds=late), counts)

    def delete(self, key: str) -> None:
        """A person deletes a record."""
        now = self.clock()
        self.held[key] = replace(self.held[key], gone=True, at=now, visible_at=now)

    def reopen(self, key: str) -> None:
        """A person takes back that a sale is done."""
        now = self.clock()
        self.held[key] = replace(self.held[key], counts=False, at=now, visible_at=now)

    def call(self, what: str) -> None:
        """A call arrives."""
        self.calls.append(what)
        self.each()
        self.fails = [number - 1 for number in self.fails]
        if 0 in self.fails:
            self.fails.remove(0)
            raise StopConnection("The CRM does not answer.")

    def seen(self) -> dict[str, Held]:
        """What a read shows now, by id."""
        now = self.clock()
        return {key: one for key, one in sorted(self.held.items()) if one.visible_at <= now}


class FakeSource:
    """Reads it (see `dealbooks.source.DealSource`)."""

    def __init__(self, name: str, crm: FakeCrm, fields: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.crm = crm
        self.fields = fields
        self.ready = 0

    @property
    def capabilities(self) -> SourceCapabilities:
        return self.crm.can

    def get_ready(self) -> None:
        self.ready += 1

    def changes(self, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        if self.crm.expired and cursor is not None:
            raise CursorExpired("The cursor is too old.")
        for window in windows(cursor, now, overlap=OVERLAP, behind=BEHIND):
            after = window.after
            while found := self._page(window, after):
                after = found[-1].key
                yield Page(tuple(found), window.at(after))
            yield Page((), window.done)

    def _page(self, window: Window, after: str) -> list[SourceRecord]:
        self.crm.call("changes")
        listed = [
            self._record(key, one)
            for key, one in self.crm.seen().items()
            if key > after
            and (window.since is None or one.at >= window.since)
            and one.at <= window.until
            and (not one.gone or self.crm.can.deletions == "listed")
        ]
        return listed[: self.crm.can.page_size]

    def everything(self, now: datetime) -> Iterator[Page]:
        after = ""
        done = {"at": utc_text(now - timedelta(seconds=BEHIND))}
        while True:
            self.crm.call("everything")
            listed = [self._record(key, one) for key, one in self.crm.seen().items() if key > after and not one.gone]
            some = tuple(listed[: self.crm.can.page_size])
            if len(listed) <= self.crm.can.page_size:
                yield Page(some, done if self.crm.can.cursor != "everything" else None)
                return
            after = some[-1].key
            yield Page(some)

    def fetch(self, key: str) -> SourceRecord | None:
        self.crm.call("fetch")
        one = self.crm.seen().get(key)
        return None if one is None or one.gone else self._record(key, one)

    def missing(self, keys: Sequence[str]) -> Collection[str]:
        self.crm.call("missing")
        assert len(keys) <= self.crm.can.page_size
        seen = self.crm.seen()
        return [key for key in keys if key not in seen or seen[key].gone]

    def problems(self) -> list[str]:
        return []

    def exchanges(self) -> list[Exchange]:
        return []

    def _record(self, key: str, one: Held) -> SourceRecord:
        return SourceRecord(key, one.data, utc_text(one.at), one.counts, one.gone, f"Opportunity {key}")


def crm_shop(folder: Path, patch: pytest.MonkeyPatch, crm: FakeCrm, store_url: str = "") -> Dealership:
    """A dealership whose deals come from a source over an API; the records have the columns of a CompletedSale file."""
    platform = registry.Platform("fake", "A CRM in memory", "sweep_support:build", "csv_files", kind="records")
    patch.setitem(registry.SOURCES, "fake", platform)
    patch.setitem(_CRMS, "crm", crm)
    shop = Dealership(folder, store_url or f"sqlite:///{folder / 'store.db'}", clock=crm.clock, source_of_record="crm")
    shop.settings["sources"] = {
        "crm": {"platform": "fake", "books": {"LEEDS": "northgate", "YORK": "northgate"}},
    }
    shop.write_config()
    return shop


_CRMS: dict[str, FakeCrm] = {}


def build(name: str, settings: Any, folder: Path, services: registry.Services, fields: frozenset[str]) -> FakeSource:
    """The factory that the registry names."""
    assert not settings
    assert services.var
    assert folder
    return FakeSource(name, _CRMS[name], fields)
