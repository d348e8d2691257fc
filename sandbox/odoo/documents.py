"""The figures of an entry: taxes, the counterpart line, totals, and that it balances."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.odoo.database import Record
from sandbox.odoo.env import Env
from sandbox.odoo.errors import user_error
from sandbox.odoo.taxes import Tax, taxed
from sandbox.odoo.values import rounded

SALES = ("out_invoice", "out_refund", "out_receipt")
PURCHASES = ("in_invoice", "in_refund", "in_receipt")
NOTES = ("line_section", "line_subsection", "line_note")
_CREDITED = ("out_invoice", "in_refund", "out_receipt")  # their product lines are credits
_ZERO = Decimal(0)


def lines_of(env: Env, move: int) -> list[Record]:
    """The lines of an entry."""
    numbers = env.database.matching("account.move.line", "move_id", move)
    return [env.record("account.move.line", number) for number in numbers]


def direction(move: Record) -> int:
    """The sign of the balance of an invoice's product lines; an entry has 1."""
    return -1 if move["move_type"] in _CREDITED else 1


def company_currency(env: Env, move: Record) -> int:
    """The currency of the books."""
    return int(env.record("res.company", move["company_id"])["currency_id"])


def rate(env: Env, move: Record) -> Decimal:
    """Units of the document's currency for one unit of the company's, at the document's date."""
    own = company_currency(env, move)
    if move["currency_id"] == own:
        return Decimal(1)
    if move["invoice_currency_rate"]:
        return Decimal(move["invoice_currency_rate"])
    day = move["invoice_date"] or move["date"]
    rates = [
        (record["name"], record["rate"])
        for _, record in env.database.all("res.currency.rate")
        if record["currency_id"] == move["currency_id"] and record["name"] <= day
    ]
    return Decimal(max(rates)[1]) if rates else Decimal(1)


def settle(env: Env, number: int) -> None:
    """Bring an entry's computed lines and totals up to date, and check that it balances.

    Raises:
        OdooError: it does not balance.
    """
    move = env.record("account.move", number)
    if move["move_type"] == "entry":
        _check_balance(env, number)
        debits = sum((line["debit"] for line in lines_of(env, number)), _ZERO)
        _totals(env, number, {"amount_total": debits, "amount_total_signed": debits})
        return
    _invoice(env, move)
    _check_balance(env, number)


def _invoice(env: Env, move: Record) -> None:
    number, places, sign = move["id"], env.places(move["currency_id"]), direction(move)
    company = env.record("res.company", move["company_id"])
    own = env.places(company["currency_id"])
    per_line = company["tax_calculation_rounding_method"] != "round_globally"
    units = rate(env, move)
    taxes: dict[int, Decimal] = {}
    bases: dict[int, Decimal] = {}
    untaxed = _ZERO
    for line in lines_of(env, number):
        if line["display_type"] != "product":
            continue
        price = line["quantity"] * line["price_unit"] * (1 - line["discount"] / 100)
        result = taxed(price, line["quantity"], taxes_of(env, line["tax_ids"]), places, per_line=per_line)
        amount = sign * result.untaxed
        changes = {"price_subtotal": result.untaxed, "price_total": result.total, **_amounts(amount, units, own)}
        env["account.move.line"].change(line["id"], changes, quiet=True)
        untaxed += result.untaxed
        for tax, due in result.taxes.items():
            taxes[tax] = taxes.get(tax, _ZERO) + due
            bases[tax] = bases.get(tax, _ZERO) + result.base
    owed = {tax: rounded(amount, places) for tax, amount in taxes.items()}
    _tax_lines(env, move, {tax: (sign * amount, sign * bases[tax]) for tax, amount in owed.items()}, units, own)
    total = untaxed + sum(owed.values(), _ZERO)
    _counterpart(env, move, -sign * total, units, own)
    signed = {
        line["id"]: line["balance"] for line in lines_of(env, number) if line["display_type"] in ("product", "tax")
    }
    tax_signed = -sum((line["balance"] for line in lines_of(env, number) if line["display_type"] == "tax"), _ZERO)
    total_signed = -sum(signed.values(), _ZERO)
    figures = {
        "amount_untaxed": untaxed,
        "amount_tax": total - untaxed,
        "amount_total": total,
        "amount_untaxed_signed": total_signed - tax_signed,
        "amount_tax_signed": tax_signed,
        "amount_total_signed": total_signed,
        "amount_total_in_currency_signed": -sign * total,
    }
    if move["state"] == "draft":
        figures |= {"amount_residual": total, "amount_residual_signed": total_signed}
    _totals(env, number, figures)


