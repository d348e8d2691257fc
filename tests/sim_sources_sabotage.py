"""Ways to break the sweeps and the sources on purpose. A simulation that does not notice them proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest

from blocks.sources.api import Window, windows
from blocks.sources.hubspot.source import HubSpotDeals
from blocks.sources.odoo.source import OdooSales
from blocks.sources.salesforce.source import SalesforceSales
from dealbooks.canonical import canonical_json
from dealbooks.errors import StopConnection
from dealbooks.pipeline import dropped, sweep
from dealbooks.pipeline.sweep import Place
from dealbooks.source import Cursor, Page, SourceRecord
from dealbooks.store import Lease

Patch = pytest.MonkeyPatch
_Sweep = sweep._Sweep
_RAW, _COMPARE_ALL, _SOME = _Sweep._raw, _Sweep._compare_all, _Sweep.some


def cursor_before_data(patch: Patch) -> None:
    """The place is stored, and then what was read up to it."""

    def take(self: Any, page: Page, place: Place) -> None:
        if page.cursor is not None:
            place.cursor = page.cursor
            self._store((), place)
        self._store(page.records)

    patch.setattr(_Sweep, "_take", take)


def once_ever(patch: Patch) -> None:
    """A content that comes back after another one is taken for known."""
    seen: set[tuple[str, str, str]] = set()

    def raw(self: Any, record: SourceRecord, key: str, before: Any, number: int) -> Any:
        said = (self._house.store.url, key, canonical_json(dict(record.data)))
        found = _RAW(self, record, key, before, number)
        if found is None or (found.action == "post" and said in seen):
            return None
        seen.add(said)
        return found

    patch.setattr(_Sweep, "_raw", raw)


def nothing_is_known(patch: Patch) -> None:
    """What was read before is taken again."""

    def raw(self: Any, record: SourceRecord, key: str, before: Any, number: int) -> Any:
        return _RAW(self, record, key, None if record.counts and not record.gone else before, number)

    patch.setattr(_Sweep, "_raw", raw)


def _patched_windows(patch: Patch, **changes: float) -> None:
    def broken(cursor: Cursor | None, now: datetime, **options: float) -> Iterator[Window]:
        return windows(cursor, now, **(options | changes))

    for name in ("odoo", "hubspot", "salesforce"):
        patch.setattr(f"blocks.sources.{name}.source.windows", broken)


def no_overlap(patch: Patch) -> None:
    """A sweep begins where the last one ended."""
    _patched_windows(patch, overlap=0.0)


def up_to_now(patch: Patch) -> None:
    """A sweep reads up to this moment."""
    _patched_windows(patch, behind=0.0)


def no_tie_break(patch: Patch) -> None:
    """Pages go on after the last time of change, and not after the last id."""

    def changed(self: Any, window: Window) -> Iterator[Page]:
        since = window.since.strftime("%Y-%m-%d %H:%M:%S.%f") if window.since else "1970-01-01 00:00:00"
        until, sign = window.until.strftime("%Y-%m-%d %H:%M:%S.%f"), ">="
        while True:
            domain = [["write_date", sign, since], ["write_date", "<=", until]]
            rows = self._server.rows(
                "sale.order", domain, ("write_date",), order="write_date asc", limit=self.settings.page
            )
            if not rows:
                return
            since, sign = f"{rows[-1]['write_date'][:19]}.999999", ">"
            yield Page(tuple(self._records(self._orders([["id", "in", [row["id"] for row in rows]]]))))

    patch.setattr(OdooSales, "_changed_orders", changed)
    patch.setattr(OdooSales, "_changed_lines", lambda _self, _window, _after: iter(()))


def lines_forgotten(patch: Patch) -> None:
    """Only deals are asked for what changed, and not their lines."""
    for kind in (OdooSales, HubSpotDeals, SalesforceSales):
        patch.setattr(kind, "_changed_lines", lambda _self, _window, _after: iter(()))


def torn(patch: Patch) -> None:
    """Nobody looks whether a deal changed between its head and its lines."""
    patch.setattr(OdooSales, "_changed_since", lambda _self, _orders: set())
    patch.setattr(HubSpotDeals, "_changed_since", lambda _self, _deals: set())


def absent_is_deleted(patch: Patch) -> None:
    """What is absent is gone, though not everything was read."""

    class Half:
        def __init__(self, reader: Any) -> None:
            self._reader = reader

        def __getattr__(self, name: str) -> Any:
            return getattr(self._reader, name)

        def everything(self, now: datetime) -> Iterator[Page]:
            try:
                yield from self._reader.everything(now)
            except StopConnection:
                yield Page((), {"at": now.isoformat()})

    def compare_all(self: Any, place: Place, now: datetime) -> None:
        self._reader = Half(self._reader)
        _COMPARE_ALL(self, place, now)

    patch.setattr(_Sweep, "_compare_all", compare_all)
    patch.setattr(sweep, "_SOME_GONE", 10**6)  # and however many they are


def gone_unheard(patch: Patch) -> None:
    """Nobody asks for what is not there any more."""
    patch.setattr(_Sweep, "_gone", lambda _self, _keys: None)


def cursor_never_expires(patch: Patch) -> None:
    """A cursor older than the recycle bin is gone on with."""
    patch.setattr(SalesforceSales, "_must_hold", lambda _self, _cursor, _now: None)


def lease_ignored(patch: Patch) -> None:
    """Each process goes on as if it were alone."""
    patch.setattr(Lease, "acquire", lambda _self: True)
    patch.setattr(Lease, "check", lambda _self, _tx: None)
    patch.setattr(Lease, "release", lambda _self: None)


def hint_moves_the_place(patch: Patch) -> None:
    """What a webhook told was read, so the sweeps go on from now."""

    def some(self: Any, keys: Sequence[str]) -> Any:
        found = _SOME(self, keys)
        place = sweep.place_of(self._house, self._source)
        if place.cursor is not None:
            place.cursor = {"at": self._house.clock().isoformat()}
            self._store((), place)
        return found

    patch.setattr(_Sweep, "some", some)


def half_a_file(patch: Patch) -> None:
    """A file counts as taken before its rows are, and a run that was killed leaves it at that."""
    patch.setattr(dropped, "_finish_started", lambda *_given: [])


def file_twice(patch: Patch) -> None:
    """The rows of a file are known by the run that took them."""
    numbers = iter(range(10**9))
    patch.setattr(dropped, "_content", lambda *_given: f"run {next(numbers)}")


# Name -> how it is made, at which source, and by which seeds it must be noticed (73, 77, ... have no webhooks).
SABOTAGES: Mapping[str, tuple[Callable[[Patch], None], str, Sequence[int]]] = {
    made.__name__: (made, platform, range(73, 172, 4) if made is up_to_now else range(1, 31))
    for made, platform in (
        (cursor_before_data, "odoo"), (once_ever, "hubspot"), (nothing_is_known, "google_sheets"),
        (no_overlap, "salesforce"), (up_to_now, "salesforce"), (no_tie_break, "odoo"), (lines_forgotten, "hubspot"),
        (torn, "hubspot"), (absent_is_deleted, "salesforce"), (gone_unheard, "odoo"),
        (cursor_never_expires, "salesforce"), (lease_ignored, "odoo"), (hint_moves_the_place, "odoo"),
        (half_a_file, "files"), (file_twice, "files"),
    )
}  # fmt: skip
