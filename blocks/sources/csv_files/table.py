"""A staged file opened for reading: its headings understood, its control rows apart, its data rows one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blocks.sources.csv_files.delimiter import Header, find_header
from blocks.sources.csv_files.faults import fault
from blocks.sources.csv_files.layout import Layout
from blocks.sources.csv_files.rows import Row, read_rows
from blocks.sources.csv_files.text import open_text

_HEADER_MARK, _TRAILER_MARK = "#HDR", "#TRL"


@dataclass(frozen=True, slots=True)
class ControlRow:
    """A control row as it stands in the file: #HDR or #TRL, and what follows."""

    line: int
    fields: tuple[str, ...]


class Table:
    """One file, to be read from the top. `opening` and `trailer` are known once `rows` has run to its end."""

    def __init__(self, path: Path, encoding: str, layout: Layout, file: str, delimiter: str = "") -> None:
        if delimiter:
            layout = layout.settings(csv={**layout.csv.model_dump(), "delimiter": delimiter})
        self.header: Header = find_header(path, encoding, layout, file)
        self.opening: ControlRow | None = None
        self.trailer: ControlRow | None = None
        self.comments = 0
        self.last_row_line = 0
        self._path = path
        self._encoding = encoding
        self._layout = layout
        self._file = file

    def rows(self) -> Iterator[Row]:
        """Data rows only: (line, fields), fields None where a quotation mark spoiled the row.

        Raises:
            FileFault: F007 and F014 as `read_rows`, F016 for rows after the trailer.
        """
        prefix = self._layout.csv.skip_prefix or "#"
        header_line = self.header.line
        with open_text(self._path, self._encoding) as stream:
            for line, fields in read_rows(stream, self.header.delimiter, self._layout.csv.quote, self._file):
                if fields is not None:
                    if not fields:
                        continue
                    first = fields[0]
                    if first[:1] == prefix[:1] and self._is_control(line, fields, prefix):
                        continue
                    if line <= header_line:
                        continue
                    if not first and not any(text and not text.isspace() for text in fields):
                        continue
                elif line <= header_line:
                    continue
                if self.trailer is not None:
                    raise fault("F016", file=self._file, line=line, trailer=self.trailer.line)
                self.last_row_line = line
                yield line, fields

    def _is_control(self, line: int, fields: list[str], prefix: str) -> bool:
        """Whether this is no data row. A row that begins with # but has a field for every heading is data."""
        mark = fields[0].strip().upper()
        if mark == _HEADER_MARK:
            self.opening = ControlRow(line, tuple(fields))
            return True
        if mark == _TRAILER_MARK:
            if self.trailer is not None:
                raise fault("F016", file=self._file, line=line, trailer=self.trailer.line)
            self.trailer = ControlRow(line, tuple(fields))
            return True
        if line == self.header.line or not fields[0].startswith(prefix):
            return False
        filled = sum(1 for text in fields if text.strip())
        if len(fields) == self.header.width and filled > 1:
            return False
        self.comments += 1
        return True
