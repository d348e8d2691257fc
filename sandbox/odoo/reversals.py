"""The wizard that reverses entries: a credit note as a draft, or the mirrored entry, posted at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.odoo import documents, naming, posting, reconcile
from sandbox.odoo.basics import Generic
from sandbox.odoo.database import Record
from sandbox.odoo.errors import user_error
from sandbox.odoo.model import public

_TURNED = {
    "entry": "entry",
    "out_invoice": "out_refund",
    "out_receipt": "out_refund",
    "out_refund": "out_invoice",
    "in_invoice": "in_refund",
    "in_receipt": "in_refund",
    "in_refund": "in_invoice",
}
_NOT_COPIED = frozenset({
    "id", "name", "date", "state", "payment_state", "payment_reference", "posted_before", "invoice_date",
    "invoice_date_due", "create_date", "create_uid", "write_date", "write_uid", "reversed_entry_id", "auto_post",
    "origin_payment_id", "matched_payment_ids", "inalterable_hash", "journal_id", "delivery_date",
})  # fmt: skip
_LINE_COPIED = ("name", "display_type", "account_id", "quantity", "price_unit", "discount", "product_id", "sequence",
                "analytic_distribution", "partner_id")  # fmt: skip


class Reversal(Generic):
    """account.move.reversal."""

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """The entries of the context, if none are named."""
        if not values.get("move_ids") and self.env.context.get("active_model") == "account.move":
            values["move_ids"] = tuple(self.env.context.get("active_ids") or ())
        moves = [self.env.record("account.move", number) for number in values.get("move_ids", ())]
        if any(move["state"] != "posted" for move in moves):
            raise user_error("To reverse a journal entry, it has to be posted first.")
        if not moves:
            raise user_error("Choose the entries to reverse.")
        values["journal_id"] = values.get("journal_id") or moves[0]["journal_id"]
        values["company_id"] = values.get("company_id") or moves[0]["company_id"]
        values["date"] = values.get("date") or self.env.today.isoformat()
        if values["company_id"] != moves[0]["company_id"]:
            raise user_error("All selected moves for reversal must belong to the same company.")
        return values

    def method(self, name: str) -> bool:
        """Whether this version has a method: up to 16 the way is a field."""
        if name in ("reverse_moves", "refund_moves", "modify_moves"):
            return (name == "reverse_moves") == self.env.traits.refund_method
        return super().method(name)

    @public(ids=True)
    def refund_moves(self, ids: Sequence[int]) -> dict[str, Any]:
        """A credit note as a draft; of an entry the mirrored one, posted and matched unless its date is to come."""
        return self._reverse(ids, modify=False)

    @public(ids=True)
    def modify_moves(self, ids: Sequence[int]) -> dict[str, Any]:
        """Reverse, post, match, and make a new draft like the original."""
        return self._reverse(ids, modify=True)

    @public(ids=True)
    def reverse_moves(self, ids: Sequence[int]) -> dict[str, Any]:
        """Up to 16: what `refund_method` says."""
        chosen = self.env.record(self.name, ids[0])["refund_method"] or "refund"
        return self._reverse(ids, modify=chosen == "modify", cancel=chosen == "cancel")

    def _reverse(self, ids: Sequence[int], *, modify: bool, cancel: bool = False) -> dict[str, Any]:
        made: list[int] = []
        kind = "entry"
        for wizard in (self.env.record(self.name, number) for number in ids):
            for number in wizard["move_ids"]:
                move = self.env.record("account.move", number)
                made.append(self._one(wizard, move, modify=modify, cancel=cancel))
                kind = self.env.record("account.move", made[-1])["move_type"]
            self.change(wizard["id"], {"new_move_ids": tuple(made)})
        action: dict[str, Any] = {"name": "Reverse Moves", "type": "ir.actions.act_window", "res_model": "account.move"}
        if len(made) == 1:
            return action | {"view_mode": "form", "res_id": made[0], "context": {"default_move_type": kind}}
        return action | {
            "view_mode": "list,form",
            "domain": [["id", "in", made]],
            "context": {"default_move_type": kind},
        }

    def _one(self, wizard: Record, move: Record, *, modify: bool, cancel: bool) -> int:
        moves = self.env["account.move"]
        later = wizard["date"] > self.env.today.isoformat()
        number = moves.create_one(self._mirrored(wizard, move, later=later))
        moves.change(number, {"reversed_entry_id": move["id"]}, quiet=True)
        if (move["move_type"] == "entry" or modify or cancel) and not later:
            posting.post(self.env, [number])
            self._match(move["id"], number)
        if not modify:
            return number
        return moves.create_one(self._copied(move) | {
            "invoice_date": wizard["date"], "journal_id": move["journal_id"], "ref": move["ref"],
        })  # fmt: skip

    def _mirrored(self, wizard: Record, move: Record, *, later: bool) -> dict[str, Any]:
        shown = str(move["name"]) if naming.named(move) else ""
        reason = f"Reversal of: {shown}, {wizard['reason']}" if wizard["reason"] else f"Reversal of: {shown}"
        values = self._copied(move) | {
            "move_type": _TURNED[move["move_type"]],
            "journal_id": wizard["journal_id"],
            "date": wizard["date"],
            "ref": reason,
            "auto_post": "at_date" if later else "no",
        }
        if move["move_type"] == "entry":
            values["line_ids"] = [
                (0, 0, self._line(line) | {"balance": -line["balance"], "amount_currency": -line["amount_currency"],
                                           "currency_id": line["currency_id"]})
                for line in documents.lines_of(self.env, move["id"])
            ]  # fmt: skip
        else:
            values["invoice_date"] = wizard["date"]
        return values

    def _copied(self, move: Record) -> dict[str, Any]:
        """A copy as the server makes one; the settings say whether custom fields are copied."""
        fields = self.env.schema["account.move"]
        values = {
            name: _as_command(held)
            for name, held in move.items()
            if name in fields and name not in _NOT_COPIED and not fields[name].computed
            if self.env.settings.copies_custom_fields or not name.startswith("x_")
        }
        if move["move_type"] != "entry":
            shown = ("product", *documents.NOTES)
            values["invoice_line_ids"] = [
                (0, 0, self._line(line) | {"tax_ids": [(6, 0, list(line["tax_ids"]))]})
                for line in documents.lines_of(self.env, move["id"])
                if line["display_type"] in shown
            ]
        return values

    def _line(self, line: Record) -> dict[str, Any]:
        return {name: line[name] for name in _LINE_COPIED}

    def _match(self, first: int, second: int) -> None:
        open_lines = [
            line
            for move in (first, second)
            for line in documents.lines_of(self.env, move)
            if reconcile.residuals(self.env, line)["amount_residual"]
        ]
        for account in dict.fromkeys(line["account_id"] for line in open_lines):
            reconcile.match(self.env, [line["id"] for line in open_lines if line["account_id"] == account])
        if self.env.record("account.move", first)["move_type"] != "entry":
            reconcile.refresh(self.env, first)


def _as_command(value: Any) -> Any:
    return [(6, 0, list(value))] if isinstance(value, tuple) else value
