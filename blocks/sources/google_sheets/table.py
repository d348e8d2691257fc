"""A tab as a table: which column holds what, by the headings, and the rows below them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dealbooks.errors import StopConnection

Cells = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A tab. `places`: name in the map -> place of its column, from 0; `headings` as they are written; `rows`: number
    of the row as the screen shows it, and its cells, as many as there are headings."""

    tab: str
    places: Mapping[str, int]
    headings: Sequence[str]
    rows: Sequence[tuple[int, Cells]]

    def cell(self, cells: Cells, name: str) -> Any:
        """What a row holds in a column; "" where it holds nothing, or there is no such column."""
        place = self.places.get(name)
        return "" if place is None else cells[place]

    def where(self, row: int, name: str) -> str:
        """A cell for a person: `Deals!F7 (Vehicle cost)`."""
        place = self.places[name]
        return f"{self.tab}!{letters(place)}{row} ({self.headings[place]})"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns that are looked for: those that must be there, those that may, and their headings where these are not
    the names. `prefix` is what stands before a name in the settings."""

    needed: Collection[str]
    optional: Collection[str]
    named: Mapping[str, str]
    prefix: str = ""


def table_of(tab: str, values: Sequence[Cells], header_row: int, wanted: Wanted, source: str) -> Table:
    """A tab by its headings. Rows that hold nothing are left out.

    Raises:
        StopConnection: a heading is missing, or stands twice.
    """
    headings = [str(cell).strip() for cell in values[header_row - 1]] if len(values) >= header_row else []
    at: dict[str, list[int]] = {}
    for place, heading in enumerate(headings):
        if heading:
            at.setdefault(folded(heading), []).append(place)
    places, missing = {}, []
    for name in sorted({*wanted.needed, *wanted.optional}):
        heading = wanted.named.get(wanted.prefix + name, name)
        found = at.get(folded(heading), [])
        if len(found) > 1:
            columns = " and ".join(letters(place) for place in found)
            raise StopConnection(
                f"sources.{source}: the heading {headings[found[0]]} stands over columns {columns} of the tab {tab}.",
                fix="Keep one of them, and give the other another heading.",
            )
        if found:
            places[name] = found[0]
        elif name in wanted.needed or wanted.prefix + name in wanted.named:
            missing.append(wanted.prefix + name)
    if missing:
        listed = ", ".join(missing)
        raise StopConnection(
            f"sources.{source}: row {header_row} of the tab {tab} has no heading for columns that are read: {listed}.",
            fix="Correct the headings, name those that are called otherwise under columns, or say that this spreadsheet"
            f" has none: without: [{listed}]",
        )
    in_order = dict(sorted(places.items(), key=lambda one: one[1]))
    return Table(tab, in_order, headings, list(_rows(values, header_row, len(headings))))


def _rows(values: Sequence[Cells], header_row: int, width: int) -> Iterator[tuple[int, Cells]]:
    """Google cuts what is empty at the end of a row: each is made as long as the headings."""
    for number, cells in enumerate(values[header_row:], header_row + 1):
        padded = [*cells[:width], *[""] * (width - len(cells))]
        if any(cell not in ("", None, False) for cell in padded):  # a column of tick boxes fills no row
            yield number, padded


def folded(heading: str) -> str:
    """A heading without what makes no difference."""
    return "".join(char for char in heading.casefold() if char.isalnum())


def letters(place: int) -> str:
    """A column's letters, as the screen shows them: 0 is A."""
    text, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
