"""A column of the spreadsheet that says how each deal stands: for the people who work there. Nothing else is written.

The column is a named range, so that a call never names a column by its letter: whoever inserts or moves columns
meanwhile moves the range with it, and no other cell can be hit. Rows may still move between a reading and a write;
then a standing stands in the wrong row of this column, which the reading afterwards finds and mends. Cells that hold
something that we did not write are left alone. Written again, the same is the same: nothing is appended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blocks.sources.google_sheets.settings import GoogleSheetsSettings
from blocks.sources.google_sheets.table import Table, letters
from blocks.sources.google_sheets.trees import key_of
from dealbooks.errors import StopConnection
from dealbooks.pipeline.states import DEAL_STATES

Standings = Callable[[str], str]  # key of a deal -> how it stands; "" when nothing is known of it

_PLACE = re.compile(r"(?P<tab>.+)!(?P<first>[A-Z]+)(?P<row>[0-9]+)(?::(?P<last>[A-Z]+)(?P<end>[0-9]+))?")
_WORD = re.compile(r"[a-z_]+")
_FIX = "Select the whole column with nothing in it but its heading, and name it under Data, Named ranges."


@dataclass(frozen=True, slots=True)
class Column:
    """The column as it was read: the first and the last row of its range, as the screen counts, and what stands in it
    from the first row on."""

    letter: str
    first: int
    last: int
    cells: Sequence[Any]

    def held(self, row: int) -> str:
        """What stands in a row."""
        place = row - self.first
        return str(self.cells[place]) if place < len(self.cells) else ""


def column_of(answer: Mapping[str, Any], deals: Table, settings: GoogleSheetsSettings, source: str) -> Column:
    """The column, from Google's answer for its range.

    Raises:
        StopConnection: it is no whole column of the tab, or one that is read.
    """
    name = settings.standing_range
    place = _PLACE.fullmatch(str(answer.get("range") or ""))
    tab = place["tab"] if place else ""
    if tab.startswith("'"):
        tab = tab[1:-1].replace("''", "'")
    if place is None or tab != settings.tab or place["last"] != place["first"]:
        raise StopConnection(f"sources.{source}: the range {name} is no column of the tab {settings.tab}.", fix=_FIX)
    first, last = int(place["row"]), int(place["end"])
    used = [number for number, _ in deals.rows]
    if first > settings.header_row + 1 or (used and last < used[-1]):
        raise StopConnection(f"sources.{source}: the range {name} does not reach all rows of {settings.tab}.", fix=_FIX)
    if any(letters(place_read) == place["first"] for place_read in deals.places.values()):
        raise StopConnection(f"sources.{source}: the range {name} lies over a column that is read.", fix=_FIX)
    cells = [row[0] if row else "" for row in answer.get("values", ())]
    return Column(place["first"], first, last, cells)


def changes(deals: Table, column: Column, standings: Standings) -> dict[int, str]:
    """What is to be written: number of a row -> how its deal stands. What we wrote of a deal of which nothing is known
    any more is emptied."""
    found = {}
    for number, cells in deals.rows:
        held, wanted = column.held(number), standings(key_of(deals, cells))
        if held != wanted and is_ours(held):
            found[number] = wanted
    return found


def others(deals: Table, column: Column) -> list[str]:
    """Cells of the column that hold something else, for a person."""
    return [
        f"{deals.tab}!{column.letter}{number} holds what Dealbooks did not write: it is left as it is."
        for number, _ in deals.rows
        if not is_ours(column.held(number))
    ]


def as_values(written: Mapping[int, str], column: Column) -> list[list[str | None]]:
    """The values of a call that writes these rows, from the first row of the range on. None leaves a cell as it is."""
    return [[written.get(number)] for number in range(column.first, max(written) + 1)]


def is_ours(text: str) -> bool:
    """Whether a cell is empty, or begins with a state of a deal."""
    word = _WORD.match(text)
    return text == "" or (word is not None and word[0] in DEAL_STATES and text[word.end() :][:1] in ("", ",", ":", ";"))
