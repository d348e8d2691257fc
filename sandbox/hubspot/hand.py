"""A person in the same account: what somebody does at a screen while the integration is at work."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from sandbox.hubspot.objects import Objects, Thing
from sandbox.hubspot.schema import DEALS, LINES


class Hand:
    """A person's deeds. `at`: the time of change, if not now; `late`: seconds by which searches see it later still than
    they usually do."""

    def __init__(self, objects: Objects, alone: threading.RLock) -> None:
        self._objects, self._alone = objects, alone

    def make(self, kind: str, *, at: datetime | None = None, late: float = 0, **values: Any) -> str:
        """A new object; its id."""
        with self._alone:
            return str(self._objects.create(kind, values, at, late).number)

    def edit(self, ref: str, *, at: datetime | None = None, late: float = 0, **values: Any) -> None:
        """Change an object; with no values it is saved as it is. A price or a quantity of a line item changes the
        amount of its deal, and so touches it; nothing else of a line item does."""
        with self._alone:
            self._objects.update(self._thing(ref), values, at, late)

    def link(self, one: str, other: str, label: str = "") -> None:
        """Associate two objects, without touching them."""
        with self._alone:
            first, second = self._thing(one), self._thing(other)
            self._objects.link(first, second, label)

    def unlink(self, one: str, other: str) -> None:
        """Take the association away, without touching them."""
        with self._alone:
            self._objects.unlink(self._thing(one), self._thing(other))

    def add_line(self, deal: str, *, at: datetime | None = None, late: float = 0, **values: Any) -> str:
        """A line item on a deal; its id."""
        with self._alone:
            line = self._objects.create(LINES, values, at, late)
            self._objects.link(self._thing(deal), line)
            return str(line.number)

    def lines(self, deal: str) -> list[str]:
        """Ids of the line items of a deal."""
        with self._alone:
            return [str(link.other) for link in self._objects.linked(int(deal), LINES)]

    def archive(self, ref: str) -> None:
        """Delete an object: into the recycle bin. Searches do not show it any more."""
        with self._alone:
            self._objects.archive(self._thing(ref))

    def restore(self, ref: str) -> None:
        """Take it back."""
        with self._alone:
            self._objects.restore(self._thing(ref))

    def merge(self, kept: str, gone: str) -> None:
        """Merge a deal into another."""
        with self._alone:
            self._objects.merge(self._thing(kept), self._thing(gone))

    def look(self, ref: str) -> dict[str, str | None]:
        """The properties of an object as they stand."""
        with self._alone:
            return dict(self._thing(ref).properties)

    def deals(self) -> list[str]:
        """Ids of the deals that stand."""
        with self._alone:
            return [str(thing.number) for thing in self._objects.all(DEALS)]

    def _thing(self, ref: str) -> Thing:
        return self._objects.held[int(ref)]
