"""Rows of one file, understood: the same for judging the file and for reading it again after a run was killed."""

from __future__ import annotations

from blocks.sources.csv_files.identity import action_of, assemble, content_hash, key_of, revision_of, store_of
from blocks.sources.csv_files.kept import ReadRow
from blocks.sources.csv_files.layout import Layout
from blocks.sources.csv_files.rowparser import ParsedRow, RowParser
from blocks.sources.csv_files.stage import StagedFile
from blocks.sources.csv_files.table import Table
from dealbooks.canonical import sha256_hex


class RowReader:
    """Compiled once a file."""

    def __init__(self, staged: StagedFile, layout: Layout, table: Table) -> None:
        self._facts = staged.facts
        self._layout = layout
        self._table = table
        self._has_store = "store_code" in layout.columns
        self._store: str | None = None
        self.parse = RowParser(layout, table.header, staged.name).parse

    def understand(self, row: ParsedRow, fields: list[str] | None) -> ReadRow:
        """What a parsed row says and of which deal, the shop of the file filled in where the row names none."""
        layout, values, seed = self._layout, row.values, ""
        if self._store is None:
            self._store = store_of(self._table, self._facts)
        if not values and fields is not None:
            # Too many or too few fields: what it says is kept only as a digest, to know it when it comes again.
            seed = sha256_hex("\x1f".join(fields))
        if self._has_store and self._store and values:
            values.setdefault("store_code", self._store)
        named = not any(values.keys().isdisjoint(names) for names in layout.key_required)
        data = assemble(values, layout)
        return ReadRow(
            line=row.line,
            data=values if layout.rows == "lines" else data,
            findings=row.findings,
            key=key_of(values, layout.key) if named else None,
            action=action_of(values),
            revision=revision_of(values, self._facts),
            digest=content_hash(data, layout),
            seed=seed,
        )
