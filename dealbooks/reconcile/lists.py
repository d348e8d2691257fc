"""Lists that only others can give: the stock count, statements of lenders and providers, the floorplan, payroll, the
factory. Pure: the text of a file in, rows out; and rows against what the ledger holds.

The layout is one for all: a heading, and a row an item. `reference` names it (or stock_no, vin, contract_no, deal,
person), `amount` is what the list says of it, `text` is for people. See docs/close.md.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dealbooks.errors import UsageError
from dealbooks.money import MoneyError, exact, minor_unit
from dealbooks.reconcile.model import SEVERITIES, ReconException, money_text
from dealbooks.reconcile.words import COUNTED_BUT_SOLD, WORDS

ZERO = Decimal(0)
MOST_BYTES, MOST_ROWS = 20_000_000, 200_000
_ZIP = b"PK\x03\x04"  # how XLSX and ODS files begin
_REFERENCE = ("reference", "stock_no", "stock_number", "vin", "contract_no", "deal", "deal_number", "person")
_COLUMNS = frozenset({*_REFERENCE, "amount", "text"})


@dataclass(frozen=True, slots=True)
class ListKind:
    """A kind of list: what its rows are, the row of the matrix that it feeds, and what it is held against."""

    name: str
    row: str
    title: str
    against: str
    amount_needed: bool = True


KINDS: Mapping[str, ListKind] = {
    kind.name: kind
    for kind in (
        ListKind("stock", "R10", "cars counted or listed in stock", "cars in stock in the ledger", amount_needed=False),
        ListKind("lender", "R14", "commission on the lender's statement", "finance commission booked"),
        ListKind("provider", "R14", "premiums on the provider's statement", "owed to providers as booked"),
        ListKind("floorplan", "R17", "cars on the floorplan statement", "cars not sold"),
        ListKind("payroll", "R8", "commission on the payroll", "commission booked for each person"),
        ListKind("factory", "R13", "credits on the factory's statement", "rebates and incentives booked"),
    )
}


@dataclass(frozen=True, slots=True)
class ListRow:
    """An item of a list. `amount` is None where the list states none."""

    reference: str
    amount: Decimal | None
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "reference": self.reference, "amount": None if self.amount is None else format(self.amount, "f"),
            "text": self.text,
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ListRow:
        """Read what `as_json` wrote."""
        amount = data["amount"]
        return cls(data["reference"], None if amount is None else exact(amount), data["text"])


def parse_list(kind: ListKind, data: bytes, currency: str) -> tuple[ListRow, ...]:
    """The rows of a list's file (CSV with a comma or semicolon, UTF-8 or Windows-1252), in the file's order.

    Raises:
        UsageError: naming the line: a column is missing or not known, an amount is none, a reference is there twice.
    """
    if len(data) > MOST_BYTES:
        raise UsageError("The list is larger than 20 MB.", fix="Export one month of one book.")
    if data.startswith(_ZIP):
        raise UsageError("The list is a workbook (XLSX), not CSV.", fix="Save it as CSV in the spreadsheet program.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    head = text.partition("\n")[0]
    try:
        rows = list(
            csv.reader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",", strict=True)
        )
    except csv.Error as error:
        raise UsageError(f"The list is no CSV: {error}.", fix="Export it again as CSV.") from error
    if len(rows) > MOST_ROWS:
        raise UsageError(f"The list has more than {MOST_ROWS} rows.", fix="Export one month of one book.")
    names = [name.strip().lower().replace(" ", "_") for name in rows[0]] if rows else []
    named = [name for name in _REFERENCE if name in names]
    if not named or (kind.amount_needed and "amount" not in names) or len(set(names)) != len(names):
        raise UsageError(
            f"The heading of the list is {', '.join(names) or 'empty'}.",
            fix=f"A list of {kind.title} needs a column reference (or {', '.join(_REFERENCE[1:])})"
            f"{' and amount' if kind.amount_needed else ''}, each once.",
        )
    unknown = [name for name in names if name not in _COLUMNS]
    if unknown:
        raise UsageError(f"Nobody knows the column {unknown[0]!r}.", fix="Leave it out, or call it text.")
    found: dict[str, ListRow] = {}
    for number, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            raise UsageError(f"Line {number} has {len(cells)} columns, the heading {len(names)}.", fix="Mend the line.")
        values = dict(zip(names, (cell.strip() for cell in cells), strict=True))
        row = _row(kind, values, named, number, currency)
        if row.reference.upper() in found:
            raise UsageError(f"Line {number}: {row.reference} is there twice.", fix="Add its rows up into one.")
        found[row.reference.upper()] = row
    return tuple(found.values())


def _row(kind: ListKind, values: Mapping[str, str], named: Sequence[str], number: int, currency: str) -> ListRow:
    reference = next((values[name] for name in named if values[name]), "")
    if not reference:
        raise UsageError(f"Line {number} names nothing.", fix=f"Fill its {' or '.join(named)}.")
    said = values.get("amount", "")
    if not said and not kind.amount_needed:
        return ListRow(reference, None, values.get("text", ""))
    try:
        amount = exact(said)
    except MoneyError as error:
        raise UsageError(f"Line {number}: {said!r} is no amount.", fix="Write it like 1234.50.") from error
    if amount != amount.quantize(minor_unit(currency)):
        raise UsageError(f"Line {number}: {said} has more decimals than {currency}.", fix="Write it like 1234.50.")
    return ListRow(reference, amount, values.get("text", ""))


def listed(rows: Iterable[ListRow], names: Mapping[str, str], known: Iterable[str]) -> dict[str, ListRow]:
    """The rows by what the books call them: a stock number or person as it stands, a contract, deal or VIN by the car
    of its deal; what nobody knows keeps its own name. Two rows of one car are added up."""
    as_is = {one.upper(): one for one in known}
    found: dict[str, ListRow] = {}
    for row in rows:
        word = row.reference.upper()
        own = as_is.get(word) or names.get(word) or row.reference
        before = found.get(own)
        if before is not None and before.amount is not None and row.amount is not None:
            row = ListRow(own, before.amount + row.amount, row.text)
        found[own] = row
    return found


def list_exception(
    code: str,
    kind: ListKind,
    reference: str,
    booked: Decimal | None,
    said: ListRow | None,
    currency: str,
    deal: str = "",
) -> ReconException:
    """What a list says of one item, against the books. `booked` None: the books know nothing of it."""
    ours = "nothing" if booked is None else f"{money_text(booked, currency)} {currency}"
    theirs = (
        "nothing"
        if said is None
        else "there"
        if said.amount is None
        else f"{money_text(said.amount, currency)} {currency}"
    )
    amount = ZERO if said is None or said.amount is None else said.amount
    words = WORDS[code]
    what = f"{reference}: the list of {kind.title} shows {theirs}; {kind.against}: {ours}."
    if code == "sold_in_stock":
        words = COUNTED_BUT_SOLD
        what = f"Car {reference} is sold, and stands on the list of {kind.title}."
    elif code == "floorplan_unpaid":
        what = f"Car {reference} is sold, and the floorplan statement still shows it with {theirs}."
    return ReconException(
        code=code, severity=SEVERITIES[code], what=what, where=f"{kind.name} list, {reference}", ours=ours,
        theirs=theirs, difference=amount - (booked or ZERO), currency=currency, cause=words.cause,
        cure=words.cure.format(deal=deal or "DEAL", ref="the document"), subject=f"{kind.name} {reference}", deal=deal,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """A list held against the books: both sides by reference, and what differs."""

    books: Mapping[str, Decimal]
    said: Mapping[str, Decimal]
    exceptions: tuple[ReconException, ...]


def hold(
    kind: ListKind,
    rows: Mapping[str, ListRow],
    booked: Mapping[str, Decimal],
    currency: str,
    *,
    due: Mapping[str, Decimal] | None = None,
    sold: Collection[str] = (),
    named: Collection[str] = (),
) -> Held:
    """Hold a list against the books. `booked` is what the books have, by reference, and is shown; `due` what they would
    have without differences that are named already, and is what the list is judged by (`booked` unless given). `sold`
    are cars that are sold, `named` cars whose balance an exception speaks of: those are not named a second time."""
    due = booked if due is None else due
    said = {name: _said(row, booked.get(name)) for name, row in rows.items()}
    if kind.name == "floorplan":
        left = {name: amount for name, amount in said.items() if name not in sold}
        late = [
            list_exception("floorplan_unpaid", kind, name, None, rows[name], currency) for name in said if name in sold
        ]
        return Held(left, said, tuple(late))
    found = []
    for name in sorted({*said, *due}):
        there = name in said and name in due
        if name in named or (there and _said(rows[name], due[name]) == due[name]):
            continue
        if kind.name == "stock" and name in sold and name not in due:
            found.append(list_exception("sold_in_stock", kind, name, None, rows[name], currency))
        elif due.get(name) or name in said:
            found.append(list_exception("list_difference", kind, name, due.get(name), rows.get(name), currency))
    return Held(booked, said, tuple(found))


def _said(row: ListRow, booked: Decimal | None) -> Decimal:
    """What a list says; of a row without an amount only that it is there."""
    if row.amount is not None:
        return row.amount
    return ZERO if booked is None else booked
