"""What tests of the CSV reader share: files written from rows, judged and read without a drop folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blocks.sources.csv_files import Judgement, Layout, StagedFile, judge, records
from blocks.sources.csv_files.names import compile_pattern, default_pattern, parse_name
from blocks.sources.csv_files.stage import staged_again
from dealbooks.draft import RawRecord

NAME = "CompletedSale_20260314.csv"
# The least that a sale needs, adding up.
ROW: dict[str, str] = {
    "deal_number": "A-1",
    "store_code": "01",
    "sale_date": "2026-03-14",
    "customer_id": "48812",
    "vin": "2T3W1RFV7PC104233",
    "stock_number": "T23117A",
    "vehicle_price": "28500.00",
    "cash_paid": "28500.00",
    "total": "28500.00",
}


def row(**changes: str) -> dict[str, str]:
    """A sale with some columns set otherwise, or more columns."""
    return {**ROW, **changes}


def text_of(rows: Sequence[Mapping[str, str]], *, delimiter: str = ",", newline: str = "\n") -> str:
    """Rows as CSV text; the headings are those of the first row."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(folder: Path, content: str | bytes, name: str = NAME) -> Path:
    """Write a file of a drop."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def staged(path: Path, layout: str = "completed_sale/1", prefix: str = "CompletedSale", **more: Any) -> StagedFile:
    """A file as if it came from the archive, with the name it has."""
    facts = parse_name(path.name, compile_pattern(default_pattern(prefix)))
    assert facts is not None
    return staged_again(path.name, path, facts, layout, **more)


def judged(path: Path, layout: Layout | None = None, **more: Any) -> Judgement:
    """Judge a file with the shipped layout or another."""
    return judge(staged(path, **more), layout or Layout.load("completed_sale"))


def read(path: Path, layout: Layout | None = None, **more: Any) -> list[RawRecord]:
    """Judge and read a file that should be accepted."""
    layout = layout or Layout.load("completed_sale")
    one = staged(path, **more)
    return list(records(one, judge(one, layout), layout, "drop"))


def codes(found: Any) -> list[str]:
    """The rule codes of findings, in order."""
    return [finding.code for finding in found]
