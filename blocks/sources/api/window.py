"""Windows of time in which changed records are read. Pure.

A window ends a little before now, since what is saved now may become visible later with an earlier time, and begins a
little before the last one ended, for what became visible later still. Inside a window a source pages by id, in which
there are no ties: a record that changes meanwhile leaves the window, and is read in the next one. A window that was
left half-way is gone on with where it stood, and then a fresh one is read.

    for window in windows(cursor, now, overlap=300, behind=5):
        after = window.after                              # "" at the start
        while found := read(window.since, window.until, after):
            after = found[-1].id
            yield Page(records(found), window.at(after))
        yield Page((), window.done)

A source whose lines change without their deal reads a window in two parts: see `pages`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dealbooks.source import Cursor, Page

LINES_PART = 1  # the part of a window in which lines are read, after the records


@dataclass(frozen=True, slots=True)
class Window:
    """A span of times of change, both ends included. `since` None: from the beginning. `part` and `after`: how far it
    was read before."""

    since: datetime | None
    until: datetime
    part: int = 0
    after: str = ""

    def at(self, after: str, *, part: int = 0) -> Cursor:
        """The cursor once everything up to this id is stored."""
        since = utc_text(self.since) if self.since is not None else ""
        return {"since": since, "until": utc_text(self.until), "part": part, "after": after}

    @property
    def done(self) -> Cursor:
        """The cursor once all of the window is stored."""
        return {"at": utc_text(self.until)}


def windows(cursor: Cursor | None, now: datetime, *, overlap: float, behind: float) -> Iterator[Window]:
    """The windows to read: one that was left half-way, then a fresh one up to `behind` seconds before now. It begins
    `overlap` seconds before the end of the one before it."""
    last: Mapping[str, Any] = cursor or {}
    if "until" in last:
        left = Window(
            instant(last["since"]) if last["since"] else None,
            instant(last["until"]),
            int(last["part"]),
            str(last["after"]),
        )
        yield left
        last = left.done
    until = (now - timedelta(seconds=behind)).astimezone(UTC)
    since = instant(last["at"]) - timedelta(seconds=overlap) if last else None
    # A clock that was set back must not skip what lies between.
    yield Window(since, until if since is None else max(until, since))


def pages(
    found: Iterable[Window],
    records: Callable[[Window], Iterator[Page]],
    lines: Callable[[Window, str], Iterator[Page]],
) -> Iterator[Page]:
    """All pages of windows, each in two parts: the records that changed, then those of which a line changed and not
    they themselves. `lines` reads on behind the id of a line, at `window.at(id, part=LINES_PART)`."""
    for window in found:
        if window.part != LINES_PART:
            yield from records(window)
        yield from lines(window, window.after if window.part == LINES_PART else "")
        yield Page((), window.done)


def utc_text(moment: datetime) -> str:
    """A moment in UTC as text of fixed width: text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant(text: str) -> datetime:
    """The moment that a text names; without a time zone it is UTC.

    Raises:
        ValueError: it is not an ISO time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
