"""From a judged file to raw records: the second pass, one record at a time.

Each record carries its own findings; a fault of a row never stops the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blocks.sources.csv_files.identity import (
    action_of,
    assemble,
    content_hash,
    key_of,
    natural_key,
    revision_of,
    store_of,
)
from blocks.sources.csv_files.judge import Judgement, listed_lines
from blocks.sources.csv_files.layout import Layout
from blocks.sources.csv_files.lines import grouped, merge
from blocks.sources.csv_files.rowparser import ParsedRow, RowParser
from blocks.sources.csv_files.stage import StagedFile
from blocks.sources.csv_files.sums import sum_findings
from blocks.sources.csv_files.table import Table
from dealbooks.canonical import sha256_hex
from dealbooks.catalogue_files import file_finding
from dealbooks.draft import RawRecord


def records(
    staged: StagedFile, judgement: Judgement, layout: Layout, source_name: str, *, start_line: int = 0
) -> Iterator[RawRecord]:
    """The file's records in the order of their (first) line, from `start_line` on; the same every time.

    Rows that cannot be told apart as a deal (fields too many, no key) come as records too, with their findings and a
    key made of their content, so that nothing is lost silently.

    Raises:
        StopBatch: when the file was held.
    """
    if not judgement.accepted:
        raise judgement.refuse(staged.name)
    if judgement.status == "empty":
        return
    yield from _Reading(staged, judgement, layout, source_name).records(start_line)


class _Reading:
    """The second pass over one file."""

    def __init__(self, staged: StagedFile, judgement: Judgement, layout: Layout, source_name: str) -> None:
        self._staged = staged
        self._file = staged.name
        self._layout = layout
        self._source = source_name
        self._skipped = judgement.skipped_lines
        self._conflicts = judgement.conflicts
        self._table = Table(staged.path, judgement.encoding, layout, staged.name, judgement.delimiter)
        self._columns = self._table.header.headings_of
        self._sums = layout.rows == "lines" or "vehicle_price" in layout.columns

    def records(self, start_line: int) -> Iterator[RawRecord]:
        if self._layout.rows == "lines":
            yield from self._deals(start_line)
            return
        for row in self._rows():
            if row.line >= start_line:
                yield self._record(row, assemble(row.values, self._layout))

    def _rows(self) -> Iterator[ParsedRow]:
        """Every row that counts, with the shop filled in and contradictions noted."""
        parser = RowParser(self._layout, self._table.header, self._file)
        has_store = "store_code" in self._layout.columns
        store: str | None = None
        for line, fields in self._table.rows():
            if line in self._skipped:
                continue
            row = parser.parse(line, fields)
            if store is None:
                store = store_of(self._table, self._staged.facts)
            if has_store and store and row.values:
                row.values.setdefault("store_code", store)
            conflict = self._conflicts.get(line)
            if conflict is not None:
                words = {"file": self._file, "lines": listed_lines(conflict.lines)}
                row.findings.append(file_finding("F114", "", conflict.key, **words))
            if not row.values and fields is not None:
                # Too many or too few fields: what it says is kept only as a digest, to know it when it comes again.
                row.seed = sha256_hex("\x1f".join(fields))
            yield row

    def _deals(self, start_line: int) -> Iterator[RawRecord]:
        """Rows joined to deals; rows that name none come first, on their own."""
        lone: list[ParsedRow] = []

        def keyed() -> Iterator[tuple[str, ParsedRow]]:
            for row in self._rows():
                if self._has_key(row.values):
                    yield key_of(row.values, self._layout.key), row
                else:
                    lone.append(row)

        for _, rows in grouped(keyed()):
            merged = merge(rows, self._layout.required, self._file)
            if merged.line >= start_line:
                yield self._record(merged, merged.values)
        for row in lone:
            if row.line >= start_line:
                yield self._record(row, row.values)

    def _has_key(self, values: dict[str, Any]) -> bool:
        return all(any(name in values for name in names) for names in self._layout.key_required)

    def _record(self, row: ParsedRow, data: dict[str, Any]) -> RawRecord:
        values = row.values
        if self._has_key(values):
            key = natural_key(self._source, values, self._layout)
        else:
            seed = row.seed or (content_hash(data, self._layout) if data else f"{self._staged.sha256}-{row.line}")
            key = f"csv:{self._source}:unreadable:{seed if '-' in seed else seed[:16]}"
        findings = row.findings
        action = action_of(values)
        if self._sums and not findings and action == "post":
            columns = self._columns
            findings = sum_findings(data, columns, self._layout.tolerance, self._file, row.line)
        return RawRecord(
            natural_key=key,
            content_hash=content_hash(data, self._layout),
            data=data,
            revision=revision_of(values, self._staged.facts),
            action=action,
            location=f"{self._file} line {row.line}",
            line=row.line,
            changed_on=self._staged.facts.date.isoformat(),
            columns=self._columns,
            findings=findings,
        )
