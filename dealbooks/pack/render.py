"""The pages of a pack from its templates. Pure: every text of others is escaped by the templates themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dealbooks.pack.model import MOST_OF_A_CLASS, PackData, Table, Told
from dealbooks.pack.shown import amount_shown, cell_shown, heading
from dealbooks.pack.tables import TOTAL, money, unexplained
from dealbooks.pipeline.sheets import Cell
from dealbooks.plural import counted
from dealbooks.reconcile.model import ReconException
from dealbooks.reconcile.words import WORDS

INLINE_STORIES = 60
_MOST_OPEN = 12
_NEVER_FOLDED = ("tie-out", "matrix", "exceptions-by-class", "cut-off", "tax-return")
_TEMPLATES = Path(__file__).parent / "templates"
# The sections of the page: anchor, heading, tables in it.
_SECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("tie", "Tie-out by account", ("tie-out", "units")),
    ("matrix", "Matrix", ("matrix",)),
    ("exceptions", "Exceptions", ("exceptions-by-class", "cut-off", "suggestions")),
    ("contracts", "Contracts in transit", ("contracts-in-transit", "contracts-by-age")),
    ("deals", "Deal log", ("deal-log",)),
    ("tax", "Tax", ("tax-by-code", "tax-return", "stock-book", "part-exchanges")),
    ("commission", "Commissions", ("commissions",)),
    ("inventory", "Inventory relief and stock", ("inventory-relief", "stock")),
    ("changed", "Late, amended and unwound", ("late-amended-unwound", "rounding")),
    ("accounts", "Roll-forward and trial balance", ("roll-forward", "trial-balance")),
    ("others", "Booked by others", ("by-hand", "activity", "receipts")),
    ("evidence", "Checks of the batches", ("checks",)),
)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters["shown"] = cell_shown
    made.filters["heading"] = heading
    made.globals["counted"] = counted
    made.filters["minutes"] = lambda at: str(at)[:16].replace("T", " ")
    return made


def report_page(data: PackData) -> str:
    """The report: summary first, exceptions with their deals' stories, every table, sign-off."""
    tables = {table.key: table for table in data.tables}
    files = {number: data.stories[deal_id].file for number, deal_id in data.numbers.items()}
    accepted = () if data.certificate is None else [one["id"] for one in data.certificate["accepted"]]
    return _environment().get_template("report.html").render(
        data=data, rec=data.rec, files=files, groups=_groups(data), accepted=accepted, most=MOST_OF_A_CLASS,
        sections=[
            (anchor, title, [tables[key] for key in keys if key in tables]) for anchor, title, keys in _SECTIONS
        ],
        unexplained=amount_shown(money(unexplained(data.rec.totals), data.rec.currency)), folded=_folded,
        view=lambda table: view_of(table, data.rec.currency),
    )  # fmt: skip


def deal_page(data: PackData, told: Told) -> str:
    """The story of one deal, on a page of its own."""
    return _environment().get_template("deal.html").render(data=data, rec=data.rec, told=told)


@dataclass(frozen=True, slots=True)
class View:
    """How a table is shown: which columns, which of them hold figures, its rows on the page and how many more."""

    places: tuple[int, ...]
    figures: tuple[bool, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: int
    caption: str
    difference: int | None
    whole: frozenset[str] = frozenset(  # columns whose cells stay on one line
        {"date", "delivered", "own_date", "booked", "purchase_date", "id", "deal", "stock_no"}
    )

    def off(self, row: Sequence[Cell]) -> str:
        """The mark of a row: one that does not tie out, or a total."""
        if isinstance(row[0], str) and row[0].startswith(TOTAL):
            return "total"
        return "off" if self.difference is not None and row[self.difference] else ""


def view_of(table: Table, currency: str) -> View:
    """A table as the page shows it. A column that says nothing is left out: an empty one, and that of the currency
    where all rows are in the book's."""
    columns, rows = table.sheet.columns, table.sheet.rows
    figures = tuple(any(isinstance(row[at], int | Decimal) for row in rows) for at in range(len(columns)))

    def says(at: int) -> bool:
        values = {row[at] for row in rows}
        if columns[at] in ("currency", "base_currency"):
            return values != {currency}
        return bool(values - {None, ""}) and (not table.page or columns[at] in table.page)

    places = tuple(at for at in range(len(columns)) if says(at))
    off = columns.index("difference") if table.key == "tie-out" else None
    count = counted(len(rows), "row")
    caption = f"{count}, in {currency}" if len(places) < len(columns) and "currency" in columns else count
    return View(places, figures, rows[: table.shown], max(len(rows) - table.shown, 0), caption, off)


def _folded(table: Table) -> bool:
    """Whether a table is folded away until somebody wants it: long, and no part of the proof."""
    return len(table.sheet.rows) > _MOST_OPEN and table.key not in _NEVER_FOLDED


def _groups(data: PackData) -> list[tuple[str, str, list[tuple[ReconException, Told | None, bool]]]]:
    """Exceptions by class, worst first: title, severity, and each with its deal's story, told here or on its page."""
    groups: dict[str, list[tuple[ReconException, Told | None, bool]]] = {}
    inline: set[str] = set()
    for one in data.rec.exceptions:
        deal_id = data.numbers.get(one.deal, "")
        told = data.stories.get(deal_id)
        here = told is not None and deal_id not in inline and len(inline) < INLINE_STORIES
        if here:
            inline.add(deal_id)
        groups.setdefault(one.code, []).append((one, told, here))
    return [(_title(code), found[0][0].severity.value, found) for code, found in groups.items()]


def _title(code: str) -> str:
    return WORDS[code].title if code in WORDS else code.replace("_", " ").capitalize()
