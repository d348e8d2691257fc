"""Extract: what is new at a source becomes batches of inbox rows, whether it drops files or has records to be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from dealbooks import registry
from dealbooks.house import House
from dealbooks.pipeline.cutter import BATCH_ROWS, batches_that_wait
from dealbooks.pipeline.dropped import FileSummary, take_files
from dealbooks.pipeline.garbage import seldom_collected
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.sweep import Swept, sweep


@dataclass(frozen=True, slots=True)
class ExtractResult:
    """What was looked at, and the batches that wait to be validated (also those of an earlier, killed run). `files` are
    those of a drop, `swept` the records of a source over an API."""

    source: str
    files: tuple[FileSummary, ...]
    batches: tuple[int, ...]
    swept: Swept | None = None

    @property
    def held(self) -> tuple[FileSummary, ...]:
        """Files that were refused whole."""
        return tuple(one for one in self.files if one.state == "held")

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person must look at before all is taken."""
        return self.swept.notices if self.swept is not None else ()

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        shown = {"source": self.source, "files": [one.as_json() for one in self.files], "batches": list(self.batches)}
        return shown if self.swept is None else shown | {"records": self.swept.as_json()}


@seldom_collected()
def extract(
    house: House, source: str, *, since: date | None = None, progress: Progress = silent, batch_rows: int = BATCH_ROWS
) -> ExtractResult:
    """Take up what is new in a source. `since` passes over files of an earlier business date; records have no such
    date, and what was read before is known by the source's cursor.

    Raises:
        StopConnection: the source cannot be reached, or not read on; what was read is taken.
        LeaseLost: another process is taking up this source.
    """
    files: tuple[FileSummary, ...] = ()
    swept: Swept | None = None
    if registry.source_platform(house.source_config(source).platform).kind == "records":
        swept = sweep(house, source, progress=progress, batch_rows=batch_rows)
    else:
        files = take_files(house, source, since=since, progress=progress, batch_rows=batch_rows)
    return ExtractResult(source, files, batches_that_wait(house, source), swept)
