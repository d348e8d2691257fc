"""A backfill's drop files: the shapes of the demo's deals over and over, each with its own numbers, cars and people.

The same number of deals gives the same bytes every time.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from dealbooks.demo import BOOKS, make_demo
from dealbooks.demo.cars import make_vin
from dealbooks.demo.inbox import SALE_COLUMNS
from dealbooks.demo.sales import Row
from dealbooks.demo.setup import write_setup

ROWS_PER_FILE = 2000
_TRADES = ("trade1", "trade2")
_PLANTS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_SERIALS = 1_000_000
_FIRST = ("Alice", "Benedict", "Carla", "Dominic", "Eleanor", "Felix", "Gwen", "Hugo", "Imogen", "Jasper", "Keira")
_LAST = ("Ashworth", "Bellamy", "Carrow", "Dunmore", "Everly", "Fairbank", "Grayson", "Hartnell", "Ingham", "Jessop")


@dataclass(frozen=True, slots=True)
class Backfill:
    """Where the files of a backfill are, and how many deals they hold."""

    folder: Path
    config: Path
    files: tuple[Path, ...]
    deals: int


def write_backfill(folder: Path, deals: int) -> Backfill:
    """Write the demo's configuration and drop files with so many deals, half of them in each book."""
    config = write_setup(folder)
    demo = make_demo()
    written: list[Path] = []
    for book, count in zip(BOOKS, (deals - deals // 2, deals // 2), strict=True):
        rows = _rows(demo.rows[book], book, count)
        number = 0
        while some := list(islice(rows, ROWS_PER_FILE)):
            number += 1
            written.append(_write(folder / "inbox" / book / f"CompletedSale_20261001_{number}.csv", some))
    return Backfill(folder, config, tuple(written), deals)


def _rows(shapes: Sequence[Row], book: str, count: int) -> Iterator[Row]:
    for number, shape in enumerate(islice(cycle(shapes), count)):
        yield _own(shape, book, number)


def _own(shape: Row, book: str, number: int) -> Row:
    """A deal of the same shape with numbers, cars and a buyer of its own."""
    prefix = book[:1].upper()
    buyer = f"{_FIRST[number % len(_FIRST)]} {_LAST[number // len(_FIRST) % len(_LAST)]}"
    row = shape | {
        "deal_number": f"{prefix}B-{number:06d}",
        "revision": "1",
        "action": "P",
        "customer_id": f"{prefix}-{number:06d}",
        "customer_name": buyer if shape["customer_type"] == "person" else f"{buyer} Ltd",
        "stock_number": f"{shape['stock_number'][:2]}{number:06d}",
        "vin": _vin(shape["vin"], shape["year"], number, 0),
    }
    if row.get("finance_reference"):
        row["finance_reference"] = f"{number:06d}-{shape['finance_reference'][-6:]}"
    for place, trade in enumerate(_TRADES, 1):
        if row.get(f"{trade}_vin"):
            row[f"{trade}_vin"] = _vin(shape[f"{trade}_vin"], shape[f"{trade}_year"], number, place)
            row[f"{trade}_stock_number"] = f"{row['stock_number']}{'AB'[place - 1]}"
    return row


def _vin(old: str, year: str, number: int, place: int) -> str:
    """A car of the same model. Sold cars and those taken in part-exchange come from plants of their own."""
    plant = _PLANTS[place * 7 + number // _SERIALS]
    return make_vin(old[:8], int(year), number % _SERIALS, plant)


def _write(path: Path, rows: Sequence[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, SALE_COLUMNS, restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(f"{path.name}.done").write_text(f"{digest}\n", encoding="ascii")
    return path
