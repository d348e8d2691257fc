"""Where deals come from over an API: the protocol that every such source keeps. (Files have stages of their own: see
`dealbooks.pipeline.dropped`.)

A source is read in two ways. `changes` gives what changed since a cursor; `everything` gives all there is, for a source
that has no cursor, or whose cursor has expired. The pipeline stores the records of a page before it goes on, and the
cursor only after all of them (`dealbooks.pipeline.sweep`); what comes again unchanged is known by its content. So a
source rather gives a record once too often than once too seldom.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from dealbooks.errors import DealbooksError
from dealbooks.http import Exchange

Cursor = Mapping[str, Any]  # plain JSON, a source's own


class CursorExpired(DealbooksError):
    """The platform cannot say any more what changed since this cursor: everything must be compared."""


@dataclass(frozen=True, slots=True)
class SourceCapabilities:
    """What a source can do.

    Attributes:
        cursor: how changes are found: by time of change, by a feed of changes, or by comparing everything.
        cursor_seconds: how long a cursor can be used; None: for ever.
        page_size: records a call.
        deletions: a deleted deal is `listed` as such among the changes, is noticed by its `absence` from everything,
            is `asked` for by its id now and then (see `missing`), or is not told.
        standings: whether it is told how its deals stand (see `ToldSource`), which its settings say.
    """

    cursor: Literal["changed_since", "feed", "everything"]
    cursor_seconds: float | None
    page_size: int
    deletions: Literal["listed", "absence", "asked", "none"]
    standings: bool = False


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One deal as its source has it now, whole, with its lines and parties. Of one that is gone only `key`, `gone` and
    `place` count.

    Attributes:
        key: its id at the source; never one that is used again for another deal.
        data: the tree that the field map reads, with no more than that: plain JSON, money and rates as text, never
            floats, and nothing that changes by itself (times of change, counters): what differs is a new version.
        changed_at: when it last changed, UTC in ISO text, as the source says; empty when it does not.
        counts: whether the source calls it a completed sale (its own status, as set by `take_when`).
        gone: whether it was deleted or archived.
        place: where a person finds it, such as "Opportunity 0065g00000ABCDE (Golf for Ann Smith)".
    """

    key: str
    data: Mapping[str, Any]
    changed_at: str = ""
    counts: bool = True
    gone: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records. `cursor` is where a later sweep may start once these and all before are stored; None: not yet."""

    records: tuple[SourceRecord, ...]
    cursor: Cursor | None = None


class DealSource(Protocol):
    """A source of deals over an API."""

    @property
    def capabilities(self) -> SourceCapabilities:
        """What this source can do."""

    def get_ready(self) -> None:
        """Have an authorisation that holds; asked before a transaction of ours begins.

        Raises:
            StopConnection: the source cannot be read now.
        """

    def changes(self, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """What changed since the cursor (None: since the beginning), oldest first, up to a moment a little before now:
        what is saved now may become visible later, with an earlier time.

        Raises:
            CursorExpired: only everything can be compared.
            StopConnection: the source cannot be read on; what was given is right.
        """

    def everything(self, now: datetime) -> Iterator[Page]:
        """Every deal that there is, whole. The last page has the cursor for the next `changes`, where there is one.

        Raises:
            StopConnection: the source cannot be read on; nothing may be concluded from what is missing.
        """

    def fetch(self, key: str) -> SourceRecord | None:
        """One deal as it is now, by its id; None: it is not there.

        Raises:
            StopConnection: the source cannot be read now.
        """

    def missing(self, keys: Sequence[str]) -> Collection[str]:
        """Which of these deals are not there any more, for a source that is `asked`; at most `page_size` at a time.

        Raises:
            StopConnection: the source cannot be read now.
        """

    def problems(self) -> list[str]:
        """What is wrong with the connection and the settings, in words, for `dealbooks doctor`: asks the platform."""

    def exchanges(self) -> list[Exchange]:
        """What was said since this was last asked, for `trace`, without secrets."""


class ToldSource(DealSource, Protocol):
    """A source whose capability `standings` holds: people there see how their deals stand in the books."""

    def write_standings(self, standings: Callable[[str], str]) -> int:
        """Write how each deal stands, by its key ("" where nothing is known of it), where it says something else; how
        many these were. Again and again the same is the same.

        Raises:
            DealbooksError: it cannot be written now; what is missing is written the next time.
        """
