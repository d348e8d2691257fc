"""Payments, and the wizard that registers them on invoices."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.odoo import documents, posting, reconcile
from sandbox.odoo.basics import Generic
from sandbox.odoo.database import Record
from sandbox.odoo.errors import user_error
from sandbox.odoo.model import Model, public
from sandbox.odoo.schema import Field

_ZERO = Decimal(0)


class Payment(Generic):
    """account.payment: money in or out, with an entry of its own where the journal has an outstanding account."""

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """What was not given."""
        values.setdefault("payment_type", "inbound")
        values.setdefault("partner_type", "customer")
        company = values.get("company_id") or self.env.company
        journal = values.get("journal_id") or bank_journal(self, company)
        record = self.env.record("account.journal", journal)
        method = values.get("payment_method_line_id") or method_of(self, journal)
        account = method and self.env.record("account.payment.method.line", method)["payment_account_id"]
        values.update(
            journal_id=journal,
            company_id=record["company_id"],
            currency_id=values.get("currency_id") or record["currency_id"] or _company_currency(self, company),
            date=values.get("date") or self.env.today.isoformat(),
            state=self.env.traits.payment_states[0],
            payment_method_line_id=method,
            outstanding_account_id=account,
            name=False,
        )
        if values.get("amount", _ZERO) < 0:
            raise user_error("The payment amount cannot be negative.")
        return values

    @public(ids=True)
    def action_post(self, ids: Sequence[int]) -> None:
        """Post payments; it answers nothing, so XML-RPC answers with a Fault though it has been done."""
        for number in ids:
            payment = self.env.record(self.name, number)
            if payment["state"] != self.env.traits.payment_states[0]:
                raise user_error("Only draft payments can be posted.")
            self._post(payment)

    @public(ids=True)
    def action_draft(self, ids: Sequence[int]) -> None:
        """Back to draft, with its entry."""
        for number in ids:
            move = self.env.record(self.name, number)["move_id"]
            if move:
                posting.to_draft(self.env, [move])
            self.change(number, {"state": self.env.traits.payment_states[0]})

    @public(ids=True)
    def action_cancel(self, ids: Sequence[int]) -> None:
        """Cancel, with its entry."""
        for number in ids:
            payment = self.env.record(self.name, number)
            if payment["move_id"]:
                posting.cancel(self.env, [payment["move_id"]])
            self.change(number, {"state": self.env.traits.payment_states[2]})
            for move in payment["invoice_ids"]:
                reconcile.refresh(self.env, move)
            self.env.mark("void", self.name, number)

    @public(ids=True)
    def unlink(self, ids: Sequence[int]) -> bool:
        """Delete payments that are not posted."""
        for number in ids:
            payment = self.env.database.get(self.name, number)
            if payment is not None and payment["state"] == self.env.traits.payment_states[1]:
                raise user_error("You cannot delete a payment that is posted: reset it to draft first.")
            if payment is not None and payment["move_id"]:
                self.env["account.move"].unlink([payment["move_id"]])
        return super().unlink(ids)

    def computed(self, record: Record, field: Field) -> Any:
        """What follows from its entry."""
        if field.name == "reconciled_invoice_ids":
            return reconcile.invoices_of(self.env, record)
        if field.name == "is_reconciled":
            return bool(reconcile.invoices_of(self.env, record))
        return super().computed(record, field)

    def _post(self, payment: Record) -> None:
        changes: dict[str, Any] = {"state": self.env.traits.payment_states[1]}
        if payment["move_id"]:
            posting.post(self.env, [payment["move_id"]])
        elif payment["outstanding_account_id"]:
            move = self._entry(payment)
            self.change(payment["id"], {"move_id": move})
            posting.post(self.env, [move])
            changes["name"] = self.env.record("account.move", move)["name"]
        else:
            journal = self.env.record("account.journal", payment["journal_id"])
            changes["name"] = f"P{journal['code']}/{payment['date'][:4]}/{payment['id']:05d}"
        self.change(payment["id"], changes)
        self.env.mark("post", self.name, payment["id"])

    def _entry(self, payment: Record) -> int:
        memo = payment[self.env.traits.payment_memo] or False
        sign = 1 if payment["payment_type"] == "inbound" else -1
        counterpart = payment["destination_account_id"] or self._counterpart(payment)
        moves = self.env["account.move"]
        amount = sign * payment["amount"]
        writeoff = payment.get("_writeoff") or {}
        other = sum(writeoff.values(), _ZERO)
        lines = [(payment["outstanding_account_id"], amount), (counterpart, -amount - other), *writeoff.items()]
        number = moves.create_one({
            "move_type": "entry",
            "journal_id": payment["journal_id"],
            "date": payment["date"],
            "ref": memo,
            "partner_id": payment["partner_id"],
            "currency_id": payment["currency_id"],
            "line_ids": [
                (0, 0, {"account_id": account, "partner_id": payment["partner_id"], "name": memo,
                        "currency_id": payment["currency_id"], "amount_currency": value})
                for account, value in lines
            ],
        })  # fmt: skip
        moves.change(number, {"origin_payment_id": payment["id"]}, quiet=True)
        return number

    def _counterpart(self, payment: Record) -> int:
        kind = "receivable" if payment["partner_type"] == "customer" else "payable"
        if payment["partner_id"]:
            own = self.env.record("res.partner", payment["partner_id"])[f"property_account_{kind}_id"]
            if own:
                return int(own)
        wanted = "asset_receivable" if kind == "receivable" else "liability_payable"
        for number in self.env["account.account"].search([["account_type", "=", wanted]]):
            if payment["company_id"] in documents.companies_of(self.env, number):
                return number
        raise user_error(f"The company has no account of the type {wanted}.")


class PaymentRegister(Generic):
    """account.payment.register: two calls, of which only the second one writes to the books."""

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """What is open on the chosen invoices."""
        lines = self._lines()
        first = self.env.record("account.move", lines[0]["move_id"])
        sign = -documents.direction(first)
        due = abs(sum((reconcile.residuals(self.env, line)["amount_residual_currency"] for line in lines), _ZERO))
        journal = values.get("journal_id") or bank_journal(self, first["company_id"])
        values["amount"] = values.get("amount") or due
        values.setdefault("communication", first["payment_reference"] or first["ref"] or first["name"])
        values.setdefault("payment_difference_handling", "open")
        values.update(
            journal_id=journal,
            payment_date=values.get("payment_date") or self.env.today.isoformat(),
            currency_id=values.get("currency_id") or first["currency_id"],
            payment_method_line_id=values.get("payment_method_line_id") or method_of(self, journal),
            line_ids=tuple(line["id"] for line in lines),
            company_id=first["company_id"],
            partner_id=first["partner_id"],
            payment_type="inbound" if sign > 0 else "outbound",
            source_amount=due,
            payment_difference=due - values["amount"],
        )
        return values

    @public(ids=True)
    def action_create_payments(self, ids: Sequence[int]) -> Any:
        """Make the payments and match them; true or an action, as the context asks."""
        made = [self._pay(self.env.record(self.name, number)) for number in ids]
        if self.env.context.get("dont_redirect_to_payments"):
            return True
        return {
            "name": "Payments",
            "type": "ir.actions.act_window",
            "res_model": "account.payment",
            "context": {"create": False},
            "view_mode": "form",
            "res_id": made[0] if made else False,
        }

    def _pay(self, wizard: Record) -> int:
        payments = self.env["account.payment"]
        lines = [self.env.record("account.move.line", number) for number in wizard["line_ids"]]
        moves = tuple(dict.fromkeys(line["move_id"] for line in lines))
        customer = self.env.record("account.move", moves[0])["move_type"] in documents.SALES
        values: dict[str, Any] = {
            "payment_type": wizard["payment_type"],
            "partner_type": "customer" if customer else "supplier",
            "partner_id": wizard["partner_id"],
            "amount": wizard["amount"],
            "date": wizard["payment_date"],
            "journal_id": wizard["journal_id"],
            "currency_id": wizard["currency_id"],
            "payment_method_line_id": wizard["payment_method_line_id"],
            "destination_account_id": lines[0]["account_id"],
            self.env.traits.payment_memo: wizard["communication"],
        }
        number = payments.create_one(values)
        payments.change(number, {"invoice_ids": moves}, quiet=True)
        difference = wizard["source_amount"] - wizard["amount"]
        if wizard["payment_difference_handling"] == "reconcile" and difference:
            sign = 1 if wizard["payment_type"] == "inbound" else -1
            payments.change(number, {"_writeoff": {wizard["writeoff_account_id"]: sign * difference}}, quiet=True)
        payments.action_post([number])  # type: ignore[attr-defined]
        move = self.env.record("account.payment", number)["move_id"]
        if move:
            own = [
                line["id"]
                for line in documents.lines_of(self.env, move)
                if line["account_id"] == lines[0]["account_id"]
            ]
            reconcile.match(self.env, [*(line["id"] for line in lines), *own])
        for invoice in moves:
            reconcile.refresh(self.env, invoice)
        return number

    def _lines(self) -> list[Record]:
        """The open lines of the invoices that the context names."""
        model, ids = self.env.context.get("active_model"), self.env.context.get("active_ids") or []
        if model == "account.move":
            moves = [self.env.record("account.move", number) for number in ids]
        elif model == "account.move.line":
            lines = [self.env.record("account.move.line", number) for number in ids]
            moves = [self.env.record("account.move", line["move_id"]) for line in lines]
        else:
            raise user_error("The register payment wizard should only be called on account.move or account.move.line.")
        if any(move["state"] != "posted" for move in moves):
            raise user_error("You can only register payment for posted journal entries.")
        found = [line for move in moves for line in reconcile.open_lines(self.env, move["id"])]
        if not found:
            raise user_error(
                "You can't register a payment because there is nothing left to pay on the selected journal items."
            )
        if len({move["company_id"] for move in moves}) > 1:
            raise user_error("You can't create payments for entries belonging to different companies.")
        return found


def bank_journal(model: Model, company: int) -> int:
    """The company's first bank or cash journal.

    Raises:
        OdooError: it has none.
    """
    domain = [["type", "in", ["bank", "cash"]], ["company_id", "=", company]]
    found = model.env["account.journal"].search(domain, limit=1)
    if not found:
        raise user_error("The company has no bank or cash journal.")
    return found[0]


def method_of(model: Model, journal: int) -> int | bool:
    """A journal's first payment method."""
    found = model.env["account.payment.method.line"].search([["journal_id", "=", journal]], limit=1)
    return found[0] if found else False


def _company_currency(model: Model, company: int) -> int:
    return int(model.env.record("res.company", company)["currency_id"])
