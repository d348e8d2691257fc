"""Whether the parts of a pack show the same totals: page, CSV, workbook, JSON, certificate. Pure."""

from __future__ import annotations

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

from dealbooks.money import MoneyError, exact
from dealbooks.pack.model import MOST_OF_A_CLASS
from dealbooks.pack.tables import TOTAL
from dealbooks.reconcile.matrix import RowStatus

_FIGURES = ("opening", "expected", "difference", "closing")
_NAMES = {"Account": "account", "Currency": "currency", **{name.capitalize(): name for name in _FIGURES}}
Row = tuple[str, ...]


def compare_totals(files: Mapping[str, bytes], certificate: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """(file, what is wrong) for each part whose tie-out is not that of report.json."""
    try:
        report = json.loads(files["report.json"])
        wanted = _rows(report["totals"], report["currency"])
        result = (report["counts"], report["agreed"])
    except (KeyError, ValueError, TypeError, RecursionError):
        return [("report.json", "holds no totals that can be read")]
    problems = []
    for name, read in (
        ("csv/tie-out.csv", _of_csv), ("tables.json", _of_tables), ("workbook.xlsx", _of_workbook),
        ("report.html", _of_page),
    ):  # fmt: skip
        try:
            found = _rows(read(files[name]), report["currency"])
        except (KeyError, ValueError, TypeError, IndexError, RecursionError, zipfile.BadZipFile, zlib.error):
            problems.append((name, "holds no tie-out that can be read"))
            continue
        found, sums = [row for row in found if not _is_sum(row)], [row for row in found if _is_sum(row)]
        wrong = _not_sums(sums, wanted)
        if wrong:
            problems.append((name, f"its total is not the sum of its accounts: see {wrong}"))
        if found != wanted:
            odd = sorted(set(found) ^ set(wanted))
            about = odd[0][0] if odd else "the order of its rows"
            problems.append((name, f"its tie-out is not that of report.json: see {about}"))
    try:
        problems += _not_on_page(report, files.get("report.html", b"").decode("utf-8", "replace"))
    except (AttributeError, TypeError):
        problems.append(("report.json", "holds no exceptions that can be read"))
    if certificate is not None:
        try:
            sealed = _rows(certificate["totals"], report["currency"])
        except (KeyError, ValueError, TypeError):
            sealed = []
        if sealed != wanted:
            problems.append(("certificate.json", "its totals are not those of report.json"))
        if not _same_not_provided(report, certificate):
            problems.append(("certificate.json", "what it calls not provided is not that of report.json"))
        if (certificate["counts"], certificate["agreed"]) != result:
            problems.append(("certificate.json", "its counts or its result are not those of report.json"))
    return problems


def _same_not_provided(report: Mapping[str, Any], certificate: Mapping[str, Any]) -> bool:
    """Whether a certificate names the rows that had one side only; those of format 1 do not."""
    if "not_provided" not in certificate:
        return True
    try:
        alone = [row["row"] for row in report["matrix"] if row["status"] == RowStatus.NOT_PROVIDED.value]
        return [row["row"] for row in certificate["not_provided"]] == alone
    except (KeyError, TypeError):
        return False


def _is_sum(row: Row) -> bool:
    return row[0].startswith(TOTAL)


def _not_sums(sums: Sequence[Row], accounts: Sequence[Row]) -> str:
    """The first row that adds up accounts of a currency and does not come to them; format 1 has no such rows."""
    for name, currency, *figures in sums:
        mine = [row for row in accounts if row[1] == currency]
        for place, what in enumerate(_FIGURES):
            come = sum((Decimal(row[place + 2]) for row in mine), Decimal(0))
            if what != "difference" and Decimal(figures[place]) != come:
                return name
    return ""


def _not_on_page(report: Mapping[str, Any], page: str) -> list[tuple[str, str]]:
    """Exceptions that the report holds and its page does not show, of those that are few enough to stand on it."""
    by_class: dict[str, list[str]] = {}
    for one in report.get("exceptions", ()):
        by_class.setdefault(str(one.get("code")), []).append(str(one.get("id")))
    return [
        ("report.html", f"does not show exception {name} of report.json")
        for names in by_class.values() if len(names) <= MOST_OF_A_CLASS
        for name in names if f'id="e-{name}"' not in page
    ]  # fmt: skip


def _rows(rows: Iterable[Mapping[str, Any]], currency: str) -> list[Row]:
    """Account, currency and figures of each row; a row that adds up has no difference."""
    return [
        (
            str(row["account"]), str(row.get("currency") or currency),
            *("" if str(row["account"]).startswith(TOTAL) and row[name] in (None, "", "None") else _plain(row[name])
              for name in _FIGURES),
        )
        for row in rows
    ]  # fmt: skip


def _plain(value: Any) -> str:
    """A figure, however a part writes it. Raises ValueError where it is none."""
    try:
        number = exact(str(value).replace(",", "").replace("\u2212", "-").strip())
    except MoneyError as error:
        raise ValueError(f"{value!r} is no figure") from error
    return format(number.normalize(), "f") if number else "0"


def _of_csv(content: bytes) -> list[dict[str, Any]]:
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return [row | {"account": _unescaped(row["account"])} for row in rows]


def _of_tables(content: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(content)["tie-out"]
    return rows


def _of_workbook(content: bytes) -> list[dict[str, Any]]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        rows = [[cell.value for cell in row] for row in book["Tie-out by account"].iter_rows()]
    finally:
        book.close()
    names = [str(name).lower().replace(" ", "_") for name in rows[0]]
    found = [dict(zip(names, row, strict=True)) for row in rows[1:]]
    for row in found:
        row["account"] = _unescaped(str(row["account"]))
        for name in _FIGURES:
            row[name] = _cents(row[name])
    return found


def _cents(value: Any) -> str:
    """A workbook keeps a figure as a binary number: what it shows is its shortest form."""
    return repr(value) if isinstance(value, float) else str(value)


def _unescaped(text: str) -> str:
    from dealbooks.pipeline.sheets import read_cell

    return read_cell(text)


def _of_page(content: bytes) -> list[dict[str, Any]]:
    reader = _TableReader("t-tie-out")
    reader.feed(content.decode("utf-8"))
    reader.close()
    if not reader.seen:
        raise ValueError("no tie-out on the page")
    return [{_NAMES[name]: value for name, value in row if name in _NAMES} for row in reader.rows]


class _TableReader(HTMLParser):
    """The rows of one table of a page: heading and text of each cell."""

    def __init__(self, table: str) -> None:
        super().__init__()
        self._table = table
        self._inside = False
        self._name = ""
        self._text: list[str] | None = None
        self.seen = False
        self.rows: list[list[tuple[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell."""
        given = dict(attrs)
        if tag == "table" and given.get("id") == self._table:
            self._inside = self.seen = True
        elif self._inside and tag == "tr":
            self.rows.append([])
        elif self._inside and tag == "td":
            self._name, self._text = given.get("data-l") or "", []

    def handle_endtag(self, tag: str) -> None:
        """End a cell or the table."""
        if tag == "table":
            self._inside = False
            self.rows = [row for row in self.rows if row]
        elif self._inside and tag == "td" and self._text is not None:
            self.rows[-1].append((self._name, "".join(self._text)))
            self._text = None

    def handle_data(self, data: str) -> None:
        """Text of a cell."""
        if self._text is not None:
            self._text.append(data)
