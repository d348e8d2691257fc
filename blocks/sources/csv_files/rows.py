"""From characters to rows of fields: Python's csv reader in strict mode, with bounded memory and honest line numbers.

A row that is broken within its own line is a fault of that row. A quotation mark that runs on over lines is a fault of
the file, as nobody can say where the next row begins; it is reported with the line where it opened.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from blocks.sources.csv_files.faults import fault

FIELD_LIMIT = 1 << 20
LINE_LIMIT = 4 << 20
_ROW_LIMIT = 8 << 20

# Line where the row starts (counted from 1), and its fields; None for fields that a stray quotation mark spoiled.
Row = tuple[int, list[str] | None]


class _Lines:
    """Hands lines to the csv reader one by one, and keeps those of the row under way to explain a fault."""

    def __init__(self, stream: TextIO, file: str) -> None:
        self._readline = stream.readline
        self._file = file
        self.number = 0
        self.pending: list[str] = []
        self._held = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._readline(LINE_LIMIT)
        if not line:
            raise StopIteration
        self.number += 1
        self.pending.append(line)
        self._held += len(line)
        if self._held >= LINE_LIMIT and (len(line) >= LINE_LIMIT or self._held > _ROW_LIMIT):
            first = self.number - len(self.pending) + 1
            raise fault("F014", file=self._file, line=first, reason="a row is longer than 4 million characters")
        return line

    def taken(self) -> None:
        """The row is complete: forget its lines."""
        self.pending.clear()
        self._held = 0


def read_rows(stream: TextIO, delimiter: str, quote: str, file: str) -> Iterator[Row]:
    """Rows one after another; a blank line is a row without fields.

    Raises:
        FileFault: F007 for a quotation mark that is not closed, F014 for a field or line that is too long.
    """
    csv.field_size_limit(FIELD_LIMIT)
    lines = _Lines(stream, file)
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, doublequote=True, strict=True)
    step = reader.__next__
    while True:
        start = lines.number + 1
        try:
            fields = step()
        except StopIteration:
            return
        except csv.Error as error:
            _refuse_if_it_runs_on(error, lines, delimiter, quote, file)
            yield start, None
            lines.taken()
            continue
        yield start, fields
        lines.taken()


def _refuse_if_it_runs_on(error: csv.Error, lines: _Lines, delimiter: str, quote: str, file: str) -> None:
    opened, still_open = _open_quote(lines.pending, delimiter, quote)
    line = lines.number - len(lines.pending) + 1 + opened
    if "field larger than field limit" in str(error):
        raise fault("F014", file=file, line=line, reason="a field is longer than 1 million characters")
    if still_open or len(lines.pending) > 1:
        raise fault("F007", file=file, line=line)


def _open_quote(pending: list[str], delimiter: str, quote: str) -> tuple[int, bool]:
    """Which of the lines holds the last quotation mark that opened a field, and whether it is still open at the end."""
    opened, inside, at_start = 0, False, True
    for index, line in enumerate(pending):
        position = 0
        while position < len(line):
            char = line[position]
            if inside:
                if char == quote:
                    if line[position + 1 : position + 2] == quote:
                        position += 1
                    elif line[position + 1 : position + 2] in ("", delimiter, "\n", "\r"):
                        inside = False
                    else:
                        return opened, False  # the strict reader stopped here
            elif char == quote and at_start:
                inside, opened = True, index
            at_start = not inside and char in (delimiter, "\n", "\r")
            position += 1
    return opened, inside
