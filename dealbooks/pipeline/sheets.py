"""Cells of the sheets that we write and read: nothing in them may be taken for a formula by a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

# What no XML can hold: control characters, halves of pairs and what is no character (XML 1.0, section 2.2).
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Also the full-width signs, which a spreadsheet set to Japanese or Chinese takes for the plain ones, and a break before
# any of them (OWASP, CSV Injection).
_ROOM, _WIDEST_TEXT = 2, 60  # of a column, in characters
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def plain_cell(text: str) -> str:
    """A cell as we write it: one that begins like a formula gets an apostrophe before it (csv_files.md section 3)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def read_cell(text: str) -> str:
    """A cell as a person gave it back."""
    stripped = text.strip()
    return stripped[1:] if stripped.startswith("'") and stripped[1:].startswith(_FORMULA) else stripped


Cell = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to be opened in a spreadsheet: text cells are escaped when it is written, amounts stay numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def as_json(self) -> list[dict[str, Any]]:
        """One object a row; amounts as text."""
        return [
            {
                name: format(cell, "f") if isinstance(cell, Decimal) else cell
                for name, cell in zip(self.columns, row, strict=True)
            }
            for row in self.rows
        ]


def write_csv(sheet: Sheet, stream: TextIO) -> None:
    """Write a sheet as CSV; amounts plain, with the decimals of their currency."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(sheet.columns)
    for row in sheet.rows:
        writer.writerow([_csv_cell(cell) for cell in row])


def write_xlsx(sheet: Sheet, path: Path) -> None:
    """Write a sheet as an Excel workbook; amounts are numbers with their decimals, everything else is text.

    Raises:
        OSError: the file cannot be written.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    append_sheet(book.create_sheet(sheet.title[:31]), sheet)
    book.save(path)


def append_sheet(page: Any, sheet: Sheet, heads: Sequence[str] = ()) -> None:
    """Write a sheet onto an empty page of a write-only workbook, each column as wide as its figures. `heads` are
    headings instead of the names of the columns."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    page.freeze_panes = "A2"
    named = heads or sheet.columns
    for at, width in enumerate(_widths(named, sheet.rows)):
        page.column_dimensions[get_column_letter(at + 1)].width = width
    made = [WriteOnlyCell(page, value=name) for name in named]
    for head in made:
        head.font = Font(bold=True)
    page.append(made)
    for row in sheet.rows:
        page.append([_xlsx_cell(page, WriteOnlyCell, cell) for cell in row])


def _widths(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    """How wide each column is, in characters: every figure whole, long text cut to what a screen holds."""
    found = []
    for at, head in enumerate(heads):
        widest = len(head) + _ROOM
        for row in rows:
            cell = row[at]
            if isinstance(cell, str):
                widest = max(widest, min(len(cell), _WIDEST_TEXT) + _ROOM)
            elif cell is not None:
                widest = max(widest, len(f"{cell:,}") + _ROOM)
        found.append(widest)
    return found


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return str(cell) if isinstance(cell, int) else plain_cell(cell)


def _xlsx_cell(page: Any, make: Any, cell: Cell) -> Any:
    if isinstance(cell, Decimal):
        made = make(page, value=cell)
        digits = -int(cell.as_tuple().exponent)
        made.number_format = "#,##0" + ("." + "0" * digits if digits > 0 else "")
        return made
    made = make(page, value=_NOT_IN_XML.sub(" ", plain_cell(cell)) if isinstance(cell, str) else cell)
    if isinstance(cell, str):
        made.data_type = "s"
    return made
