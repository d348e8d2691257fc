"""From the fields of one row to its canonical values, with a finding for every cell that cannot be read.

Compiled once per file from the layout and the headings, as every row of a large file passes here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from blocks.sources.csv_files.delimiter import Header
from blocks.sources.csv_files.layout import Layout
from blocks.sources.csv_files.values import CellError, Parsed, Parser, parser_for, plain_text
from dealbooks.catalogue_files import file_finding
from dealbooks.findings import Finding
from dealbooks.money import MoneyError, minor_digits, round_exact

_EMPTY_CELLS = ('=""', "'")
_KNOWN_CELLS = 256  # of a column: its codes, flags and usual amounts; what differs from row to row is not kept
_UNREAD: Any = object()


@dataclass(slots=True)
class ParsedRow:
    """A row's canonical values by canonical column; cells that mean nothing are left out. `seed` stands for the content
    of a row whose fields could not be told apart."""

    line: int
    values: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)
    seed: str = ""


class RowParser:
    """Reads rows of one file. `file` is the name for messages."""

    def __init__(self, layout: Layout, header: Header, file: str) -> None:
        self._layout = layout
        self._file = file
        self._width = header.width
        self._headings: Mapping[str, str] = header.headings_of
        self._nulls = frozenset((*layout.nulls, *_EMPTY_CELLS))
        # Position, name, parser, and what cells as they stand in this column were read as.
        self._plan: list[tuple[int, str, Parser, dict[str, Parsed]]] = [
            (position, name, self._parser(name), {}) for position, name, _ in header.columns
        ]
        self._money = tuple(name for _, name, _, _ in self._plan if layout.flat[name][3].kind == "money")

    def _parser(self, name: str) -> Parser:
        layout = self._layout
        return parser_for(
            layout.flat[name][3],
            layout.numbers,
            layout.dates.columns.get(name, layout.dates.default),
            layout.value_words.get(name, {}),
            excel_serial=name in layout.dates.excel_serial,
        )

    def parse(self, line: int, fields: list[str] | None) -> ParsedRow:
        """Read one row; never raises for what is in it."""
        if fields is None:
            return ParsedRow(line, {}, [file_finding("F102", file=self._file, line=line)])
        if len(fields) != self._width and not self._only_padding(fields):
            return ParsedRow(line, {}, [self._finding("F101", line, "", len(fields), expected=self._width)])
        values: dict[str, Any] = {}
        row = ParsedRow(line, values)
        for position, name, parse, known in self._plan:
            text = fields[position]
            if not text:
                continue
            value = known.get(text, _UNREAD)
            if value is _UNREAD:
                value = self._read(row, name, text, parse, known)
            if value is not None:
                values[name] = value
        self._check_decimals(row)
        self._check_required(row)
        return row

    def _read(self, row: ParsedRow, name: str, cell: str, parse: Parser, known: dict[str, Parsed]) -> Parsed:
        """The value of a cell; None where it means nothing, or cannot be read."""
        text = cell.strip()
        try:
            value = None if not text or text in self._nulls else parse(text)
        except CellError as error:
            row.findings.append(self._finding(error.code, row.line, name, text, reason=error.reason))
            return None
        if len(known) < _KNOWN_CELLS:
            known[cell] = value
        return value

    def _only_padding(self, fields: list[str]) -> bool:
        """Whether a row is only longer by empty fields, as a separator at the end of every row makes it."""
        return len(fields) > self._width and not any(text.strip() for text in fields[self._width :])

    def _check_decimals(self, row: ParsedRow) -> None:
        values = row.values
        currency = values.get("currency")
        digits = self._layout.numbers.money_decimals
        if currency is not None:
            try:
                digits = minor_digits(currency)
            except MoneyError:
                row.findings.append(self._finding("F118", row.line, "currency", currency))
                del values["currency"]
        for name in self._money:
            text = values.get(name)
            if text is None or (digits == 2 and text[-3] == ".") or (digits == 0 and text.endswith(".00")):
                continue
            amount = Decimal(text)
            rounded = round_exact(amount, digits)
            if rounded == amount:
                continue
            if self._layout.numbers.extra_decimals == "round":
                values[name] = plain_text(rounded, 2)
                continue
            shown = currency or "this file"
            row.findings.append(self._finding("F105", row.line, name, text, currency=shown, digits=digits))
            del values[name]

    def _check_required(self, row: ParsedRow) -> None:
        values = row.values
        needed = self._layout.key_required if values.get("action") == "V" else self._layout.row_required
        missing = [names for names in needed if values.keys().isdisjoint(names)]
        told = {found.field for found in row.findings} if missing else ()
        for names in missing:
            if any(name in told for name in names):
                continue
            shown = " or ".join(names)
            row.findings.append(self._finding("F103", row.line, shown, "", column=shown))

    def _finding(self, code: str, line: int, name: str, value: object, **words: object) -> Finding:
        column = self._headings.get(name, name)
        return file_finding(code, name, value, **{"file": self._file, "line": line, "column": column, **words})
