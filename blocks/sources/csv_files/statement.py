"""Rows of a bank's statement, read with the machinery of CSV files: encoding, separator, headings, amounts and days by
a layout. A statement is taken whole: one row that cannot be read refuses it. The registry names `statement_rows`."""

from __future__ import annotations

from pathlib import Path

from blocks.sources.csv_files.layout import Layout
from blocks.sources.csv_files.rowparser import RowParser
from blocks.sources.csv_files.table import Table
from blocks.sources.csv_files.text import examine
from dealbooks.bank.csvrows import CsvRow
from dealbooks.bank.model import MOST_LINES, Unreadable
from dealbooks.findings import Severity


def statement_rows(path: Path, layout: str | Path) -> list[CsvRow]:
    """Every row of the file.

    Raises:
        ConfigError: the layout is wrong.
        StopBatch: the file cannot be read, or one of its rows cannot; the message names file, line and column.
    """
    chosen = Layout.load(layout)
    facts = examine(path, chosen.csv.encoding, path.name)
    table = Table(path, facts.encoding, chosen, path.name)
    parser = RowParser(chosen, table.header, path.name)
    rows: list[CsvRow] = []
    for line, fields in table.rows():
        row = parser.parse(line, fields)
        wrong = next((found for found in row.findings if found.severity is Severity.ERROR), None)
        if wrong is not None:
            raise Unreadable(
                wrong.message, fix="A statement is taken whole: correct the layout, or export the file again."
            )
        rows.append(CsvRow(line, row.values))
        if len(rows) > MOST_LINES:
            raise Unreadable(f"{path.name} has more than {MOST_LINES} rows.", fix="Export a shorter time.")
    return rows
