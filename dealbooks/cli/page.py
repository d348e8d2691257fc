"""The plan of one deal as a page that a controller can check with a pencil: every entry, every line, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dealbooks.cli import output
from dealbooks.cli.output import Column

if TYPE_CHECKING:
    from dealbooks.posting import Worked

_AMOUNTS = frozenset(
    ("base", "amount", "vat", "margin", "purchase_price", "selling_price", "equity", "tax_purchase_price",
     "ledger_stock_value")
)  # fmt: skip


def show_page(worked: Worked, accounts: Mapping[str, str]) -> None:
    """Show what a deal comes to; `accounts` names a role's account."""
    from dealbooks.posting import workings

    data = worked.as_expected()
    if "superseded" in data:
        _invoice(data["superseded"]["invoice"], f"Version {data['superseded']['version']}, taken back: invoice to")
    _invoice(data["invoice"], "Invoice to")
    _rows("Taxes", data["taxes"], ("code", "base", "rate", "amount", "account_role", "shown_on_invoice"))
    for entry in data["entries"]:
        _entry(entry, accounts)
    steps = workings(worked.posted)
    if steps:
        output.table(
            ["figure", "step", "how, or of what", Column("amount", amount=True)],
            [(one.figure, one.what, one.how, one.amount) for one in steps],
            title="How it is worked out",
        )
    _rows("Commissions", data["commissions"], ("plan", "person", "amount"))
    output.pairs([(name.replace("_", " "), str(value)) for name, value in data["metrics"].items()])
    if "stock_book_sale" in data:
        _rows("Stock book: sold", [data["stock_book_sale"]], tuple(data["stock_book_sale"]))
    if data.get("stock_book_trades"):
        _rows("Stock book: taken in", data["stock_book_trades"], tuple(data["stock_book_trades"][0]))
    delta = data.get("delta_if_target_posts_net_journal")
    if delta:
        _balances("The amendment as one net journal (new version less old)", delta, accounts)
    for where, balances in data["closing_balances"].items():
        _balances(f"Balances of the deal, {where} (debit less credit)", balances, accounts)
    for where, balances in data.get("closing_balances_base", {}).items():
        _balances(f"Balances of the deal in the currency of the book, {where}", balances, accounts)
    for item in data.get("unwind_incomplete", ()):
        output.say(f"Left to settle: {item}")


def _invoice(invoice: Mapping[str, Any], words: str) -> None:
    output.table(
        ["line", Column("net", amount=True), Column("tax", amount=True), Column("gross", amount=True), "tax code"],
        [(one["line_id"], one["net"], one["tax"], one["gross"], one["tax_code"]) for one in invoice["lines"]],
        title=f"{words} {invoice['bill_to']}: {invoice['gross_total']}, tax shown {invoice['tax_total_shown']}",
    )


def _entry(entry: Mapping[str, Any], accounts: Mapping[str, str]) -> None:
    from dealbooks.posting.explain import why

    title = f"{entry['entry_id']}  {entry['event']}  {entry['accounting_date']}  {entry['legal_entity']}"
    title += f"  in {entry['currency']}"
    if entry.get("reverses"):
        title += f"  takes back {entry['reverses']}"
    heads: list[Column | str] = ["part", "account role", Column("debit", amount=True), Column("credit", amount=True)]
    total = ["total", "", entry["total_debit"], entry["total_credit"]]
    base = entry.get("base_currency")
    if base:
        title += f"  at {entry['fx_rate']} {base}"
        heads += [Column(f"debit {base}", amount=True), Column(f"credit {base}", amount=True)]
        total += [entry["base_total"], entry["base_total"]]
    rows = [
        [
            line["part"], line["account_role"], _side(line["debit"]), _side(line["credit"]),
            *([_side(line["base_debit"]), _side(line["base_credit"])] if base else []),
            line["tax_code"] or "", _places(line["dimensions"]),
            why(line["part"], line["account_role"], entry.get("reverses")),
        ]
        for line in entry["lines"]
    ]  # fmt: skip
    heads += ["tax code", "dimensions", "why"]
    rows.append([*total, "", "", ""])
    if accounts:
        heads.insert(2, "account")
        for row in rows:
            row.insert(2, accounts.get(row[1], ""))
    output.table(heads, rows, title=title)
    if entry.get("note"):
        output.say(f"Note: {entry['note']}")


def _balances(title: str, balances: Mapping[str, str], accounts: Mapping[str, str]) -> None:
    output.table(
        ["account role", "account", Column("balance", amount=True)],
        [(role, accounts.get(role, ""), amount) for role, amount in balances.items()],
        title=title,
    )


def _side(amount: str) -> str:
    """Nothing is shown on the side that a line is not on."""
    return amount if amount.strip("0.") else ""


def _places(dimensions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in dimensions.items())


def _rows(title: str, rows: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    if not rows:
        return
    heads = [Column(name.replace("_", " "), amount=name in _AMOUNTS) for name in names]
    output.table(heads, [[_cell(row[name]) for name in names] for row in rows], title=title)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
