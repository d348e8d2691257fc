"""A person in the same org: what somebody does at a screen while the integration is at work."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from sandbox.salesforce.reads import Reads
from sandbox.salesforce.records import Records, Row


class Hand:
    """A person's deeds. `at`: the time that a record is stamped with, if not now; `late`: seconds after which it can be
    read, with that earlier time, as after a long transaction."""

    def __init__(self, records: Records, reads: Reads, alone: threading.RLock) -> None:
        self._records, self._reads, self._alone = records, reads, alone

    def make(self, kind: str, *, at: datetime | None = None, late: float = 0, **values: Any) -> str:
        """Save a new record; its id."""
        with self._alone:
            return self._records.create(kind, values, at, late)

    def edit(self, ref: str, *, at: datetime | None = None, late: float = 0, **values: Any) -> None:
        """Change a record; with no values it is saved as it is. A price or a quantity of a line changes the amount of
        its opportunity, and so stamps it; nothing else of a line does."""
        with self._alone:
            self._records.update(ref, values, at, late)

    def delete(self, ref: str, *, at: datetime | None = None, late: float = 0) -> None:
        """Delete a record: into the recycle bin."""
        with self._alone:
            self._records.delete(ref, at, late)

    def undelete(self, ref: str) -> None:
        """Take it back from the recycle bin."""
        with self._alone:
            self._records.undelete(ref)

    def purge(self, ref: str) -> None:
        """Empty it out of the recycle bin."""
        with self._alone:
            self._records.purge(ref)

    def hide(self, ref: str, *, hidden: bool = True) -> None:
        """Take our user's right to see one record, without a word to anybody."""
        with self._alone:
            self._records.hide(ref, hidden=hidden)

    def forget_queries(self) -> None:
        """What was left of every answer cannot be read on."""
        with self._alone:
            self._reads.forget()

    def look(self, ref: str) -> Row:
        """A record as it stands, also one that is deleted."""
        with self._alone:
            return dict(self._records.get(ref, deleted=True) or {})

    def lines(self, opportunity: str) -> list[str]:
        """Ids of the lines of an opportunity that stand."""
        with self._alone:
            rows = self._records.visible("OpportunityLineItem")
            return [row["Id"] for row in rows if row["OpportunityId"] == opportunity]