def taxes_of(env: Env, numbers: tuple[int, ...]) -> list[Tax]:
    """Taxes in the order in which they are computed; a group stands for its members."""
    found: list[Record] = []
    for number in numbers:
        record = env.record("account.tax", number)
        members = record["children_tax_ids"] if record["amount_type"] == "group" else (number,)
        found.extend(env.record("account.tax", member) for member in members)
    found.sort(key=lambda tax: (tax["sequence"], tax["id"]))
    return [
        Tax(
            tax["id"],
            tax["amount_type"],
            tax["amount"],
            bool(env["account.tax"].value(tax["id"], "price_include")),
            bool(tax["include_base_amount"]),
        )
        for tax in found
    ]


def _amounts(amount: Decimal, units: Decimal, places: int) -> dict[str, Any]:
    """An amount in the document's currency and its balance in the company's."""
    balance = rounded(amount / units, places)
    return {"amount_currency": amount, **sides(balance)}


def sides(balance: Decimal) -> dict[str, Decimal]:
    """A balance with its debit and credit."""
    return {"balance": balance, "debit": max(balance, _ZERO), "credit": max(-balance, _ZERO)}


def _tax_lines(env: Env, move: Record, due: dict[int, tuple[Decimal, Decimal]], units: Decimal, places: int) -> None:
    lines = env["account.move.line"]
    there = {line["tax_line_id"]: line["id"] for line in lines_of(env, move["id"]) if line["display_type"] == "tax"}
    for tax, number in there.items():
        if tax not in due:
            lines.remove(number)
    for tax, (amount, base) in due.items():
        record = env.record("account.tax", tax)
        figures = {**_amounts(amount, units, places), "tax_base_amount": abs(rounded(base / units, places))}
        if tax in there:
            lines.change(there[tax], figures, quiet=True)
            continue
        account = record.get("_account") or _default(env, move, "liability_current")
        _computed_line(env, move, {"display_type": "tax", "name": record["name"], "account_id": account}, figures, tax)


def _counterpart(env: Env, move: Record, amount: Decimal, units: Decimal, places: int) -> None:
    others = [line for line in lines_of(env, move["id"]) if line["display_type"] != "payment_term"]
    there = [line["id"] for line in lines_of(env, move["id"]) if line["display_type"] == "payment_term"]
    if not any(line["display_type"] not in NOTES for line in others):
        for number in there:
            env["account.move.line"].remove(number)
        return
    balance = -sum((line["balance"] for line in others), _ZERO)
    figures = {"amount_currency": amount, **sides(balance), "name": _term_name(move)}
    figures["date_maturity"] = move["invoice_date_due"] or move["invoice_date"] or move["date"]
    if there:
        env["account.move.line"].change(there[0], figures, quiet=True)
        return
    kind = "receivable" if move["move_type"] in SALES else "payable"
    account: Any = False
    if move["partner_id"]:
        account = env.record("res.partner", move["partner_id"])[f"property_account_{kind}_id"]
    account = account or _default(env, move, "asset_receivable" if kind == "receivable" else "liability_payable")
    _computed_line(env, move, {"display_type": "payment_term", "account_id": account}, figures, 0)


def _term_name(move: Record) -> str | bool:
    if not move["payment_reference"]:
        return False
    return f"{move['ref']} - {move['payment_reference']}" if move["ref"] else str(move["payment_reference"])


def _computed_line(env: Env, move: Record, values: dict[str, Any], figures: dict[str, Any], tax: int) -> None:
    lines = env["account.move.line"]
    number = lines.create_one({**values, "move_id": move["id"], "tax_ids": [(6, 0, [])]})
    lines.change(number, {**figures, "tax_line_id": tax or False}, quiet=True)


def _default(env: Env, move: Record, kind: str) -> int:
    """The company's first account of a kind.

    Raises:
        OdooError: it has none.
    """
    found: list[int] = env["account.account"].search([["account_type", "=", kind]])
    for number in found:
        if move["company_id"] in companies_of(env, number):
            return number
    raise user_error(f"The company has no account of the type {kind}.")


def companies_of(env: Env, account: int) -> tuple[int, ...]:
    """The companies that use an account."""
    record = env.record("account.account", account)
    return tuple(record["company_ids"]) if env.traits.account_companies else (record["company_id"],)


def _check_balance(env: Env, number: int) -> None:
    if sum((line["balance"] for line in lines_of(env, number)), _ZERO) != 0:
        raise user_error("The entry is not balanced.")


def _totals(env: Env, number: int, figures: dict[str, Any]) -> None:
    env["account.move"].change(number, figures, quiet=True)


def accounting_day(move: Record) -> date:
    """The date of an entry in the books."""
    return date.fromisoformat(move["date"])
