"""The quarantine as a controller works on it: list, show, fix, release, retry, and a sheet to edit and drop back.

A fix is an override: which field, the old and the new value, who and why, bound to the content that it corrects. It is
laid over that content whenever it is judged, and dropped with notice when the source says something else.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dealbooks.canonical import canonical_json
from dealbooks.errors import UsageError
from dealbooks.findings import Finding, Severity
from dealbooks.house import House
from dealbooks.pipeline.paths import PathError, get_path, steps
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.sheets import plain_cell, read_cell
from dealbooks.pipeline.validate import ValidateResult, validate
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import inbox, overrides, quarantine

_OVERRIDE = ("field", "old", "new", "who", "why", "state", "at")
SHEET_COLUMNS = ("id", "deal", "place", "field", "value", "reason", "new_value", "who", "why")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row in quarantine. `reasons` are all findings, errors first."""

    id: int
    book: str
    deal_number: str
    place: str
    opened_at: str
    state: str
    reasons: tuple[Finding, ...]
    overrides: tuple[Row, ...] = ()

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
    """What waits under a number of the list, or a deal number.

    Raises:
        UsageError: nothing waits under that name.
    """
    found = [one for one in waiting(house) if ref in (str(one.id), one.deal_number)]
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
    _need(who, why)
    try:
        steps(field)
    except PathError as error:
        raise UsageError(str(error)) from error
    item = _one(house, ref)
    row = _inbox_row(house, item.id)
    record = record_of(row)
    reasons = {one.field: one.value for one in item.reasons}
    old = reasons.get(field) or get_path(record.data, field)
    with house.store.transaction(who, f"fix {item.place}") as tx:
        _put_override(tx, row, field, "" if old is None else str(old), value, who, why)
        batch = _again(tx, [row], f"fix by {who}")
    return validate(house, batch)


def release(house: House, ref: str, *, who: str, why: str) -> ValidateResult:
    """Judge a row again after what it needed was done elsewhere (a rulebook was mended, the earlier deal unwound).

    Nothing is let through that still breaks a rule: an error is fixed by an override, or at the source.

    Raises:
        UsageError: nothing waits under that name, or who or why is empty.
    """
    _need(who, why)
    row = _inbox_row(house, _one(house, ref).id)
    with house.store.transaction(who, f"release {row['place']}: {why}") as tx:
        batch = _again(tx, [row], f"released by {who}: {why}")
    return validate(house, batch)


def retry(house: House, refs: Sequence[str] = (), *, who: str) -> list[ValidateResult]:
    """Judge everything that waits again (or some of it), after a map or a rulebook was mended."""
    chosen = [one for ref in refs for one in show(house, ref)] if refs else waiting(house)
    rows = [_inbox_row(house, one.id) for one in {one.id: one for one in chosen}.values()]
    results = []
    for source in sorted({row["source"] for row in rows}):
        some = [row for row in rows if row["source"] == source and row["kind"] == "deal"]
        if some:
            with house.store.transaction(who, f"retry {len(some)} rows of {source}") as tx:
                batch = _again(tx, some, f"retried by {who}")
            results.append(validate(house, batch))
    return results


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
    with path.open(newline="", encoding="utf-8-sig") as stream:
        lines = list(csv.DictReader(stream))
    missing = [column for column in SHEET_COLUMNS if lines and column not in lines[0]]
    if missing:
        raise UsageError(f"{path.name} lacks the columns {', '.join(missing)}.", fix="Export the sheet again.")
    known = {str(one.id): one for one in waiting(house)}
    wanted = []
    for number, line in enumerate(lines, 2):
        cells = {column: read_cell(line[column] or "") for column in SHEET_COLUMNS}
        if not cells["new_value"]:
            continue
        item = known.get(cells["id"])
        person = cells["who"] or who
        if item is None:
            raise UsageError(f"{path.name} line {number}: nothing waits under {cells['id']!r}.", fix="Export it again.")
        if not person or not cells["why"]:
            raise UsageError(f"{path.name} line {number}: fill in who and why.", fix="Every correction names both.")
        wanted.append((item, cells, person))
    rows: dict[int, Row] = {}
    with house.store.transaction(who or "sheet", f"corrections from {path.name}") as tx:
        for item, cells, person in wanted:
            row = rows.setdefault(item.id, _inbox_row(house, item.id))
            _put_override(tx, row, cells["field"], cells["value"], cells["new_value"], person, cells["why"])
        by_source: dict[str, list[Row]] = {}
        for row in rows.values():
            by_source.setdefault(row["source"], []).append(row)
        numbers = [_again(tx, some, f"sheet {path.name}") for some in by_source.values()]
    return [validate(house, batch) for batch in numbers]


# -- inside --------------------------------------------------------------------------------------------------------


def _need(who: str, why: str) -> None:
    if not who.strip() or not why.strip():
        raise UsageError("A correction needs who makes it and why.", fix="Add --who NAME and --why TEXT.")


def _one(house: House, ref: str) -> Waiting:
    found = show(house, ref)
    if len(found) > 1:
        numbers = ", ".join(str(one.id) for one in found)
        raise UsageError(f"Several rows wait under {ref!r}.", fix=f"Name one by its number: {numbers}.")
    return found[0]


def _waiting(row: Row, fixes: Sequence[Row]) -> Waiting:
    reasons = [Finding.from_json(one) for one in json.loads(row["reasons"])]
    reasons.sort(key=lambda one: one.severity is not Severity.ERROR)
    own = tuple(fix_ for fix_ in fixes if fix_["content_hash"] == row["content_hash"])
    return Waiting(
        row["id"], row["book"], row["deal_number"], row["place"], row["opened_at"], row["state"], tuple(reasons), own
    )


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


def _again(tx: Tx, rows: Sequence[Row], note: str) -> int:
    """Put inbox rows into a batch of their own, to be judged again."""
    batch = tx.next_ids("batches")[0]
    tx.insert(
        "batches",
        [
            {
                "id": batch, "source": rows[0]["source"], "state": "extracted",
                "row_count": len(rows), "summary": canonical_json({"note": note}), "created_at": tx.at,
            }
        ],
    )  # fmt: skip
    fresh = tx.rows(select(inbox).where(inbox.c.id.in_([row["id"] for row in rows])))
    tx.update("inbox", fresh, state="new", batch_id=batch)
    return batch
