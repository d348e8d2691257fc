"""Journal entries and invoices: account.move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.odoo import documents, naming, posting, reconcile
from sandbox.odoo.basics import Generic
from sandbox.odoo.database import Record
from sandbox.odoo.documents import NOTES, PURCHASES, SALES
from sandbox.odoo.errors import user_error, validation_error
from sandbox.odoo.lines import MoveLine, incompatible
from sandbox.odoo.model import Values, public
from sandbox.odoo.schema import Field

_FIXED = (
    "invoice_line_ids", "line_ids", "invoice_date", "date", "partner_id", "invoice_payment_term_id", "currency_id",
    "fiscal_position_id",
)  # fmt: skip


class Move(Generic):
    """account.move."""

    derived = frozenset({"duplicated_ref_ids", "commercial_partner_id", "matched_payment_ids"})

    def create_one(self, values: Values) -> int:
        """Make a draft; its lines, taxes and totals with it."""
        if values.get("state") == "posted":
            raise user_error(
                "You cannot create a move already in the posted state. Please create a draft move and post it after."
            )
        return super().create_one(values)

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """Company, journal, currency and dates that were not given."""
        values.setdefault("move_type", "entry")
        values["state"] = "draft"
        journal = values.get("journal_id") or self._journal(values)
        record = self.env.record("account.journal", journal)
        company = values.get("company_id") or record["company_id"]
        _check_journal(values["move_type"], record)
        own = self.env.record("res.company", company)["currency_id"]
        day = values.get("invoice_date") or self.env.today.isoformat()
        values.update(
            journal_id=journal,
            company_id=company,
            company_currency_id=own,
            currency_id=values.get("currency_id") or record["currency_id"] or own,
            date=values.get("date") or day,
            auto_post=values.get("auto_post") or "no",
            payment_state="not_paid",
            name=values.get("name") or self.env.traits.draft_name,
            posted_before=False,
        )
        if values["move_type"] != "entry" and not values.get("invoice_date_due"):
            values["invoice_date_due"] = values.get("invoice_date") or False
        self._check_companies(values)
        return values

    def made(self, number: int, commands: Mapping[str, Any]) -> None:
        """Lines, then the figures."""
        move = self.env.record(self.name, number)
        self.env.database.update(self.name, number, {naming.SERIES: naming.series_of(move)})
        super().made(number, commands)
        naming.check_date(self.env.record(self.name, number))
        documents.settle(self.env, number)

    @public(ids=True)
    def write(self, ids: Sequence[int], vals: Values) -> bool:
        """Change entries; of a posted one only what is not in the books."""
        for number in ids:
            move = self.env.record(self.name, number)
            if move["state"] == "posted":
                fixed = [name for name in vals if name in _FIXED]
                if fixed:
                    raise user_error(
                        f"You cannot modify the following readonly fields on a posted move: {', '.join(fixed)}"
                    )
        for number in ids:
            kept, commands = self.split(vals, number)
            before = self.env.record(self.name, number)
            if "invoice_date" in kept and "date" not in kept and before["move_type"] in SALES and kept["invoice_date"]:
                kept["date"] = kept["invoice_date"]
            self._check_companies({**before, **kept})
            self.change(number, kept)
            for field, value in commands.items():
                self.command(number, self.fields[field], value)
            after = self.env.record(self.name, number)
            naming.check_date(after)
            if after["state"] == "posted":
                posting.check_unique(self.env, after)
            if after["state"] == "draft":
                documents.settle(self.env, number)
        return True

    @public(ids=True)
    def unlink(self, ids: Sequence[int]) -> bool:
        """Delete drafts whose number leaves no gap."""
        for number in ids:
            move = self.env.database.get(self.name, number)
            if move is None:
                continue
            if move["state"] == "posted":
                raise user_error(
                    "You can't delete a posted journal item. Don’t play games with your accounting records; "
                    "reset the journal entry to draft before deleting it."
                )
            if move["posted_before"] and naming.named(move) and not naming.is_last(self.env, move):
                raise user_error(
                    "You cannot delete this entry: it has used a number that is not the last one. Reverse it instead."
                )
        for number in ids:
            if self.env.database.get(self.name, number) is not None:
                for line in documents.lines_of(self.env, number):
                    self.env["account.move.line"].remove(line["id"])
                self.remove(number)
        return True

    @public(ids=True)
    def action_post(self, ids: Sequence[int]) -> bool:
        """Post drafts: false, as the server answers."""
        posting.post(self.env, ids)
        return False

    @public(ids=True)
    def button_draft(self, ids: Sequence[int]) -> None:
        """Back to draft; reconciliations are undone."""
        posting.to_draft(self.env, ids)

    @public(ids=True)
    def button_cancel(self, ids: Sequence[int]) -> None:
        """Cancel; a posted entry goes back to draft first."""
        posting.cancel(self.env, ids)

    @public(ids=True)
    def js_assign_outstanding_line(self, ids: Sequence[int], line_id: int) -> None:
        """Match an invoice with an open line of the same account."""
        for number in ids:
            lines = [line["id"] for line in reconcile.open_lines(self.env, number)]
            reconcile.match(self.env, [*lines, line_id])

    def command(self, number: int, field: Field, commands: Iterable[Any]) -> None:
        """Lines are made, changed and taken away without settling each."""
        lines = self.env["account.move.line"]
        assert isinstance(lines, MoveLine)
        given = list(commands)
        for code, target, *rest in given:
            if code == 1:
                lines.change_values(target, rest[0])
            elif code in (2, 3):
                lines.remove(target)
            elif code == 5:
                for line in documents.lines_of(self.env, number):
                    if field.name == "line_ids" or line["display_type"] in ("product", *NOTES):
                        lines.remove(line["id"])
        super().command(number, field, [item for item in given if item[0] in (0, 4)])

    def change(self, number: int, changes: Values, *, quiet: bool = False) -> None:
        """Change one entry, and what its number is found by."""
        super().change(number, changes, quiet=quiet)
        if "name" in changes or "journal_id" in changes:
            move = self.env.record(self.name, number)
            self.env.database.update(self.name, number, {naming.SERIES: naming.series_of(move)})

    def computed(self, record: Record, field: Field) -> Any:
        """Figures that are worked out when they are read."""
        if field.name == "duplicated_ref_ids":
            return self._duplicates(record)
        if field.name == "commercial_partner_id":
            return record["partner_id"]
        if field.name == "matched_payment_ids":
            return reconcile.payments_of(self.env, record["id"])
        return super().computed(record, field)

    def children(self, number: int, field: Field) -> list[int]:
        """Invoice lines are those that a person wrote."""
        found = super().children(number, field)
        if field.name != "invoice_line_ids":
            return found
        shown = ("product", *NOTES)
        return [line for line in found if self.env.record("account.move.line", line)["display_type"] in shown]

    def display(self, number: int) -> str:
        """Its number, or that it is a draft."""
        move = self.env.record(self.name, number)
        shown = str(move["name"]) if naming.named(move) else "Draft"
        return f"{shown} ({move['ref']})" if move["ref"] else shown

    def _duplicates(self, move: Record) -> tuple[int, ...]:
        """Others with the same customer, total and date (bills: the same reference). Only a warning."""
        if not move["partner_id"] or move["move_type"] == "entry":
            return ()
        found = []
        for number in self.env.database.matching(self.name, "partner_id", move["partner_id"]):
            other = self.env.record(self.name, number)
            alike = ("move_type", "company_id", "ref") if move["move_type"] in PURCHASES else (
                "move_type", "company_id", "amount_total", "invoice_date"
            )  # fmt: skip
            same = all(other[name] == move[name] for name in alike) and bool(move[alike[-1]])
            if number != move["id"] and same and other["state"] != "cancel":
                found.append(number)
        return tuple(found)

    def _journal(self, values: Values) -> int:
        kind = "sale" if values["move_type"] in SALES else "purchase" if values["move_type"] in PURCHASES else "general"
        company = values.get("company_id") or self.env.company
        found = self.env["account.journal"].search([["type", "=", kind], ["company_id", "=", company]], limit=1)
        if not found:
            raise user_error(f"No journal could be found in company {company} for any of those types: {kind}")
        return found[0]

    def _check_companies(self, values: Values) -> None:
        company = values["company_id"]
        for name, model in (("journal_id", "account.journal"), ("partner_id", "res.partner")):
            if not values.get(name):
                continue
            record = self.env.record(model, values[name])
            if record["company_id"] and record["company_id"] != company:
                raise incompatible(self.env.record("res.company", company), model, record)


def _check_journal(move_type: str, journal: Record) -> None:
    wanted = "sale" if move_type in SALES else "purchase" if move_type in PURCHASES else ""
    if wanted and journal["type"] != wanted:
        raise validation_error(
            f"Cannot create an invoice of type {move_type} with a journal having {journal['type']} as type."
        )
