"""Rows of a spreadsheet as the trees that the field map reads, one for each deal. Pure.

What cannot be used is not guessed: the row is handed on without it, and with what is wrong under `row_problems`, which
the field map refuses. So the deal waits for a person, who finds the cell by its reference; when the cell is corrected,
the next sweep brings the row anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from blocks.sources.api.sales import NOT_SOLD, kind_of, said
from blocks.sources.api.trees import number_text, plain
from blocks.sources.google_sheets.cells import BadCell, Reading, digits_of, is_error
from blocks.sources.google_sheets.settings import GoogleSheetsSettings
from blocks.sources.google_sheets.table import Cells, Table
from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.source import SourceRecord

# Names of our own in the tree: no column need be there for them.
OWN = frozenset(("lines", "total", "currency", "store_code", "price_includes_tax", "row_problems"))
OWN_OF_LINE = frozenset(("index", "kind", "name", "product", "quantity", "price", "amount"))
PROBLEMS = "row_problems"
ID = "deal_id"
Numbered = tuple[int, Cells]


def records(deals: Table, lines: Table | None, reading: Reading, read: Collection[str]) -> list[SourceRecord]:
    """All deals of a spreadsheet, in the order of their rows. `read` are the columns that the map reads."""
    settings = reading.settings
    by_key: dict[str, list[Numbered]] = {}
    for number, cells in deals.rows:
        if _key(deals, cells) is None and not _counts(deals, cells, settings):
            continue  # nobody says that it is a sale, or which
        by_key.setdefault(key_of(deals, cells), []).append((number, cells))
    hung = _by_deal(lines)
    return [_record(key, rows, deals, lines, hung.get(key, ()), reading, read) for key, rows in by_key.items()]


def lost_lines(deals: Table, lines: Table | None) -> list[str]:
    """Lines that belong to no row, for a person."""
    if lines is None:
        return []
    known = {_key(deals, cells) for _, cells in deals.rows}
    return [
        f"{lines.where(number, ID)} names a deal that the tab {deals.tab} does not have."
        for key, rows in _by_deal(lines).items()
        if key not in known
        for number, _ in rows
    ]


def key_of(deals: Table, cells: Cells) -> str:
    """The key of a row: its deal's id, or one made of what it holds."""
    return _key(deals, cells) or _nameless(deals, cells)


def _by_deal(lines: Table | None) -> dict[str, list[Numbered]]:
    found: dict[str, list[Numbered]] = {}
    if lines is not None:
        for number, cells in lines.rows:
            found.setdefault(_key(lines, cells) or "", []).append((number, cells))
    return found


def _key(table: Table, cells: Cells) -> str | None:
    """The deal's id; a number is its digits. None: there is none that can be used."""
    cell = table.cell(cells, ID)
    if cell is None or isinstance(cell, bool) or is_error(cell):
        return None
    if isinstance(cell, int | Decimal):
        return number_text(Decimal(cell))
    return " ".join(str(cell).split()) or None


def _nameless(table: Table, cells: Cells) -> str:
    """A key for a row without an id: made of what is read of it, so that no other sale has it. What stands in other
    columns, such as that of standings, makes it no other one."""
    held = {name: str(cells[place]) for name, place in table.places.items() if cells[place] not in ("", None)}
    return f"no id {sha256_hex(canonical_json(held))[:16]}"


def _counts(table: Table, cells: Cells, settings: GoogleSheetsSettings) -> bool:
    """Whether a row is a completed sale. Of a status that cannot be read nothing is concluded: the row is taken, and
    set aside."""
    cell = table.cell(cells, settings.status)
    if is_error(cell):
        return True
    word = " ".join(str(cell).split()).casefold()
    return word in {" ".join(one.split()).casefold() for one in settings.take_when}


