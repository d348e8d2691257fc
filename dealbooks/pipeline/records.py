"""Raw records as the inbox keeps them: plain JSON, amounts as text."""

from __future__ import annotations

from typing import Any

from dealbooks.canonical import compact_json, read_json
from dealbooks.draft import RawRecord
from dealbooks.findings import Finding
from dealbooks.store.db import Row


def record_body(record: RawRecord) -> str:
    """JSON of a record: everything that judging it again needs."""
    data: dict[str, Any] = {
        "data": record.data,
        "columns": record.columns,
        "location": record.location,
        "line": record.line,
        "changed_on": record.changed_on,
        "findings": [one.as_json() for one in record.findings],
    }
    return compact_json(data)


def record_of(row: Row) -> RawRecord:
    """The record of an inbox row. A body that has expired reads as a record without data."""
    body = read_json(row["body"] or "{}")
    return RawRecord(
        natural_key=row["natural_key"],
        content_hash=row["content_hash"],
        data=body.get("data", {}),
        revision=tuple(read_json(row["revision"])),
        action=row["action"],
        location=row["place"],
        line=body.get("line", 0),
        changed_on=body.get("changed_on", ""),
        columns=body.get("columns", {}),
        findings=[Finding.from_json(one) for one in body.get("findings", [])],
    )
