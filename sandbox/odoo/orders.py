"""sale.order, to be read: a source of deals. A person or a test makes the orders; the totals are the server's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.odoo import documents
from sandbox.odoo.basics import Generic
from sandbox.odoo.database import Record
from sandbox.odoo.env import Env
from sandbox.odoo.errors import user_error
from sandbox.odoo.model import Values, public
from sandbox.odoo.schema import Field
from sandbox.odoo.taxes import taxed

_ZERO = Decimal(0)


class Order(Generic):
    """sale.order."""

    derived = frozenset({"invoice_ids"})

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """Number, date, company and currency that were not given."""
        company = values.get("company_id") or self.env.company
        last = max((number for number, _ in self.env.database.all(self.name)), default=0)
        values.update(
            name=values.get("name") or f"S{last + 1:05d}",
            date_order=values.get("date_order") or self.env.stamp,
            company_id=company,
            partner_invoice_id=values.get("partner_invoice_id") or values.get("partner_id") or False,
            currency_id=self.env.record("res.company", company)["currency_id"],
            state="draft",
            invoice_status="no",
        )
        return values

    def made(self, number: int, commands: Mapping[str, Any]) -> None:
        """Lines, then the totals."""
        super().made(number, commands)
        totals(self.env, number)

    @public(ids=True)
    def write(self, ids: Sequence[int], vals: Values) -> bool:
        """Change orders that are not locked."""
        if "state" in vals and vals["state"] not in self.env.traits.order_states:
            raise user_error(f"An order has no state {vals['state']!r} in this version.")
        done = super().write(ids, vals)
        for number in ids:
            totals(self.env, number)
        return done

    @public(ids=True)
    def unlink(self, ids: Sequence[int]) -> bool:
        """Delete orders that are drafts or cancelled [recalled], with their lines."""
        for number in ids:
            record = self.env.database.get(self.name, number)
            if record is not None and record["state"] not in ("draft", "cancel"):
                raise user_error(
                    "You can not delete a sent quotation or a confirmed sales order. You must first cancel it."
                )
        return super().unlink(ids)

    def remove(self, number: int) -> None:
        """The lines go with their order."""
        for line in self.env.database.matching("sale.order.line", "order_id", number):
            self.env["sale.order.line"].remove(line)
        super().remove(number)

    @public(ids=True)
    def action_confirm(self, ids: Sequence[int]) -> bool:
        """A quotation becomes an order."""
        for number in ids:
            if self.env.record(self.name, number)["state"] not in ("draft", "sent"):
                raise user_error("Some orders are not in a state requiring confirmation.")
            self.change(number, {"state": "sale", "invoice_status": "to invoice", "date_order": self.env.stamp})
        return True

    @public(ids=True)
    def action_lock(self, ids: Sequence[int]) -> None:
        """Lock an order; up to 16 its state says so."""
        done = {"state": "done"} if "done" in self.env.traits.order_states else {"locked": True}
        for number in ids:
            self.change(number, done)

    @public(ids=True)
    def action_cancel(self, ids: Sequence[int]) -> bool:
        """Cancel."""
        for number in ids:
            self.change(number, {"state": "cancel", "invoice_status": "no"})
        return True

    @public(ids=True)
    def action_draft(self, ids: Sequence[int]) -> bool:
        """Set to quotation: one that was cancelled, or sent, is a draft again."""
        for number in ids:
            if self.env.record(self.name, number)["state"] in ("cancel", "sent"):
                self.change(number, {"state": "draft"})
        return True

    def computed(self, record: Record, field: Field) -> Any:
        """Invoices name their order in `invoice_origin`."""
        if field.name == "invoice_ids":
            return tuple(self.env.database.matching("account.move", "invoice_origin", record["name"]))
        return super().computed(record, field)


class OrderLine(Generic):
    """sale.order.line."""

    derived = frozenset({"state", "currency_id", "company_id"})

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """One piece, unless another quantity is given."""
        values.setdefault("product_uom_qty", Decimal(0) if values.get("display_type") else Decimal(1))
        return values

    def computed(self, record: Record, field: Field) -> Any:
        """What a line has from its order."""
        if field.name in ("state", "currency_id", "company_id"):
            return self.env.record("sale.order", record["order_id"])[field.name]
        return super().computed(record, field)


def totals(env: Env, number: int) -> None:
    """Bring an order's figures up to date."""
    order = env.record("sale.order", number)
    places = env.places(order["currency_id"])
    company = env.record("res.company", order["company_id"])
    per_line = company["tax_calculation_rounding_method"] != "round_globally"
    untaxed = total = _ZERO
    for line_id in env.database.matching("sale.order.line", "order_id", number):
        line = env.record("sale.order.line", line_id)
        if line["display_type"]:
            continue
        price = line["product_uom_qty"] * line["price_unit"] * (1 - line["discount"] / 100)
        taxes = documents.taxes_of(env, line[env.traits.order_taxes])
        result = taxed(price, line["product_uom_qty"], taxes, places, per_line=per_line)
        env["sale.order.line"].change(
            line_id,
            {
                "price_subtotal": result.untaxed,
                "price_total": result.total,
                "price_tax": result.total - result.untaxed,
            },
            quiet=True,
        )
        untaxed += result.untaxed
        total += result.total
    figures = {"amount_untaxed": untaxed, "amount_tax": total - untaxed, "amount_total": total}
    env["sale.order"].change(number, figures, quiet=True)
