"""The demo's data set: a quarter of two dealer groups, as their systems would drop it, and what the books must show.

Made from a seed, with no clock: the same every time, to the byte. The figures of `DemoSummary` come from the
generator's own arithmetic, so that they can be held against what the ledger says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from dealbooks.demo.aftermath import aftermath_of, opening_rows, stock_at_end
from dealbooks.demo.arithmetic import NOTHING
from dealbooks.demo.exports import DropFile
from dealbooks.demo.flaws import FLAWS, Flaw
from dealbooks.demo.inbox import inbox_of
from dealbooks.demo.quarter import SEED, Group, make_group
from dealbooks.demo.sales import Row, row_of
from dealbooks.demo.setup import write_setup
from dealbooks.demo.shapes import Shape, shape_of

__all__ = [
    "BOOKS",
    "FLAWS",
    "WAVES",
    "BookTotals",
    "Demo",
    "DemoSummary",
    "DropFile",
    "Flaw",
    "make_demo",
    "shape_of",
    "write_demo",
]

BOOKS = ("northgate", "suncoast")
# The month ends: a run over what has arrived by each of them shows corrections and voids after posting.
WAVES = (date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30))


@dataclass(frozen=True, slots=True)
class BookTotals:
    """What a book must show on 30 September: deals that stand (posted and not given back, without flawed rows), their
    invoices with tax, the tax on them, and the VAT inside margins, which no invoice shows."""

    deals: int
    invoice_total: Decimal
    invoice_tax: Decimal
    margin_tax: Decimal
    opening_stock: Decimal
    stock_left: Mapping[str, Decimal]
    corrected: tuple[str, ...]
    unwound: tuple[str, ...]
    unfunded: tuple[str, ...]
    unpaid_payoffs: tuple[str, ...]
    sold_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """The data set in memory. `rows` are the deals as they stand, without flawed and unwound ones, per book."""

    files: tuple[DropFile, ...]
    rows: Mapping[str, tuple[Row, ...]]
    opening: Mapping[str, tuple[Row, ...]]
    totals: Mapping[str, BookTotals]
    flaws: tuple[Flaw, ...]

    @property
    def shapes(self) -> frozenset[Shape]:
        """The distinct shapes of deals, both books together."""
        return frozenset(shape_of(row) for rows in self.rows.values() for row in rows)


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What was written where, and what the books must show in the end."""

    folder: Path
    config: Path
    files: tuple[str, ...]
    deals: int
    shapes: int
    totals: Mapping[str, BookTotals]
    flaws: tuple[Flaw, ...]


def make_demo(seed: int = SEED) -> Demo:
    """Make the data set; the same seed gives the same bytes."""
    groups = {book: make_group(book, seed) for book in BOOKS}
    aftermaths = {book: aftermath_of(group, seed) for book, group in groups.items()}
    files = [file for book, group in groups.items() for file in inbox_of(group, aftermaths[book])]
    return Demo(
        files=tuple(sorted(files, key=lambda file: (file.arrives, file.path))),
        rows={book: tuple(row_of(sale) for sale in group.sales) for book, group in groups.items()},
        opening={book: tuple(opening_rows(group)) for book, group in groups.items()},
        totals={
            book: _totals(group, aftermaths[book].unfunded, aftermaths[book].unpaid) for book, group in groups.items()
        },
        flaws=FLAWS,
    )


def _totals(group: Group, unfunded: tuple[str, ...], unpaid: tuple[str, ...]) -> BookTotals:
    return BookTotals(
        deals=len(group.sales),
        invoice_total=sum((sale.total for sale in group.sales), NOTHING),
        invoice_tax=sum((sale.shown_tax for sale in group.sales), NOTHING),
        margin_tax=sum((sale.margin_tax for sale in group.sales), NOTHING),
        opening_stock=sum((Decimal(row["amount"]) for row in opening_rows(group)), NOTHING),
        stock_left=stock_at_end(group),
        corrected=tuple(group.corrected),
        unwound=tuple(sale.number for sale in group.unwound),
        unfunded=unfunded,
        unpaid_payoffs=unpaid,
        sold_on=tuple(sale.number for sale in group.sales if sale.car.came_from),
    )


def write_demo(folder: Path, *, through: date | None = None, seed: int = SEED) -> DemoSummary:
    """Write the configuration and the inboxes (`inbox/northgate`, `inbox/suncoast`) into a folder.

    `through` writes only the files that have arrived by that day; call again with a later one to add the next. Files
    that are there already with the same content are left alone. The summary is always that of the whole quarter.

    Raises:
        OSError: when the folder cannot be written.
    """
    demo = make_demo(seed)
    folder.mkdir(parents=True, exist_ok=True)
    config = write_setup(folder)
    written = []
    for file in demo.files:
        if through is not None and file.arrives > through:
            continue
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != file.content:
            path.write_bytes(file.content)
        written.append(file.path)
    return DemoSummary(
        folder=folder,
        config=config,
        files=tuple(written),
        deals=sum(len(rows) for rows in demo.rows.values()),
        shapes=len(demo.shapes),
        totals=demo.totals,
        flaws=demo.flaws,
    )
