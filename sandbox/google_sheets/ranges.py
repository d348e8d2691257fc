"""A1 notation: `Deals`, `'Sales 2026'!A2:T`, `Deals!3:7`. Rows and columns count from 0. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CELL = re.compile(r"\$?([A-Za-z]{0,3})\$?([0-9]*)")


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a tab; `last_row` and `last_column` None: to its end."""

    tab: str
    row: int = 0
    column: int = 0
    last_row: int | None = None
    last_column: int | None = None


def parsed(text: str, tabs: list[str]) -> Area:
    """An area by its notation; without a tab it is of the first.

    Raises:
        ValueError: it cannot be read, or there is no such tab.
    """
    tab, mark, cells = text.rpartition("!")
    if not mark:
        whole = _unquoted(text)
        if whole in tabs:
            return Area(whole)
        tab, cells = tabs[0], text
    tab = _unquoted(tab)
    if tab not in tabs or not cells:
        raise ValueError(text)
    first, colon, last = cells.partition(":")
    row, column = _cell(first)
    if not colon:
        if row is None or column is None:
            raise ValueError(text)
        return Area(tab, row, column, row, column)
    last_row, last_column = _cell(last)
    return Area(tab, row or 0, column or 0, last_row, last_column)


def named(area: Area) -> str:
    """The notation of an area whose ends are known."""
    first = f"{letters(area.column)}{area.row + 1}"
    last = f"{letters(area.last_column or 0)}{(area.last_row or 0) + 1}"
    return f"{quoted(area.tab)}!{first}" + (f":{last}" if last != first else "")


def quoted(tab: str) -> str:
    """A tab's title as it stands in a range."""
    return tab if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", tab) else "'" + tab.replace("'", "''") + "'"


def letters(column: int) -> str:
    """A column's letters: 0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _unquoted(tab: str) -> str:
    return tab[1:-1].replace("''", "'") if len(tab) > 1 and tab.startswith("'") and tab.endswith("'") else tab


def _cell(text: str) -> tuple[int | None, int | None]:
    match = _CELL.fullmatch(text)
    if match is None or not text:
        raise ValueError(text)
    column = 0
    for char in match[1].upper():
        column = column * 26 + ord(char) - ord("A") + 1
    return (int(match[2]) - 1 if match[2] else None), (column - 1 if match[1] else None)
