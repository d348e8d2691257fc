"""A person with the spreadsheet open, while the integration is at work."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sandbox.google_sheets.book import Tab, Workbook, kept
from sandbox.google_sheets.ranges import Area


class Hand:
    """A person's deeds. Cells are named by the heading of their column (row 1), rows by what stands in a column."""

    def __init__(self, book: Workbook, alone: threading.RLock) -> None:
        self._book, self._alone = book, alone

    def make_tab(self, title: str, headings: Sequence[str]) -> None:
        """Add a tab with its headings."""
        with self._alone:
            self._book.add_tab(title, [list(headings)])

    def rename_tab(self, title: str, new: str) -> None:
        """Give a tab another title."""
        with self._alone:
            self._book.tab(title).title = new
            for name, area in self._book.named.items():
                if area.tab == title:
                    self._book.named[name] = replace(area, tab=new)
            self._book.changed("update", new, {"title": new})

    def add(self, title: str, values: Mapping[str, Any]) -> int:
        """Fill in the next free row; its number as the screen shows it."""
        with self._alone:
            tab = self._book.tab(title)
            row = len(tab.rows)
            for heading, value in values.items():
                tab.put(row, _column(tab, heading), kept(value))
            self._book.changed("create", title, {"row": row + 1})
            return row + 1

    def edit(self, title: str, row: int, **values: Any) -> None:
        """Change cells of a row by its number; names are headings with _ for a space."""
        with self._alone:
            tab = self._book.tab(title)
            for heading, value in values.items():
                tab.put(row - 1, _column(tab, heading.replace("_", " ")), kept(value))
            self._book.changed("update", title, {"row": row})

    def head(self, title: str, old: str, new: str) -> None:
        """Write another heading over one."""
        with self._alone:
            tab = self._book.tab(title)
            tab.put(0, _column(tab, old), new)
            self._book.changed("update", title, {"heading": new})

    def name_column(self, title: str, heading: str, name: str) -> None:
        """Give a whole column a name (Data, Named ranges)."""
        with self._alone:
            column = _column(self._book.tab(title), heading)
            self._book.named[name] = Area(title, 0, column, None, column)
            self._book.changed("update", title, {"named": name})

    def insert_column(self, title: str, before: str) -> None:
        """Insert an empty column before the one with a heading."""
        with self._alone:
            self._book.insert_column(title, _column(self._book.tab(title), before))

    def find(self, title: str, heading: str, value: str) -> list[int]:
        """Numbers of the rows that hold a value."""
        with self._alone:
            tab = self._book.tab(title)
            column = _column(tab, heading)
            return [
                number for number, cells in enumerate(tab.rows, 1) if len(cells) > column and cells[column] == value
            ]

    def remove(self, title: str, row: int) -> None:
        """Delete a row; those below move up."""
        with self._alone:
            del self._book.tab(title).rows[row - 1]
            self._book.changed("delete", title, {"row": row})

    def reverse(self, title: str) -> None:
        """Sort the rows the other way round."""
        with self._alone:
            tab = self._book.tab(title)
            tab.rows[1:] = tab.rows[:0:-1]
            self._book.changed("update", title, {"sorted": True})

    def rows(self, title: str) -> list[list[Any]]:
        """What stands in a tab."""
        with self._alone:
            return [list(cells) for cells in self._book.tab(title).rows]


def _column(tab: Tab, heading: str) -> int:
    named = [str(cell).casefold() for cell in tab.rows[0]]
    return named.index(heading.casefold())
