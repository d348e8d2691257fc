"""From a judged file to raw records, one at a time.

Each record carries its own findings; a fault of a row never stops the next one.
"""

from __future__ import annotations

from collections.abc import Iterator

from blocks.sources.csv_files.identity import action_of, content_hash, key_of, natural_key, revision_of
from blocks.sources.csv_files.judge import Judgement, listed_lines
from blocks.sources.csv_files.kept import ReadRow
from blocks.sources.csv_files.layout import Layout
from blocks.sources.csv_files.lines import grouped, merge
from blocks.sources.csv_files.rowparser import ParsedRow
from blocks.sources.csv_files.rowreader import RowReader
from blocks.sources.csv_files.stage import StagedFile
from blocks.sources.csv_files.sums import sum_findings
from blocks.sources.csv_files.table import Table
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
    """The rows of one file: as they were kept by the judge, else read again."""

    def __init__(self, staged: StagedFile, judgement: Judgement, layout: Layout, source_name: str) -> None:
        self._staged = staged
        self._file = staged.name
        self._layout = layout
        self._source = source_name
        self._judgement = judgement
        self._skipped = judgement.skipped_lines
        self._conflicts = judgement.conflicts
        self._columns = judgement.columns
        self._sums = layout.rows == "lines" or "vehicle_price" in layout.columns

    def records(self, start_line: int) -> Iterator[RawRecord]:
        rows = self._deals() if self._layout.rows == "lines" else self._rows()
        for row in rows:
            if row.line >= start_line:
                yield self._record(row)

    def _rows(self) -> Iterator[ReadRow]:
        """Every row that counts, contradictions noted."""
        kept = self._judgement.kept
        for row in kept.take(self._skipped) if kept is not None and kept.there else self._read_again():
            conflict = self._conflicts.get(row.line)
            if conflict is not None:
                words = {"file": self._file, "lines": listed_lines(conflict.lines)}
                row.findings.append(file_finding("F114", "", conflict.key, **words))
            yield row

    def _read_again(self) -> Iterator[ReadRow]:
        judged = self._judgement
        table = Table(self._staged.path, judged.encoding, self._layout, self._file, judged.delimiter)
        reader = RowReader(self._staged, self._layout, table)
        for line, fields in table.rows():
            if line not in self._skipped:
                yield reader.understand(reader.parse(line, fields), fields)

    def _deals(self) -> Iterator[ReadRow]:
        """Rows joined to deals; rows that name none come last, on their own."""
        lone: list[ReadRow] = []

        def keyed() -> Iterator[tuple[str, ParsedRow]]:
            for row in self._rows():
                if row.key is not None:
                    yield row.key, ParsedRow(row.line, row.data, row.findings)
                else:
                    lone.append(row)

        layout = self._layout
        for _, rows in grouped(keyed()):
            merged = merge(rows, layout.required, self._file)
            values = merged.values
            yield ReadRow(
                line=merged.line,
                data=values,
                findings=merged.findings,
                key=key_of(values, layout.key),
                action=action_of(values),
                revision=revision_of(values, self._staged.facts),
                digest=content_hash(values, layout),
            )
        yield from lone

    def _record(self, row: ReadRow) -> RawRecord:
        data = row.data
        if row.key is not None:
            key = natural_key(self._source, row.key)
        else:
            seed = row.seed or (row.digest if data else f"{self._staged.sha256}-{row.line}")
            key = f"csv:{self._source}:unreadable:{seed if '-' in seed else seed[:16]}"
        findings = row.findings
        if self._sums and not findings and row.action == "post":
            findings = sum_findings(data, self._columns, self._layout.tolerance, self._file, row.line)
        return RawRecord(
            natural_key=key,
            content_hash=row.digest,
            data=data,
            revision=row.revision,
            action=row.action,
            location=f"{self._file} line {row.line}",
            line=row.line,
            changed_on=self._staged.facts.date.isoformat(),
            columns=self._columns,
            findings=findings,
        )
