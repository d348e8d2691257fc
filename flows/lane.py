"""What one intake process is at: the batch that a run works on, which books are being posted, and what comes again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from dealbooks.pipeline.agenda import BUSY_GAPS, LATE_GAPS, Agenda, Item
from dealbooks.pipeline.events import TakenEvents

PAYMENTS, SIGNATURES = Item("inbox", "payments"), Item("inbox", "signatures")


@dataclass(slots=True)
class Lane:
    """Shared by the batches of one process, all in one thread. A book is posted by one batch at a time: what another
    batch wants of it meanwhile is done right after."""

    agenda: Agenda = field(default_factory=Agenda)
    posting: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)  # something is to be done that was not before

    @contextmanager
    def at_book(self, book: str) -> Iterator[bool]:
        """Whether the book is ours to be posted until the end."""
        if book in self.posting:
            self.wanted.add(book)
            yield False
            return
        self.posting.add(book)
        try:
            yield True
        finally:
            self.posting.discard(book)
            if book in self.wanted:
                self.wanted.discard(book)
                self.agenda.now([Item("book", book)])
            self.changed.set()


@dataclass(slots=True)
class Batch:
    """What one run is to do besides taking events, and what became of it. `read` is set once everything is read and
    checked, and only posting is left: then the next batch may begin."""

    lane: Lane = field(default_factory=Lane)
    number: int = 0
    items: Sequence[Item] = ()
    read: asyncio.Event = field(default_factory=asyncio.Event)
    taken: TakenEvents | None = None
    carried: bool = False  # every stage was gone through

    @property
    def read_again(self) -> Sequence[tuple[str, str]]:
        """(source, record key) of the records that the events told about."""
        return self.taken.read_again if self.taken is not None else ()

    def names(self, kind: str) -> list[str]:
        """The sources or books that it has to do again."""
        return [item.name for item in self.items if item.kind == kind]

    def keys(self, source: str) -> list[str]:
        """The records of a source to be read, each once."""
        told = [key for name, key in self.read_again if name == source]
        again = [item.key for item in self.items if item.kind == "record" and item.name == source]
        return list(dict.fromkeys([*told, *again]))

    def put_off(self, items: Sequence[Item]) -> list[Item]:
        """What could not be done now is done again later; what was put off too often, and is left to the next sync."""
        return [item for item in items if not self.lane.agenda.again(item, BUSY_GAPS)]

    def late(self, source: str, keys: Sequence[str]) -> int:
        """Records that may not be shown yet as they were told are read again later; how many of them."""
        return sum(self.lane.agenda.again(Item("record", source, key), LATE_GAPS) for key in keys)

    def more(self, taken: TakenEvents) -> None:
        """What events brought up that came while this batch was under way: for the next one."""
        self.lane.agenda.now(Item("record", source, key) for source, key in taken.read_again)
        if taken.payments:
            self.lane.agenda.now([PAYMENTS])

    def done(self, items: Sequence[Item]) -> None:
        """What was done need not be done again."""
        for item in items:
            self.lane.agenda.done(item)


CURRENT: ContextVar[Batch | None] = ContextVar("batch", default=None)
