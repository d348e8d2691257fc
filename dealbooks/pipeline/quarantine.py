"""The quarantine as a controller works on it: list, show, fix, release, retry, and a sheet to edit and drop back.

A fix is an override: which field, the old and the new value, who and why, bound to the content that it corrects. It is
laid over that content whenever it is judged, and dropped with notice when the source says something else.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dealbooks.errors import UsageError
from dealbooks.findings import Finding, Severity
from dealbooks.house import House
from dealbooks.pipeline.batches import judge_again
from dealbooks.pipeline.cutter import BATCH_ROWS
from dealbooks.pipeline.item import id_at_source
from dealbooks.pipeline.paths import PathError, get_path, steps
from dealbooks.pipeline.person import by_person
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.sheets import plain_cell, read_cell
from dealbooks.pipeline.validate import ValidateResult
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import inbox, overrides, quarantine

_NOBODY = "A correction needs who makes it and why."
_OVERRIDE = ("field", "old", "new", "who", "why", "state", "at")
SHEET_COLUMNS = ("id", "deal", "place", "field", "value", "reason", "new_value", "who", "why")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row in quarantine. `reasons` are all findings, errors first; `at_source` is its id there."""

    id: int
    book: str
    deal_number: str
    place: str
    opened_at: str
    state: str
    reasons: tuple[Finding, ...]
    overrides: tuple[Row, ...] = ()
    at_source: str = ""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What refuses the deal."""
        return tuple(one for one in self.reasons if one.severity is Severity.ERROR)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "id": self.id, "book": self.book, "deal": self.deal_number, "place": self.place,
            "since": self.opened_at, "state": self.state, "reasons": [one.as_json() for one in self.reasons],
            "overrides": [{key: row[key] for key in _OVERRIDE} for row in self.overrides],
        }  # fmt: skip


def waiting(house: House, *, book: str | None = None) -> list[Waiting]:
    """Everything that waits, oldest first."""
    with house.store.read() as conn:
        query = select(quarantine).where(quarantine.c.state == "open").order_by(quarantine.c.id)
        if book is not None:
            house.book_config(book)
            query = query.where(quarantine.c.book == book)
        rows = [dict(row) for row in conn.execute(query).mappings()]
        fixes = {
            key: [dict(row) for row in conn.execute(select(overrides).where(overrides.c.natural_key == key)).mappings()]
            for key in {row["natural_key"] for row in rows}
        }
    return [_waiting(row, fixes[row["natural_key"]]) for row in rows]


def show(house: House, ref: str) -> list[Waiting]:
    """What waits under a number of the list or a deal number; where nothing does, under an id of the source.

    Raises:
        UsageError: nothing waits under that name.
    """
    rows = waiting(house)
    found = [one for one in rows if ref in (str(one.id), one.deal_number)]
    found = found or [one for one in rows if ref == one.at_source]
    if not found:
        raise UsageError(f"Nothing in quarantine is called {ref!r}.", fix="See 'dealbooks quarantine list'.")
    return found


def record_data(house: House, item: Waiting) -> dict[str, Any]:
    """What the source said, as it was read: canonical column -> value."""
    return record_of(_inbox_row(house, item.id)).data


def fix(house: House, ref: str, field: str, value: str, *, who: str, why: str) -> ValidateResult:
    """Override one field and judge the row again.

    Raises:
        UsageError: nothing waits under that name, or the field's name cannot be read, or who or why is empty.
    """
    who, why = by_person(who, why, _NOBODY)
    try:
        steps(field)
    except PathError as error:
        raise UsageError(str(error)) from error
    item = _one(house, ref)
    row = _inbox_row(house, item.id)
    record = record_of(row)
    reasons = {one.field: one.value for one in item.reasons}
    old = reasons.get(field) or get_path(record.data, field)

    def prepare(tx: Tx) -> tuple[Sequence[Row], str]:
        _put_override(tx, row, field, "" if old is None else str(old), value, who, why)
        return [row], f"fix by {who}"

    return judge_again(house, row["source"], who, f"fix {item.place}", prepare)


def release(house: House, ref: str, *, who: str, why: str) -> ValidateResult:
    """Judge a row again after what it needed was done elsewhere (a rulebook was mended, the earlier deal unwound).

    Nothing is let through that still breaks a rule: an error is fixed by an override, or at the source.

    Raises:
        UsageError: nothing waits under that name, or who or why is empty.
    """
    who, why = by_person(who, why, _NOBODY)
    row = _inbox_row(house, _one(house, ref).id)
    return judge_again(
        house, row["source"], who, f"release {row['place']}: {why}", lambda _tx: ([row], f"released by {who}: {why}")
    )


def retry(house: House, refs: Sequence[str] = (), *, who: str) -> list[ValidateResult]:
    """Judge everything that waits again (or some of it), after a map or a rulebook was mended."""
    chosen = [one for ref in refs for one in show(house, ref)] if refs else waiting(house)
    rows = [_inbox_row(house, one.id) for one in {one.id: one for one in chosen}.values()]
    results = []
    for source in sorted({row["source"] for row in rows}):
        own = [row for row in rows if row["source"] == source]
        for start in range(0, len(own), BATCH_ROWS):
            some = own[start : start + BATCH_ROWS]
            prepare = partial(_with_note, some, f"retried by {who}")
            results.append(judge_again(house, source, who, f"retry {len(some)} rows of {source}", prepare))
    return results


def _with_note(rows: Sequence[Row], note: str, _tx: Tx) -> tuple[Sequence[Row], str]:
    return rows, note


def export_sheet(house: House, path: Path) -> int:
    """Write what waits as a sheet (CSV), one line a reason; `new_value`, `who` and `why` are to be filled in."""
    count = 0
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.writer(stream)
        writer.writerow(SHEET_COLUMNS)
        for item in waiting(house):
            for reason in item.errors:
                cells = (
                    str(item.id),
                    item.deal_number,
                    item.place,
                    reason.field,
                    reason.value,
                    reason.message,
                    "",
                    "",
                    "",
                )
                writer.writerow([plain_cell(cell) for cell in cells])
                count += 1
    return count


def import_sheet(house: House, path: Path, *, who: str = "") -> list[ValidateResult]:
    """Read a sheet back: each line with a new value becomes an override, then the rows are judged again.

    `who` stands in for lines that name nobody.

    Raises:
        UsageError: a column is missing, a line names nothing that waits, or says neither who nor why. Nothing is taken.
    """
    wanted = _read_sheet(house, path, who)
    results = []
    for source in sorted({row["source"] for _, row, _ in wanted.values()}):
        mine = [one for one in wanted.values() if one[1]["source"] == source]
        prepare = partial(_put_lines, path.name, mine)
        results.append(judge_again(house, source, who or "sheet", f"corrections from {path.name}", prepare))
    return results


# -- inside --------------------------------------------------------------------------------------------------------


_Line = tuple[dict[str, str], str]  # its cells, and who corrects


def _put_lines(name: str, wanted: Sequence[tuple[Waiting, Row, list[_Line]]], tx: Tx) -> tuple[Sequence[Row], str]:
    for _, row, lines in wanted:
        for cells, person in lines:
            _put_override(tx, row, cells["field"], cells["value"], cells["new_value"], person, cells["why"])
    return [row for _, row, _ in wanted], f"sheet {name}"


def _read_sheet(house: House, path: Path, who: str) -> dict[int, tuple[Waiting, Row, list[_Line]]]:
    """The lines with a new value, by the number of what they correct; the whole sheet is sound, or nothing is used."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns, lines = list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{path.name} cannot be read as a sheet of corrections (CSV, UTF-8).", fix="Export the sheet again."
        ) from error
    missing = [column for column in SHEET_COLUMNS if column not in columns]
    if missing:
        raise UsageError(f"{path.name} lacks the columns {', '.join(missing)}.", fix="Export the sheet again.")
    known = {str(one.id): one for one in waiting(house)}
    wanted: dict[int, tuple[Waiting, Row, list[_Line]]] = {}
    told: dict[tuple[int, str], str] = {}
    for number, line in enumerate(lines, 2):
        cells = {column: read_cell(line[column] or "") for column in SHEET_COLUMNS}
        if not cells["new_value"]:
            continue
        item, person, place = known.get(cells["id"]), cells["who"] or who, f"{path.name} line {number}"
        if item is None:
            raise UsageError(f"{place}: nothing waits under “{cells['id']}”.", fix="Export it again.")
        if not person.strip() or not cells["why"]:
            raise UsageError(f"{place}: fill in who and why.", fix="Every correction names both.")
        try:
            steps(cells["field"])
        except PathError as error:
            raise UsageError(f"{place}: {error}") from error
        if told.setdefault((item.id, cells["field"]), cells["new_value"]) != cells["new_value"]:
            raise UsageError(f"{place}: {cells['field']} is corrected twice, differently.", fix="Leave one of the two.")
        wanted.setdefault(item.id, (item, _inbox_row(house, item.id), []))[2].append((cells, person))
    return wanted


