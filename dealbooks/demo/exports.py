"""How a dealership's system writes a drop file: headings, encoding, separators, control rows, manifest or done-marker.

Every habit here is one that real exports have; the rows in them say the same things whatever the habit.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from dealbooks.canonical import sha256_hex
from dealbooks.demo.sales import Row

_MONEY_ENDINGS = (
    "amount", "cost", "price", "total", "allowance", "acv", "payoff", "deposit", "paid", "rebate", "discount", "due",
    "commission", "base",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Habit:
    """How one export is written. `headings` replaces canonical column names; `null` stands in empty cells of text
    columns; `proof` is what says that the file is complete."""

    delimiter: str = ","
    encoding: str = "utf-8"
    headings: Mapping[str, str] = field(default_factory=dict)
    lower_vin: bool = False
    null: str = ""
    currency_sign: str = ""
    grouped: bool = False
    decimal_comma: bool = False
    armour: bool = False
    separator_row: bool = False
    trailer: bool = False
    proof: Literal["manifest", "done"] = "manifest"


@dataclass(frozen=True, slots=True)
class DropFile:
    """A file of the inbox: path from the demo's folder, content, and the day on which it is dropped."""

    path: str
    content: bytes
    arrives: date


def export(
    path: str, layout: str, rows: Sequence[Row], columns: Sequence[str], control: str, arrives: date, habit: Habit
) -> list[DropFile]:
    """A drop file and what proves it complete. `control` is the column whose sum the trailer and manifest state."""
    total = sum((Decimal(row[control]) for row in rows if row.get(control)), Decimal(0))
    content = _text(rows, columns, total, habit).encode(habit.encoding)
    file = DropFile(path, content, arrives)
    name = path.rpartition("/")[2]
    digest = sha256_hex(content)
    if habit.proof == "done":
        return [file, DropFile(f"{path}.done", f"{digest}\n".encode(), arrives)]
    manifest = {
        "schema": "completed_sale_manifest/1",
        "created": f"{arrives.isoformat()}T22:05:00+00:00",
        "files": [
            {
                "name": name,
                "bytes": len(content),
                "sha256": digest,
                "rows": len(rows),
                "control_total": {"column": control, "sum": format(total, "f")},
                "layout": layout,
                "supersedes": None,
            }
        ],
    }
    text = json.dumps(manifest, indent=2) + "\n"
    return [file, DropFile(f"{path.removesuffix('.csv')}.manifest.json", text.encode(), arrives)]


def _text(rows: Sequence[Row], columns: Sequence[str], total: Decimal, habit: Habit) -> str:
    stream = io.StringIO()
    if habit.separator_row:
        stream.write(f"sep={habit.delimiter}\r\n")
    writer = csv.writer(stream, delimiter=habit.delimiter, lineterminator="\r\n")
    writer.writerow([habit.headings.get(column, column) for column in columns])
    for row in rows:
        writer.writerow([_cell(column, row.get(column, ""), habit) for column in columns])
    if habit.trailer:
        writer.writerow(["#TRL", str(len(rows)), _amount(format(total, "f"), habit)])
    return stream.getvalue()


def _cell(column: str, value: str, habit: Habit) -> str:
    if not value:
        return habit.null if column in ("registration", "trim", "fi_manager_id", "tax_number") else ""
    if column == "vin" and habit.lower_vin:
        return value.lower()
    if column == "stock_number" and habit.armour:
        return f'="{value}"'
    if is_money(column):
        return _amount(value, habit)
    if column.endswith("_rate") and habit.decimal_comma:
        return value.replace(".", ",")
    return value


def is_money(column: str) -> bool:
    """Whether a column holds an amount, by its name."""
    return column.endswith(_MONEY_ENDINGS)


def _amount(value: str, habit: Habit) -> str:
    if "E" in value:  # what a spreadsheet made of it
        return value
    shown = f"{Decimal(value):,.2f}" if habit.grouped else value
    if habit.decimal_comma:
        shown = shown.replace(",", " ").replace(".", ",").replace(" ", ".")
    return f"{habit.currency_sign}{shown}"
