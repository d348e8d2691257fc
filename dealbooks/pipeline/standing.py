"""Whether a book is live, and whether a person has paused it.

The embedded ledger is live at once. A ledger over an API starts in shadow: everything is read, checked and planned, and
nothing is sent until a person says that the book goes live (`dealbooks.pipeline.golive`). A paused book plans on, and
sends nothing until it is resumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.pipeline.person import by_person
from dealbooks.registry import ledger_platform
from dealbooks.store import Tx
from dealbooks.store.tables import standings

Mode = Literal["shadow", "live"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A book as a person has set it: its mode, and whether it is paused; who said so, why and when."""

    book: str
    mode: Mode
    paused: bool = False
    who: str = ""
    why: str = ""
    changed_at: str = ""

    @property
    def sends(self) -> bool:
        """Whether postings of this book may be sent now."""
        return self.mode == "live" and not self.paused

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "mode": self.mode, "paused": self.paused, "who": self.who, "why": self.why,
            "changed_at": self.changed_at,
        }  # fmt: skip


def standing_of(house: House, book: str) -> Standing:
    """How a book stands.

    Raises:
        UsageError: there is no such book.
    """
    platform = ledger_platform(house.book_config(book).ledger.platform)
    with house.store.read() as conn:
        row = conn.execute(select(standings).where(standings.c.book == book)).mappings().first()
    if row is None:
        return Standing(book, "live" if platform.embedded else "shadow")
    return Standing(book, row["mode"], row["paused"] == "yes", row["who"], row["why"], row["changed_at"])


def pause(house: House, book: str, *, who: str, why: str) -> Standing:
    """Send nothing of a book until it is resumed.

    Raises:
        UsageError: it is paused already, or who or why is missing.
    """
    now = standing_of(house, book)
    if now.paused:
        raise UsageError(
            f"{book} is paused already, by {now.who}: {now.why}", fix=f"'dealbooks resume {book}' ends it."
        )
    who, why = by_person(who, why, "A book is paused by somebody, for a reason.")
    with house.store.transaction(house.actor, f"pause {book}") as tx:
        return stand(tx, Standing(book, now.mode, True, who, why))


def resume(house: House, book: str, *, who: str) -> Standing:
    """Send again what a paused book has planned.

    Raises:
        UsageError: it is not paused, or who is missing.
    """
    now = standing_of(house, book)
    if not now.paused:
        raise UsageError(f"{book} is not paused.", fix="'dealbooks status' shows how each book stands.")
    if not who.strip():
        raise UsageError("A book is resumed by somebody.", fix="Give --who.")
    with house.store.transaction(house.actor, f"resume {book}") as tx:
        return stand(tx, Standing(book, now.mode, who=who.strip(), why="resumed"))


def stand(tx: Tx, new: Standing) -> Standing:
    """Write how a book stands, in a transaction; sealed in the book's audit chain."""
    values = {
        "mode": new.mode, "paused": "yes" if new.paused else "no", "who": new.who, "why": new.why, "changed_at": tx.at,
    }  # fmt: skip
    rows = tx.rows(select(standings).where(standings.c.book == new.book))
    if rows:
        tx.update("standings", rows, **values)
    else:
        tx.insert("standings", [{"id": new.book, "book": new.book, **values}])
    return Standing(new.book, new.mode, new.paused, new.who, new.why, tx.at)
