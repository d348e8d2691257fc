"""A source read ahead for a rehearsal: what it says is kept in a file, and said again from there.

A rehearsal is one long transaction that is rolled back. Nobody is called over a network inside it: other writers would
wait for that long, and a token that was renewed meanwhile would be rolled back with the rest.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from dealbooks.errors import StopConnection
from dealbooks.house import House
from dealbooks.http import Exchange
from dealbooks.pipeline.sweep import place_of
from dealbooks.source import Cursor, CursorExpired, DealSource, Page, SourceCapabilities, SourceRecord


class ReadAhead:
    """What a source said once, as a source (see `dealbooks.source.DealSource`). Deals that are gone without being
    listed are not asked for: nothing is posted for them before a person has decided."""

    def __init__(self, file: Path, capabilities: SourceCapabilities) -> None:
        self._file = file
        deletions = "none" if capabilities.deletions == "asked" else capabilities.deletions
        self._capabilities = replace(capabilities, deletions=deletions)
        self.expired = False
        self.stopped: StopConnection | None = None

    @property
    def capabilities(self) -> SourceCapabilities:
        """What the source can do."""
        return self._capabilities

    def get_ready(self) -> None:
        """Nothing is called."""

    def changes(self, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """See `DealSource`."""
        if self.expired:
            raise CursorExpired("The cursor does not hold any more.")
        yield from self._pages()

    def everything(self, now: datetime) -> Iterator[Page]:
        """See `DealSource`."""
        yield from self._pages()

    def fetch(self, key: str) -> SourceRecord | None:
        """See `DealSource`."""
        found = [record for page in self._pages() for record in page.records if record.key == key]
        return found[-1] if found else None

    def missing(self, keys: Sequence[str]) -> Collection[str]:
        """See `DealSource`."""
        return ()

    def problems(self) -> list[str]:
        """See `DealSource`."""
        return []

    def exchanges(self) -> list[Exchange]:
        """See `DealSource`."""
        return []

    def _pages(self) -> Iterator[Page]:
        if self._file.exists():
            with self._file.open(encoding="utf-8") as lines:
                for line in lines:
                    records, cursor = json.loads(line)
                    yield Page(tuple(SourceRecord(**one) for one in records), cursor)
        if self.stopped is not None:
            raise self.stopped

    def keep(self, pages: Iterator[Page]) -> None:
        """Write down what comes."""
        with self._file.open("w", encoding="utf-8") as lines:
            for page in pages:
                cursor = dict(page.cursor) if page.cursor is not None else None
                lines.write(json.dumps([[asdict(record) for record in page.records], cursor]) + "\n")


def read_ahead(house: House, source: str, folder: Path) -> ReadAhead:
    """Read what a sweep would read now. A source that cannot be read says so when it is asked."""
    reader: DealSource = house.source(source)
    ahead = ReadAhead(folder / f"{source}.jsonl", reader.capabilities)
    now = house.clock()
    try:
        reader.get_ready()
        try:
            if reader.capabilities.cursor == "everything":
                ahead.keep(reader.everything(now))
            else:
                ahead.keep(reader.changes(place_of(house, source).cursor, now))
        except CursorExpired:
            ahead.expired = True
            ahead.keep(reader.everything(now))
    except StopConnection as error:
        ahead.stopped = error
    reader.exchanges()
    return ahead
