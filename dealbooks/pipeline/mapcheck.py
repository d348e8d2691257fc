"""Map check: what a source's field map makes of one record, and what a deal would still lack. Reads only."""

from __future__ import annotations

import json
import re
import shutil
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

from dealbooks import registry
from dealbooks.catalogue import found, once
from dealbooks.draft import RawRecord
from dealbooks.errors import StopBatch, UsageError
from dealbooks.findings import Severity
from dealbooks.house import House
from dealbooks.mapping import MapRow
from dealbooks.pipeline.dropped import kind_of
from dealbooks.pipeline.judge import judge_record
from dealbooks.pipeline.keys import record_key
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.settings import BookFinder
from dealbooks.registry import Platform
from dealbooks.source import DealSource
from dealbooks.store.tables import inbox


@dataclass(frozen=True, slots=True)
class MapCheck:
    """What a map makes of a record. `place` is where the record stands; `wrong` what the file's checks said of it;
    `missing` what a deal needs that neither the record nor the book's rules give."""

    source: str
    map: str
    place: str
    rows: tuple[MapRow, ...]
    wrong: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether no value was refused."""
        return not self.wrong and not any(row.status == "refused" for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "source": self.source, "map": self.map, "place": self.place, "fits": self.fits,
            "rows": [asdict(row) for row in self.rows], "wrong": list(self.wrong), "missing": list(self.missing),
        }  # fmt: skip


def check_map(house: House, source: str, sample: Path | None = None, *, key: str = "") -> MapCheck:
    """Show the map at work: on a sample (a file of the source, or one record as JSON), on the record with a key, read
    now, or by default on the newest deal that arrived.

    Raises:
        UsageError: there is no such source or record, nothing arrived yet, or the sample is none of the source.
        StopBatch: the sample is unfit as a whole.
        StopConnection: the source cannot be read now.
    """
    field_map = house.field_map(source)
    platform = registry.source_platform(house.source_config(source).platform)
    if key:
        record = _live(house, source, platform, key)
    elif sample is None:
        record = _newest(house, source, platform)
    else:
        record = _first(house, source, sample) if platform.kind == "files" else _of_json(source, platform, sample)
    rows = tuple(field_map.check(record))
    wrong = tuple(one.message for one in record.findings)
    missing = _missing(house, source, record, {_part(row.field) for row in rows})
    return MapCheck(source, field_map.where, record.location, rows, wrong, missing)


def _missing(house: House, source: str, record: RawRecord, parts: set[str]) -> tuple[str, ...]:
    """What refuses the record as a deal of its book, once the rules have filled what they can. `parts` of the deal are
    those that the map fills."""
    if record.findings:
        return ()
    finder = BookFinder(house, source)
    setting = finder.setting(record)
    if setting is None:
        return (found("S017", "store_code", finder.store_code(record), source=source).message,)
    errors = [one for one in once(judge_record(deepcopy(record), setting).findings) if one.severity is Severity.ERROR]
    if any(one.code.startswith("R") for one in errors):  # what the rules would have filled then is empty only for that
        errors = [one for one in errors if one.code.startswith("R") or _part(one.field) in parts]
    return tuple(f"{one.field}: {one.message}" if one.field else one.message for one in errors)


def _part(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _live(house: House, source: str, platform: Platform, key: str) -> RawRecord:
    """A record as its source has it now."""
    if platform.kind != "records":
        raise UsageError(f"{source} drops files; it has no records to ask for.", fix="Give one with --sample FILE.")
    reader: DealSource = house.source(source)
    reader.get_ready()
    record = reader.fetch(key)
    if record is None or record.gone:
        raise UsageError(f"{source} has no record {key}.", fix="Give the id as it stands in the address of its page.")
    if not record.counts:
        raise UsageError(
            f"{record.place or key} is no completed sale yet, so its fields are not read.",
            fix="Give one that is, or change in the settings when it is.",
        )
    return RawRecord(record_key(platform.name, source, key), "", dict(record.data), location=record.place or key)


def _of_json(source: str, platform: Platform, sample: Path) -> RawRecord:
    """A record that somebody saved as JSON: the tree that the map reads."""
    try:
        tree = json.loads(sample.read_text(encoding="utf-8"), parse_float=str)
    except (OSError, ValueError) as error:
        raise UsageError(f"{sample.name} cannot be read as JSON: {error}", fix="Give one record as JSON.") from error
    if not isinstance(tree, dict):
        raise UsageError(f"{sample.name} holds no single record.", fix="Give one record: a JSON object.")
    return RawRecord(record_key(platform.name, source, sample.stem), "", tree, location=sample.name)


def _newest(house: House, source: str, platform: Platform) -> RawRecord:
    """The newest deal that arrived; where none has yet, one that the source has now."""
    with house.store.read() as conn:
        own = (inbox.c.source == source) & (inbox.c.kind == "deal") & inbox.c.body.is_not(None)
        row = conn.execute(select(inbox).where(own).order_by(inbox.c.id.desc()).limit(1)).mappings().first()
    if row is not None:
        return record_of(dict(row))
    if platform.kind != "records":
        raise UsageError(f"Nothing has arrived from {source} yet.", fix="Give a file to look at with --sample FILE.")
    reader: DealSource = house.source(source)
    reader.get_ready()
    for page in reader.everything(house.clock()):
        for one in page.records:
            if one.counts and not one.gone:
                key = record_key(platform.name, source, one.key)
                return RawRecord(key, "", dict(one.data), location=one.place or one.key)
    raise UsageError(
        f"{source} has no completed sale yet.", fix="Complete one there, or change in the settings when it is one."
    )


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
            first: RawRecord = record
            return first
    raise UsageError(f"{sample.name} has no rows.", fix="Give a file with at least one deal.")
