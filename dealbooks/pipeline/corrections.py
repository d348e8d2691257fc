"""Corrections by people (overrides): those that hold for a row, and how they are laid over what it said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from dealbooks.catalogue import found
from dealbooks.draft import RawRecord
from dealbooks.findings import Finding
from dealbooks.pipeline.paths import PathError, set_path
from dealbooks.store.db import Row
from dealbooks.store.tables import overrides


def active_overrides(conn: Connection, keys: Sequence[str]) -> dict[str, list[Row]]:
    """Corrections that hold, of these deals or facts: natural key -> rows of `overrides`, oldest first."""
    fixes: dict[str, list[Row]] = {}
    if conn.execute(select(overrides.c.id).limit(1)).first() is None:
        return fixes
    for start in range(0, len(keys), 500):
        chosen = overrides.c.natural_key.in_(keys[start : start + 500]) & (overrides.c.state == "active")
        for row in conn.execute(select(overrides).where(chosen).order_by(overrides.c.id)).mappings():
            fixes.setdefault(row["natural_key"], []).append(dict(row))
    return fixes


def correct_columns(record: RawRecord, fixes: Iterable[Row]) -> list[Finding]:
    """Lay corrections over the columns of a row that is no deal (an event, an opening balance). Returns its findings:
    one about a column that is corrected goes, and a correction that could not be laid is told."""
    own = [fix for fix in fixes if fix["content_hash"] == record.content_hash]
    replaced = {fix["field"] for fix in own}
    findings = [one for one in record.findings if one.field not in replaced]
    for fix in own:
        try:
            set_path(record.data, fix["field"], fix["new"])
        except PathError as error:
            findings.append(found("S010", fix["field"], fix["new"], reason=str(error)))
    return findings
