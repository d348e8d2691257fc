"""Map check: what a source's field map makes of one record. Reads only."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

from dealbooks.draft import RawRecord
from dealbooks.errors import StopBatch, UsageError
from dealbooks.house import House
from dealbooks.mapping import MapRow
from dealbooks.pipeline.extract import kind_of
from dealbooks.pipeline.records import record_of
from dealbooks.store.tables import inbox


@dataclass(frozen=True, slots=True)
class MapCheck:
    """What a map makes of a record. `place` is where the record stands; `wrong` what the file's checks said of it."""

    source: str
    map: str
    place: str
    rows: tuple[MapRow, ...]
    wrong: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether no value was refused."""
        return not self.wrong and not any(row.status == "refused" for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "source": self.source, "map": self.map, "place": self.place, "fits": self.fits,
            "rows": [asdict(row) for row in self.rows], "wrong": list(self.wrong),
        }  # fmt: skip


def check_map(house: House, source: str, sample: Path | None = None) -> MapCheck:
    """Show the map at work on the first deal of a sample file, by default on the newest deal that arrived.

    Raises:
        UsageError: there is no such source, nothing arrived yet, or the sample is not named like a file of the source.
        StopBatch: the sample is unfit as a whole.
    """
    field_map = house.field_map(source)
    record = _newest(house, source) if sample is None else _first(house, source, sample)
    rows = tuple(field_map.check(record))
    return MapCheck(source, field_map.where, record.location, rows, tuple(one.message for one in record.findings))


def _newest(house: House, source: str) -> RawRecord:
    with house.store.read() as conn:
        own = (inbox.c.source == source) & (inbox.c.kind == "deal") & inbox.c.body.is_not(None)
        row = conn.execute(select(inbox).where(own).order_by(inbox.c.id.desc()).limit(1)).mappings().first()
    if row is None:
        raise UsageError(f"Nothing has arrived from {source} yet.", fix="Give a file to look at with --sample FILE.")
    return record_of(dict(row))


def _first(house: House, source: str, sample: Path) -> RawRecord:
    """The first deal of a file, read as the source would read it, in a folder of its own."""
    built = house.source(source)
    with TemporaryDirectory(prefix="dealbooks-sample-") as place:
        folder = Path(place) / "drop"
        folder.mkdir()
        shutil.copyfile(sample, folder / sample.name)
        alone = {"kind": "none", "fallback": None}
        drop = type(built)(source, replace(built.settings, path=str(folder), completeness=alone))
        ready = drop.look(house.clock()).ready
        if not ready:
            raise UsageError(
                f"{sample.name} is not named like a file of {source}.",
                fix="Name the copy as your system does; the file name's beginning says which layout it has.",
            )
        staged = drop.stage(ready[0], Path(place) / "archive")
        judgement = drop.judge(staged)
        if not judgement.accepted:
            said = "; ".join(one.message for one in judgement.findings)
            raise StopBatch(f"{sample.name} would be held: {said}", fix="Mend the file, or the layout of the source.")
        if kind_of(staged.layout) != "deal":
            raise UsageError(f"{sample.name} holds no deals, and only deals go through the map.", fix="Give another.")
        for record in drop.records(staged, judgement):
            found: RawRecord = record
            return found
    raise UsageError(f"{sample.name} has no rows.", fix="Give a file with at least one deal.")
