"""A spreadsheet: tabs of cells as Google keeps and shows them. A number is a double; a date is a number in a format."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.google_sheets.ranges import Area
from sandbox.google_sheets.settings import Settings
from sandbox.kit import Clock, Write, WriteLog

_EPOCH = date(1899, 12, 30)
Cell = Any  # str, bool, Decimal, date, datetime; "" is empty


@dataclass(slots=True)
class Tab:
    """One tab. `rows` holds what is there; the grid may be larger."""

    number: int
    title: str
    rows: list[list[Cell]] = field(default_factory=list)
    height: int = 1000
    width: int = 26

    def put(self, row: int, column: int, value: Cell) -> None:
        """Write a cell; the tab grows with it."""
        while len(self.rows) <= row:
            self.rows.append([])
        cells = self.rows[row]
        cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = value
        self.height, self.width = max(self.height, row + 1), max(self.width, column + 1)

    def last_used(self, area: Area) -> int:
        """The last row of an area in which something stands; -1: none."""
        for number in range(min(len(self.rows), _end(area.last_row, self.height)) - 1, area.row - 1, -1):
            cells = self.rows[number][area.column : _end(area.last_column, self.width)]
            if any(cell != "" for cell in cells):
                return number
        return -1


class Workbook:
    """The spreadsheet, and the version that Drive counts."""

    def __init__(self, settings: Settings, clock: Clock, log: WriteLog) -> None:
        self._settings, self._clock, self._log = settings, clock, log
        self.tabs: list[Tab] = []
        self.named: dict[str, Area] = {}
        self.version = 1
        self.modified = clock.now()

    def add_tab(self, title: str, rows: Sequence[Sequence[Cell]] = (), number: int | None = None) -> Tab:
        """A new tab."""
        tab = Tab(number if number is not None else 1000 + len(self.tabs), title)
        tab.height, tab.width = self._settings.rows, self._settings.columns
        self.tabs.append(tab)
        for place, cells in enumerate(rows):
            for column, value in enumerate(cells):
                tab.put(place, column, kept(value))
        self.changed("create", title, {"title": title})
        return tab

    def tab(self, title: str) -> Tab:
        """A tab by its title. Raises KeyError."""
        return {tab.title: tab for tab in self.tabs}[title]

    def insert_column(self, title: str, column: int) -> None:
        """A new column before one; what is named by a range moves with its cells."""
        tab = self.tab(title)
        tab.width += 1
        for cells in tab.rows:
            if len(cells) > column:
                cells.insert(column, "")
        for name, area in self.named.items():
            if area.tab == title:
                first = area.column + (area.column >= column)
                last = area.last_column
                self.named[name] = replace(
                    area, column=first, last_column=None if last is None else last + (last >= column)
                )
        self.changed("update", title, {"column": column})

    def changed(self, action: str, ref: str, document: dict[str, Any]) -> None:
        """Count a change."""
        self.version += 1
        self.modified = self._clock.now()
        self._log.add(Write(self.modified, action, "values", ref, document))

    def values(self, area: Area, render: str) -> list[list[Any]]:
        """The cells of an area without what is empty at the ends of rows and at its end."""
        tab = self.tab(area.tab)
        found = []
        for cells in tab.rows[area.row : _end(area.last_row, tab.height)]:
            row = [self.shown(cell, render) for cell in cells[area.column : _end(area.last_column, tab.width)]]
            while row and row[-1] == "":
                row.pop()
            found.append(row)
        while found and not found[-1]:
            found.pop()
        return found

    def shown(self, cell: Cell, render: str) -> Any:
        """A cell as it stands in an answer."""
        if render != "FORMATTED_VALUE":
            return _unformatted(cell)
        if isinstance(cell, bool):
            return "TRUE" if cell else "FALSE"
        if isinstance(cell, date):
            shape = "%m/%d/%Y" if self._settings.locale == "en_US" else "%d/%m/%Y"
            return cell.strftime(shape + (" %H:%M:%S" if isinstance(cell, datetime) else ""))
        return format(cell, "f") if isinstance(cell, Decimal) else cell


def kept(value: Cell) -> Cell:
    """A value as a cell keeps it: a number passes through a double, as it does there."""
    if value is None:
        return ""
    if isinstance(value, bool | str | date):
        return value
    return Decimal(repr(float(value)))


def entered(value: Any, option: str) -> Cell:
    """What a cell keeps of a value of a call. USER_ENTERED reads text as if a person had typed it."""
    if isinstance(value, str) and option == "USER_ENTERED":
        return _typed(value)
    return kept(value)


def _typed(text: str) -> Cell:
    if text.startswith("'"):
        return text[1:]
    if text.startswith("="):
        return "#ERROR!"
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    reads: tuple[Callable[[], Cell], ...] = (lambda: kept(Decimal(text)), lambda: date.fromisoformat(text))
    for read in reads:
        with contextlib.suppress(InvalidOperation, ValueError):
            return read()
    return text


def _unformatted(cell: Cell) -> Any:
    if isinstance(cell, datetime):
        passed = datetime.combine(cell.date(), time()) - datetime.combine(_EPOCH, time())
        seconds = Decimal((cell - datetime.combine(cell.date(), time())).seconds)
        return kept(Decimal(passed.days) + seconds / 86_400)
    if isinstance(cell, date):
        return (cell - _EPOCH).days
    if isinstance(cell, Decimal):
        return int(cell) if cell == cell.to_integral_value() else cell
    return cell


def _end(last: int | None, size: int) -> int:
    return size if last is None else last + 1
