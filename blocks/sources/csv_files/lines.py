"""The layout with several rows per deal: rows of one deal, wherever they stand, become one canonical record.

Rows wait in a temporary SQLite database until the file is read: in memory up to 50 MB, beyond that on the disk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from blocks.sources.csv_files.rowparser import ParsedRow
from dealbooks.canonical import canonical_json
from dealbooks.catalogue_files import file_finding
from dealbooks.findings import Finding

_LINE_COLUMNS = frozenset(
    (
        "line_no", "line_type", "code", "description", "quantity", "amount", "cost", "tax_code", "tax_amount", "kind",
        "provider", "taxable", "passthrough", "tax_credit_eligible", "method", "date", "reference",
    )
)  # fmt: skip
_OF_TRADES = {"trade_payoff": "payoff", "trade_tax": "input_tax"}
_LAST = 1 << 60
_BATCH = 1000


def grouped(rows: Iterable[tuple[str, ParsedRow]]) -> Iterator[tuple[str, list[ParsedRow]]]:
    """Rows with their deal's key -> deals with their rows, in the order of each deal's first row."""
    db = sqlite3.connect("", isolation_level=None)
    try:
        db.execute("PRAGMA cache_size=-51200")
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("CREATE TABLE waiting (key TEXT, line INTEGER, content TEXT)")
        db.execute("BEGIN")
        pending: list[tuple[str, int, str]] = []
        for key, row in rows:
            content = json.dumps([row.values, [found.as_json() for found in row.findings]])
            pending.append((key, row.line, content))
            if len(pending) >= _BATCH:
                db.executemany("INSERT INTO waiting VALUES (?, ?, ?)", pending)
                pending.clear()
        db.executemany("INSERT INTO waiting VALUES (?, ?, ?)", pending)
        found = db.execute(
            "SELECT key, line, content FROM waiting JOIN (SELECT key, MIN(line) AS first FROM waiting GROUP BY key) "
            "USING (key) ORDER BY first, key, line"
        )
        for key, group in groupby(found, key=lambda item: str(item[0])):
            yield key, [_row(line, content) for _, line, content in group]
    finally:
        db.close()


def _row(line: int, content: str) -> ParsedRow:
    values, findings = json.loads(content)
    return ParsedRow(line, values, [Finding.from_json(item) for item in findings])


def merge(rows: list[ParsedRow], required: Iterable[str], file: str) -> ParsedRow:
    """One deal's rows as one row of canonical values: the deal's own columns, lists by kind of line, and `lines`.

    Rows of an older revision than the deal's highest are left out. What the rows state differently, what is missing and
    what cannot be joined are findings.
    """
    highest = max(row.values.get("revision", 0) for row in rows)
    rows = [row for row in rows if row.values.get("revision", 0) == highest]
    merged = ParsedRow(rows[0].line, {}, [found for row in rows for found in row.findings])
    first_at: dict[str, int] = {}
    lines: list[tuple[int, dict[str, Any]]] = []
    for row in rows:
        line = {name: value for name, value in row.values.items() if name in _LINE_COLUMNS}
        if line:
            lines.append((row.line, line))
        for name, value in row.values.items():
            if name not in _LINE_COLUMNS:
                _state(merged, first_at, name, value, row.line, file)
    if merged.values.get("action") != "V":
        _check_required(merged, required, file)
    lines.sort(key=lambda item: (item[1].get("line_no", _LAST), canonical_json(item[1])))
    numbered = all("line_no" in line for _, line in lines)
    merged.values["lines"] = [line for _, line in lines]
    _Collected(merged, file, numbered=numbered).add_all(lines)
    return merged


def _state(merged: ParsedRow, first_at: dict[str, int], name: str, value: Any, line: int, file: str) -> None:
    known = merged.values.setdefault(name, value)
    first = first_at.setdefault(name, line)
    if known != value:
        words = {"file": file, "line": line, "column": name, "first": first, "other": known}
        merged.findings.append(file_finding("F119", name, value, **words))


def _check_required(merged: ParsedRow, required: Iterable[str], file: str) -> None:
    for entry in required:
        names = entry.split("|")
        if not any(name in merged.values or name in _LINE_COLUMNS for name in names):
            shown = " or ".join(names)
            merged.findings.append(file_finding("F103", shown, "", file=file, line=merged.line, column=shown))


class _Collected:
    """Adds lines to the lists and sums of the canonical record, by their type."""

    def __init__(self, merged: ParsedRow, file: str, *, numbered: bool) -> None:
        self._merged = merged
        self._data = merged.values
        self._file = file
        self._numbered = numbered

    def add_all(self, lines: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        # Settlements and taxes last: they look for the part-exchange that their code names.
        later = [(at, line) for at, line in lines if line.get("line_type") in _OF_TRADES]
        for _, line in lines:
            self._add(line)
        for at, line in later:
            self._settle(at, line)

    def _add(self, line: Mapping[str, Any]) -> None:
        match line.get("line_type"):
            case "vehicle":
                self._sum("vehicle_price", line.get("amount"))
                self._sum("vehicle_cost", line.get("cost"))
            case "discount":
                self._sum("discount", line.get("amount"))
            case "accessory":
                self._sum("accessories_total", line.get("amount"))
            case "fee":
                self._item("fees", line, name="description", amount="amount", cost="cost", taxable="taxable",
                           passthrough="passthrough", kind="kind", provider="provider")  # fmt: skip
            case "product":
                self._item("products", line, name="description", amount="amount", cost="cost", taxable="taxable",
                           kind="kind", provider="provider")  # fmt: skip
            case "tax":
                code = "tax_code" if "tax_code" in line else "code"
                self._item("taxes", line, name="description", code=code, amount="amount")
                self._sum("tax_total", line.get("amount"))
            case "trade_allowance":
                self._item("trades", line, stock_number="code", allowance="amount", acv="cost", model="description",
                           tax_credit_eligible="tax_credit_eligible")  # fmt: skip
            case "deposit":
                self._item("deposits", line, amount="amount", method="method", date="date", reference="reference")
            case "payment":
                self._item("payments", line, amount="amount", method="method", date="date", reference="reference")
            case "rebate":
                self._sum("rebate", line.get("amount"))
            case "finance":
                self._sum("finance_amount", line.get("amount"))
                self._copy(line, finance_company="description", finance_reference="reference")
            case "commission" if line.get("kind") == "fi":
                self._sum("fi_commission_amount", line.get("amount"))
                self._copy(line, fi_manager_id="code")
            case "commission":
                self._sum("commission_amount", line.get("amount"))
                self._copy(line, salesperson_id="code", salesperson_name="description")
            case "cost":
                name = "recon_cost" if line.get("kind") == "recon" else "vehicle_cost"
                self._sum(name, line.get("cost", line.get("amount")))
            case _:
                return

    def _sum(self, name: str, amount: str | None) -> None:
        if amount is not None:
            before = Decimal(self._data.get(name, "0.00"))
            self._data[name] = f"{before + Decimal(amount):f}"

    def _copy(self, line: Mapping[str, Any], **names: str) -> None:
        for target, name in names.items():
            if name in line:
                self._data.setdefault(target, line[name])

    def _item(self, group: str, line: Mapping[str, Any], **names: str) -> None:
        items = self._data.setdefault(group, [])
        item: dict[str, Any] = {"index": line["line_no"] if self._numbered else len(items) + 1}
        item.update({target: line[name] for target, name in names.items() if name in line})
        items.append(item)

    def _settle(self, at: int, line: Mapping[str, Any]) -> None:
        """Put a settlement or a tax on the part-exchange with its code, or on the only one."""
        trades = self._data.get("trades", [])
        code = line.get("code")
        fitting = [trade for trade in trades if code is None or trade.get("stock_number") == code]
        if len(fitting) != 1:
            finding = file_finding("F120", "code", code or "", file=self._file, line=at)
            self._merged.findings.append(finding)
            return
        trade = fitting[0]
        name = _OF_TRADES[line["line_type"]]
        trade[name] = f"{Decimal(trade.get(name, '0.00')) + Decimal(line.get('amount', '0.00')):f}"
        if name == "payoff" and "description" in line:
            trade.setdefault("payoff_lender", line["description"])
