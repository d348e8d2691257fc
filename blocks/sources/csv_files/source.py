"""A drop folder of CSV files as a source of deals: look, stage, judge, read.

A plain class without Prefect; the Block beside it only holds the settings and builds one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from blocks.sources.csv_files.drop import (
    MAX_BYTES,
    MAX_FILES,
    Candidate,
    DropFolder,
    Expectation,
    Listing,
    Processed,
    Seen,
)
from blocks.sources.csv_files.judge import Judgement, judge
from blocks.sources.csv_files.layout import Layout
from blocks.sources.csv_files.names import compile_pattern, default_pattern, parse_name
from blocks.sources.csv_files.records import records
from blocks.sources.csv_files.stage import StagedFile, stage, staged_again
from dealbooks.draft import RawRecord
from dealbooks.errors import ConfigError, StopBatch

SHIPPED = ("completed_sale", "completed_sale_lines", "deal_events", "opening_stock")


@dataclass(frozen=True, slots=True)
class CsvFilesSettings:
    """Settings of one source. What is left empty is as the layout says.

    `path` is a folder or an fsspec URL; `layouts` names shipped layouts or files of the dealership's own; `pattern`
    replaces the file name pattern (only with one layout). `encodings` are tried when a file is not UTF-8.
    `completeness` and `csv` replace single keys of the layout's section. `storage` goes to fsspec and may hold secrets.
    """

    path: str = field(repr=False)
    layouts: Sequence[str] = SHIPPED
    pattern: str = ""
    encodings: Sequence[str] = ()
    completeness: dict[str, Any] = field(default_factory=dict)
    csv: dict[str, Any] = field(default_factory=dict)
    packed: bool = True
    max_files: int = MAX_FILES
    max_bytes: int = MAX_BYTES
    storage: dict[str, Any] = field(default_factory=dict, repr=False)


class CsvFiles:
    """See the module. `seen` keeps how files looked between two looks (for the settle time)."""

    def __init__(self, name: str, settings: CsvFilesSettings, *, seen: MutableMapping[str, Seen] | None = None) -> None:
        self.name = name
        self.settings = settings
        self.layouts = _layouts(settings)
        if settings.pattern and len(self.layouts) > 1:
            raise ConfigError(
                f"source {name} has one file name pattern for several layouts", fix="Name one layout, or no pattern."
            )
        self._seen: MutableMapping[str, Seen] = {} if seen is None else seen
        self._patterns = {
            layout.layout: compile_pattern(settings.pattern or _pattern(layout, name))
            for layout in self.layouts.values()
        }
        kinds = [
            Expectation(layout.layout, self._patterns[layout.layout], layout.completeness)
            for layout in self.layouts.values()
        ]
        self._folder = DropFolder(
            settings.path,
            kinds,
            options=settings.storage,
            seen=self._seen,
            max_files=settings.max_files,
            max_bytes=settings.max_bytes,
        )

    def look(self, now: datetime, processed: Processed | None = None) -> Listing:
        """Files that are wholly there, and those that wait with the reason.

        Raises:
            StopConnection: when the folder cannot be reached.
        """
        return self._folder.look(now, processed)

    def candidates(self, now: datetime, processed: Processed | None = None) -> list[Candidate]:
        """Files that are wholly there, oldest business date first."""
        return list(self.look(now, processed).ready)

    def stage(self, candidate: Candidate, archive: Path) -> StagedFile:
        """Copy a file into the archive (see `blocks.sources.csv_files.stage.stage`)."""
        return stage(candidate, archive, packed=self.settings.packed, max_bytes=self.settings.max_bytes)

    def judge(self, staged: StagedFile) -> Judgement:
        """Whether the file's rows may be taken; never raises for what is in it."""
        return judge(staged, self.layout_of(staged))

    def records(self, staged: StagedFile, judgement: Judgement, *, start_line: int = 0) -> Iterator[RawRecord]:
        """The file's records, in the order of their lines.

        Raises:
            StopBatch: when the file was held.
        """
        return records(staged, judgement, self.layout_of(staged), self.name, start_line=start_line)

    def again(self, file: Mapping[str, Any], archive: Path) -> tuple[StagedFile, Judgement]:
        """A file that was staged and judged before, from the archive: `file` is its row in the file ledger."""
        layout = str(file["layout"])
        facts = parse_name(str(file["name"]), self._patterns[layout]) if layout in self._patterns else None
        if facts is None:
            raise StopBatch(
                f"{file['name']} was taken up half, and its layout {layout} is not configured any more.",
                fix="Configure the layout again under sources, and run again.",
            )
        staged = staged_again(str(file["name"]), archive / str(file["archive"]), facts, layout)
        return staged, Judgement.from_json(json.loads(str(file["judgement"])))

    def memory(self) -> dict[str, list[Any]]:
        """How files looked at the last look, in plain types, to be kept between two processes (for the settle time)."""
        return {
            path: [one.size, one.modified.isoformat() if one.modified else None, one.at.isoformat()]
            for path, one in self._seen.items()
        }

    def remember(self, memory: Mapping[str, Sequence[Any]]) -> None:
        """Take up what `memory` gave."""
        for path, (size, modified, at) in memory.items():
            told = datetime.fromisoformat(modified) if modified else None
            self._seen[path] = Seen(size, told, datetime.fromisoformat(at))

    def layout_of(self, staged: StagedFile) -> Layout:
        """The layout that the file's name stands for."""
        return self.layouts[staged.layout]


def _layouts(settings: CsvFilesSettings) -> dict[str, Layout]:
    """The layouts by their own name, with the source's settings over them."""
    found: dict[str, Layout] = {}
    for name in settings.layouts:
        layout = Layout.load(name)
        csv = {**layout.csv.model_dump(), **settings.csv}
        if settings.encodings:
            csv["encoding"] = tuple(settings.encodings)
        completeness = {**layout.completeness.model_dump(), **settings.completeness}
        found[layout.layout] = layout.settings(csv=csv, completeness=completeness)
    if not found:
        raise ConfigError("a csv_files source needs at least one layout", fix="Name one under layouts.")
    return found


def _pattern(layout: Layout, name: str) -> str:
    if not layout.file_prefix:
        raise ConfigError(
            f"layout {layout.layout} of source {name} does not say how its files are named",
            fix="Set file_prefix in the layout, or pattern in the source.",
        )
    return default_pattern(layout.file_prefix)
