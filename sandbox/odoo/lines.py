"""The lines of entries: account.move.line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sandbox.odoo import documents, reconcile
from sandbox.odoo.basics import Generic
from sandbox.odoo.database import Record
from sandbox.odoo.documents import NOTES, SALES
from sandbox.odoo.errors import OdooError, user_error
from sandbox.odoo.model import Values, public
from sandbox.odoo.schema import Field
from sandbox.odoo.values import rounded

_FROM_MOVE = {
    "date": "date",
    "journal_id": "journal_id",
    "company_id": "company_id",
    "move_name": "name",
    "parent_state": "state",
    "ref": "ref",
    "move_type": "move_type",
    "payment_id": "origin_payment_id",
    "invoice_date": "invoice_date",
    "company_currency_id": "company_currency_id",
}
_FIXED_LINE = frozenset({
    "account_id", "debit", "credit", "balance", "amount_currency", "currency_id", "price_unit", "quantity", "discount",
    "tax_ids", "partner_id", "display_type",
})  # fmt: skip


class MoveLine(Generic):
    """account.move.line."""

    derived = frozenset(_FROM_MOVE) | {"account_type", "amount_residual", "amount_residual_currency", "reconciled"}

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """Account, taxes, currency and sides that were not given."""
        move = self.env.record("account.move", values["move_id"])
        invoice = move["move_type"] != "entry"
        values["display_type"] = values.get("display_type") or "product"
        values["currency_id"] = values.get("currency_id") or move["currency_id"]
        if values["display_type"] in NOTES:
            return values | {"account_id": False}
        if invoice:
            values["partner_id"] = move["partner_id"]
            values.setdefault("quantity", Decimal(1))
            journal = self.env.record("account.journal", move["journal_id"])
            values["account_id"] = values.get("account_id") or journal["default_account_id"]
        self.check_references({"account_id": values.get("account_id")})
        if not values.get("account_id"):
            raise user_error("A line of an entry needs an account.")
        self._check_company(move, values)
        if invoice and "tax_ids" not in values:
            values["tax_ids"] = self._default_taxes(move, values["account_id"])
        if not invoice:
            self._sides(move, values)
        return values

    def change_values(self, number: int, vals: Values) -> None:
        """Change a line without settling its entry."""
        line = self.env.record(self.name, number)
        move = self.env.record("account.move", line["move_id"])
        fixed = [name for name in vals if name in _FIXED_LINE]
        if move["state"] == "posted" and fixed:
            raise user_error(f"You cannot modify a line of a posted entry: {', '.join(fixed)}")
        kept, _ = self.split(vals, number)
        if move["move_type"] == "entry" and {"debit", "credit", "balance", "amount_currency"} & set(kept):
            self._sides(move, kept | {"currency_id": kept.get("currency_id", line["currency_id"])})
            kept = self._moved(move, line, kept)
        self._check_company(move, {**line, **kept})
        self.change(number, kept)

    def remove(self, number: int) -> None:
        """Take a line away."""
        line = self.env.record(self.name, number)
        if self.env.record("account.move", line["move_id"])["state"] == "posted":
            raise user_error("You can't delete a posted journal item: reset the journal entry to draft first.")
        super().remove(number)

    @public(ids=False)
    def create(self, vals_list: Sequence[Values] | Values) -> list[int]:
        """Lines of entries that are there; each entry must balance afterwards."""
        found = super().create(vals_list)
        self._settle(found)
        return found

    @public(ids=True)
    def write(self, ids: Sequence[int], vals: Values) -> bool:
        """Change lines; each entry must balance afterwards."""
        for number in ids:
            self.change_values(number, vals)
        self._settle(ids)
        return True

    @public(ids=True)
    def unlink(self, ids: Sequence[int]) -> bool:
        """Take lines away; each entry must balance afterwards."""
        moves = {self.env.record(self.name, number)["move_id"] for number in ids}
        for number in ids:
            self.remove(number)
        for move in sorted(moves):
            documents.settle(self.env, move)
        return True

    @public(ids=True)
    def reconcile(self, ids: Sequence[int]) -> None:
        """Match posted lines of one account."""
        reconcile.match(self.env, ids)

    @public(ids=True)
    def remove_move_reconcile(self, ids: Sequence[int]) -> None:
        """Undo what was matched."""
        reconcile.unmatch(self.env, ids)

    def computed(self, record: Record, field: Field) -> Any:
        """What a line has from its entry and its account."""
        if field.name in _FROM_MOVE:
            return self.env.record("account.move", record["move_id"]).get(_FROM_MOVE[field.name], False)
        if field.name == "account_type":
            return record["account_id"] and self.env.record("account.account", record["account_id"])["account_type"]
        if field.name in ("amount_residual", "amount_residual_currency", "reconciled"):
            return reconcile.residuals(self.env, record)[field.name]
        return super().computed(record, field)

    def display(self, number: int) -> str:
        """The entry's number and the line's text."""
        line = self.env.record(self.name, number)
        return f"{self.env['account.move'].display(line['move_id'])} {line['name'] or ''}".strip()

    def _settle(self, lines: Iterable[int]) -> None:
        for move in sorted({self.env.record(self.name, number)["move_id"] for number in lines}):
            if self.env.record("account.move", move)["state"] == "draft":
                documents.settle(self.env, move)

    def _default_taxes(self, move: Record, account: int) -> tuple[int, ...]:
        """Those of the account: a caller who says nothing about taxes gets them."""
        use = "sale" if move["move_type"] in SALES else "purchase"
        taxes = self.env.record("account.account", account)["tax_ids"]
        return tuple(tax for tax in taxes if self.env.record("account.tax", tax)["type_tax_use"] == use)

    def _sides(self, move: Record, values: dict[str, Any]) -> None:
        """Debit, credit and balance from whichever of them was given, rounded to the company's currency."""
        if values.get("tax_ids"):
            raise user_error("The sandbox does not compute taxes of journal entries: give the tax lines themselves.")
        company = documents.company_currency(self.env, move)
        own, foreign = self.env.places(company), values["currency_id"] != company
        if values.get("balance"):
            balance = values["balance"]
        elif values.get("debit") or values.get("credit"):
            balance = values.get("debit", Decimal(0)) - values.get("credit", Decimal(0))
        else:
            units = documents.rate(self.env, {**move, "currency_id": values["currency_id"]})
            balance = values.get("amount_currency", Decimal(0)) / units
        values.update(documents.sides(rounded(balance, own)))
        if not foreign:
            values["amount_currency"] = values["balance"]
        elif "amount_currency" not in values:
            units = documents.rate(self.env, {**move, "currency_id": values["currency_id"]})
            values["amount_currency"] = rounded(balance * units, self.env.places(values["currency_id"]))

    def _moved(self, move: Record, line: Record, kept: dict[str, Any]) -> dict[str, Any]:
        """A changed side, with the other one as it was."""
        figures = {"currency_id": line["currency_id"], **kept}
        if "balance" not in kept and ("debit" in kept) != ("credit" in kept):
            other = "credit" if "debit" in kept else "debit"
            figures[other] = Decimal(0) if kept.get("debit") or kept.get("credit") else line[other]
        self._sides(move, figures)
        return figures

    def _check_company(self, move: Record, values: Values) -> None:
        account = values.get("account_id")
        if account and move["company_id"] not in documents.companies_of(self.env, account):
            company = self.env.record("res.company", move["company_id"])
            raise incompatible(company, "account.account", self.env.record("account.account", account))
        for tax in values.get("tax_ids") or ():
            record = self.env.record("account.tax", tax)
            if record["company_id"] != move["company_id"]:
                raise incompatible(self.env.record("res.company", move["company_id"]), "account.tax", record)


def incompatible(company: Record, model: str, record: Record) -> OdooError:
    """A record of another company."""
    return user_error(
        "Incompatible companies on records:\n"
        f"- '{record['name']}' ({model}) belongs to another company than '{company['name']}'."
    )
