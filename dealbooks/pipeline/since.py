"""Since when exceptions are known, as a reconciliation shows it. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from dealbooks.store.tables import exceptions

_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Since:
    """When an exception was first seen: the day, in the book's time zone, and the number of the run."""

    day: date
    run: int

    @property
    def words(self) -> str:
        """Such as “2026-08-03, run 4”."""
        return f"{self.day.isoformat()}, run {self.run}"


def since_of(conn: Connection, book: str, ids: Sequence[str], zone: ZoneInfo) -> dict[str, Since]:
    """Since when some exceptions of a book are known, by id; those that no run has kept are not among them."""
    found = {}
    columns = (exceptions.c.finding, exceptions.c.first_seen, exceptions.c.first_run)
    for start in range(0, len(ids), _CHUNK):
        some = [f"{book}/{one}" for one in ids[start : start + _CHUNK]]
        for row in conn.execute(select(*columns).where(exceptions.c.id.in_(some))):
            found[row.finding] = Since(local_day(row.first_seen, zone), row.first_run)
    return found


def since_words(found: Mapping[str, Since], name: str) -> str:
    """Since when an exception is known; empty for one that no run has kept."""
    return found[name].words if name in found else ""


def local_day(moment: str, zone: ZoneInfo) -> date:
    """The day of a moment of the store, where a book is kept."""
    return datetime.fromisoformat(moment).astimezone(zone).date()