def _record(
    key: str,
    rows: Sequence[Numbered],
    deals: Table,
    lines: Table | None,
    hung: Sequence[Numbered],
    reading: Reading,
    read: Collection[str],
) -> SourceRecord:
    settings = reading.settings
    numbers = " and ".join(str(number) for number, _ in rows)
    place = f"{deals.tab} row{'s' if len(rows) > 1 else ''} {numbers} ({key})"
    if not any(_counts(deals, cells, settings) for _, cells in rows):
        return SourceRecord(key, {}, counts=False, place=place)
    problems: list[str] = []
    number, cells = min(rows, key=lambda row: canonical_json([str(cell) for cell in row[1]]))
    if len(rows) > 1:
        problems.append(f"rows {numbers} of {deals.tab} have the same id {key}")
    if _key(deals, cells) is None:
        problems.append(f"{deals.where(number, ID)} holds no id")
    if is_error(deals.cell(cells, settings.status)):
        problems.append(f"{deals.where(number, settings.status)} shows {deals.cell(cells, settings.status)}")
    tree = _tree(number, cells, deals, reading, read, problems)
    if lines is not None:
        digits = digits_of(tree.get("currency"))
        tree["lines"] = [_line(place, row, lines, reading, digits, problems) for place, row in enumerate(hung, 1)]
        tree |= _total(tree["lines"], settings)
    if problems:
        tree[PROBLEMS] = [{"index": place, "row_problem": text} for place, text in enumerate(problems, 1)]
    return SourceRecord(key, plain(tree), place=place)


def _tree(
    number: int, cells: Cells, deals: Table, reading: Reading, read: Collection[str], problems: list[str]
) -> dict[str, Any]:
    settings = reading.settings
    currency = settings.currency
    if "currency" in deals.places:
        currency = _value("currency", number, cells, deals, reading, None, problems) or currency
    digits = digits_of(currency)
    tree: dict[str, Any] = {"currency": currency}
    for name in deals.places:
        if name in read and name != "currency":
            _put(tree, name, _value(name, number, cells, deals, reading, digits, problems))
    tree.setdefault("store_code", settings.store_code)
    tree.setdefault("price_includes_tax", settings.amounts == "gross")
    return said(tree)


def _line(
    index: int, row: Numbered, lines: Table, reading: Reading, digits: int | None, problems: list[str]
) -> dict[str, Any]:
    number, cells = row
    settings = reading.settings
    line: dict[str, Any] = {
        name: _value(name, number, cells, lines, reading, digits, problems)
        for name in lines.places
        if name not in (ID, "quantity")
    }
    words = (line.get("kind"), line.get("product"), line.get("name"))
    line |= {"index": index, "kind": kind_of(words, settings.kinds, settings.other_lines)}
    if "quantity" in lines.places:
        try:
            line["quantity"] = reading.number(lines.cell(cells, "quantity"))
        except BadCell as error:
            problems.append(f"{lines.where(number, 'quantity')} {error}")
    line.setdefault("name", line.get("product"))
    if line.get("amount") is None and not is_error(lines.cell(cells, "amount")):
        problems.append(f"{lines.where(number, 'amount')} holds no amount")
    found: dict[str, Any] = plain(said(line))
    return found


def _total(lines: Sequence[Mapping[str, Any]], settings: GoogleSheetsSettings) -> dict[str, Any]:
    """What the lines come to, where the car is among them and they are with their tax."""
    if settings.amounts != "gross" or not any(line["kind"] == "vehicle" for line in lines):
        return {}
    amounts = [Decimal(line["amount"]) for line in lines if line["kind"] not in NOT_SOLD and "amount" in line]
    return {"total": sum(amounts, Decimal(0))}


def _value(
    name: str, number: int, cells: Cells, table: Table, reading: Reading, digits: int | None, problems: list[str]
) -> Any:
    try:
        return reading.value(name, table.cell(cells, name), digits)
    except BadCell as error:
        problems.append(f"{table.where(number, name)} {error}")
        return None


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    if value is None:
        return
    *parents, leaf = path.split(".")
    for name in parents:
        tree = tree.setdefault(name, {})
    tree[leaf] = value
