"""The plan of one deal as a page that a controller can check with a pencil: every entry, every line, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealbooks.cli import output
from dealbooks.cli.output import Column


def show_page(data: Mapping[str, Any], accounts: Mapping[str, str]) -> None:
    """Show what a deal comes to. `data` has the form of a case's `expected`; `accounts` names a role's account."""
    invoice = data["invoice"]
    _invoice(invoice)
    _rows("Taxes", data["taxes"], ("code", "base", "rate", "amount", "account_role", "shown_on_invoice"))
    for entry in data["entries"]:
        _entry(entry, accounts)
    _rows("Commissions", data["commissions"], ("plan", "person", "amount"))
    output.pairs([(name.replace("_", " "), str(value)) for name, value in data["metrics"].items()])
    if "stock_book_sale" in data:
        _rows("Stock book: sold", [data["stock_book_sale"]], tuple(data["stock_book_sale"]))
    if data.get("stock_book_trades"):
        _rows("Stock book: taken in", data["stock_book_trades"], tuple(data["stock_book_trades"][0]))
    for where, balances in data["closing_balances"].items():
        output.table(
            ["account role", "account", Column("balance", amount=True)],
            [(role, accounts.get(role, ""), amount) for role, amount in balances.items()],
            title=f"Balances of the deal, {where} (debit less credit)",
        )


def _invoice(invoice: Mapping[str, Any]) -> None:
    output.table(
        ["line", Column("net", amount=True), Column("tax", amount=True), Column("gross", amount=True), "tax code"],
        [(one["line_id"], one["net"], one["tax"], one["gross"], one["tax_code"]) for one in invoice["lines"]],
        title=f"Invoice to {invoice['bill_to']}: {invoice['gross_total']}, tax shown {invoice['tax_total_shown']}",
    )


def _entry(entry: Mapping[str, Any], accounts: Mapping[str, str]) -> None:
    from dealbooks.posting.explain import rule_for

    title = f"{entry['entry_id']}  {entry['event']}  {entry['accounting_date']}  {entry['legal_entity']}"
    title += f"  in {entry['currency']}"
    if entry.get("reverses"):
        title += f"  takes back {entry['reverses']}"
    sides = (Column("debit", amount=True), Column("credit", amount=True))
    heads: list[Column | str] = ["part", "account role", *sides, "tax code", "dimensions", "why"]
    rows = [
        [
            line["part"], line["account_role"], _side(line["debit"]), _side(line["credit"]), line["tax_code"] or "",
            _places(line["dimensions"]), rule_for(line["part"], line["account_role"]),
        ]
        for line in entry["lines"]
    ]  # fmt: skip
    rows.append(["total", "", entry["total_debit"], entry["total_credit"], "", "", ""])
    if accounts:
        heads.insert(2, "account")
        for row in rows:
            row.insert(2, accounts.get(row[1], ""))
    output.table(heads, rows, title=title)
    if entry.get("note"):
        output.say(f"Note: {entry['note']}")


def _side(amount: str) -> str:
    """Nothing is shown on the side that a line is not on."""
    return amount if amount.strip("0.") else ""


def _places(dimensions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in dimensions.items())


def _rows(title: str, rows: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    if not rows:
        return
    amounts = {"base", "amount", "vat", "margin", "purchase_price", "selling_price", "equity", "tax_purchase_price",
               "ledger_stock_value"}  # fmt: skip
    heads = [Column(name.replace("_", " "), amount=name in amounts) for name in names]
    output.table(heads, [[_cell(row[name]) for name in names] for row in rows], title=title)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
