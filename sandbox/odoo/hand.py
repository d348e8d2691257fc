"""A person in the same database: what somebody does at a screen while the integration is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.odoo import posting
from sandbox.odoo.server import PERSON

if TYPE_CHECKING:
    from sandbox.odoo.server import Server


class Hand:
    """A person's deeds. Each is one transaction by the user 3, in the write log like any other.

    Every method raises `OdooError` where the server would refuse the person too.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def make(self, model: str, **values: Any) -> int:
        """Type a record by hand; its id."""
        with self._server.transaction(PERSON) as env:
            return env[model].create([values])[0]

    def type_invoice(self, partner: int, lines: list[tuple[str, Any]], *, post: bool = True, **values: Any) -> int:
        """Type a customer invoice with lines of a text and a price, and post it; its id."""
        commands = [(0, 0, {"name": name, "price_unit": price, "tax_ids": [(6, 0, [])]}) for name, price in lines]
        with self._server.transaction(PERSON) as env:
            given = {"move_type": "out_invoice", "partner_id": partner, "invoice_line_ids": commands, **values}
            number = env["account.move"].create([given])[0]
            if post:
                posting.post(env, [number])
            return number

    def edit(self, model: str, number: int, **values: Any) -> None:
        """Change a record."""
        with self._server.transaction(PERSON) as env:
            env[model].write([number], values)

    def post(self, move: int) -> None:
        """Post a draft."""
        with self._server.transaction(PERSON) as env:
            posting.post(env, [move])

    def reset_to_draft(self, move: int) -> None:
        """Back to draft."""
        with self._server.transaction(PERSON) as env:
            posting.to_draft(env, [move])

    def cancel(self, move: int) -> None:
        """Cancel an entry."""
        with self._server.transaction(PERSON) as env:
            posting.cancel(env, [move])

    def delete(self, model: str, number: int) -> None:
        """Delete a record."""
        with self._server.transaction(PERSON) as env:
            env[model].unlink([number])

    def lock(self, day: str | None, *, kind: str = "fiscalyear", company: int = 1) -> None:
        """Move a lock date: `fiscalyear`, `tax`, `sale`, `purchase` or `hard`; None takes it away."""
        with self._server.transaction(PERSON) as env:
            env["res.company"].write([company], {f"{kind}_lock_date": day})

    def archive(self, model: str, number: int) -> None:
        """Archive a record: an account, a journal, a partner, a currency."""
        with self._server.transaction(PERSON) as env:
            field = env.traits.archived_accounts if model == "account.account" else "active"
            env[model].write([number], {field: field == "deprecated"})

    def pay(self, move: int, amount: Any = None, *, journal: int | None = None) -> int:
        """Register a payment of an invoice; the payment's id."""
        context = {"active_model": "account.move", "active_ids": [move]}
        values = {name: value for name, value in (("amount", amount), ("journal_id", journal)) if value is not None}
        with self._server.transaction(PERSON, context) as env:
            wizard = env["account.payment.register"].create([values])[0]
            action = env["account.payment.register"].action_create_payments([wizard])  # type: ignore[attr-defined]
            return int(action["res_id"])