def _one(house: House, ref: str) -> Waiting:
    """The only one; of several the one that has this number in the list, since that is how to name one of them."""
    found = show(house, ref)
    found = [one for one in found if str(one.id) == ref] or found
    if len(found) > 1:
        numbers = ", ".join(str(one.id) for one in found)
        raise UsageError(f"Several rows wait under {ref!r}.", fix=f"Name one by its number: {numbers}.")
    return found[0]


def _waiting(row: Row, fixes: Sequence[Row]) -> Waiting:
    reasons = [Finding.from_json(one) for one in json.loads(row["reasons"])]
    reasons.sort(key=lambda one: one.severity is not Severity.ERROR)
    own = tuple(fix_ for fix_ in fixes if fix_["content_hash"] == row["content_hash"])
    return Waiting(
        row["id"], row["book"], row["deal_number"], row["place"], row["opened_at"], row["state"], tuple(reasons), own,
        id_at_source(row["natural_key"]),
    )  # fmt: skip


def _inbox_row(house: House, number: int) -> Row:
    with house.store.read() as conn:
        query = select(inbox).join(quarantine, quarantine.c.inbox_id == inbox.c.id).where(quarantine.c.id == number)
        return dict(conn.execute(query).mappings().one())


def _put_override(tx: Tx, row: Row, field: str, old: str, new: str, who: str, why: str) -> None:
    same = (overrides.c.natural_key == row["natural_key"]) & (overrides.c.field == field)
    before = tx.rows(select(overrides).where(same & (overrides.c.state == "active")))
    tx.update("overrides", before, state="dropped")
    number = tx.next_ids("overrides")[0]
    override = {
        "id": number, "natural_key": row["natural_key"], "content_hash": row["content_hash"], "field": field,
        "old": old, "new": new, "who": who, "why": why, "state": "active", "at": tx.at,
    }  # fmt: skip
    tx.insert("overrides", [override])
