"""An order of Odoo with its lines and its customer as the tree that the field map reads. Pure.

Names of our own stand beside those of sale.order: `currency`, `partner`, `lines`, `sale_date`, `store_code`, `total`,
`tax_total`, `price_includes_tax`, and whatever the settings' `fields` name. Moments become days of the settings' time
zone; what Odoo calls false where a text or a date is missing is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from blocks.odoo.values import name_of, number_of
from blocks.sources.api import instant, plain, utc_text
from blocks.sources.api.sales import NOT_SOLD
from blocks.sources.odoo.settings import OdooSalesSettings
from dealbooks.source import SourceRecord

Record = Mapping[str, Any]
# Fields of the order that are needed whatever the map reads.
ORDER = ("name", "state", "write_date", "date_order", "invoice_status", "partner_id", "currency_id", "company_id")
LINE = ("order_id", "name", "product_id", "product_uom_qty", "price_unit", "discount", "price_subtotal",
        "price_total", "display_type", "is_downpayment", "sequence")  # fmt: skip
PARTNER = ("ref", "name", "email", "phone", "street", "street2", "city", "zip", "vat", "is_company", "country_id",
           "state_id", "lang")  # fmt: skip
# Our own names at the top of the tree, made here: no field of the order is looked for under them.
OWN = frozenset(
    ("id", "currency", "company", "partner", "lines", "sale_date", "total", "tax_total", "price_includes_tax")
)


def record(
    order: Record, lines: Sequence[Record], partner: Record, own: Record, settings: OdooSalesSettings
) -> SourceRecord:
    """A whole order. `lines` in their order, each with `kind`, `product` and `taxes`; `own` are the fields that the
    settings name, by the name in the map."""
    gross = settings.amounts == "gross"
    shown = [_line(place, line, gross=gross) for place, line in enumerate(lines, 1) if not line.get("display_type")]
    sold = [line for line in lines if not line.get("display_type") and line["kind"] not in NOT_SOLD]
    total = sum((number_of(line["price_total"]) for line in sold), Decimal(0))
    untaxed = sum((number_of(line["price_subtotal"]) for line in sold), Decimal(0))
    tree: dict[str, Any] = {
        "id": order["id"],
        "name": order["name"],
        "sale_date": _day(order.get("date_order"), settings),
        "currency": name_of(order.get("currency_id")),
        "company": name_of(order.get("company_id")),
        "partner": partner,
        "lines": shown,
        "total": total,
        "tax_total": total - untaxed,
        "price_includes_tax": gross,
    }
    if settings.store_code:
        tree["store_code"] = settings.store_code
    tree |= {name: told for name, value in own.items() if (told := _custom(value, settings)) is not None}
    return SourceRecord(
        key=str(order["id"]),
        data=plain({name: value for name, value in tree.items() if value is not None and value != ""}),
        changed_at=changed_at(order),
        place=place_of(order),
    )


def header(order: Record) -> SourceRecord:
    """An order that is no completed sale: nothing of it is read but that."""
    return SourceRecord(str(order["id"]), {}, changed_at(order), counts=False, place=place_of(order))


def counts(order: Record, settings: OdooSalesSettings) -> bool:
    """Whether an order is a completed sale. Up to 16 a locked order has the state `done`; since 17 it has a field
    `locked` and stays in `sale` [C 19.0 sale_order.py; R for since 17]."""
    state = order.get("state")
    if settings.take_when == "locked":
        return state == "done" or (state == "sale" and bool(order.get("locked")))
    if settings.take_when == "invoiced":
        return state in ("sale", "done") and order.get("invoice_status") == "invoiced"
    return state in ("sale", "done")


def changed_at(order: Record) -> str:
    """When it last changed, UTC."""
    return utc_text(instant(str(order["write_date"]))) if order.get("write_date") else ""


def place_of(order: Record) -> str:
    """Where a person finds it."""
    customer = name_of(order.get("partner_id"))
    return f"Sales order {order['name']}" + (f" ({customer})" if customer else "")


def _line(place: int, line: Record, *, gross: bool) -> dict[str, Any]:
    shown = {
        "index": place,
        "id": line["id"],
        "kind": line["kind"],
        "name": " ".join(str(line.get("name") or "").split()),
        "product": line["product"],
        "quantity": number_of(line["product_uom_qty"]),
        "price": number_of(line["price_unit"]),
        "amount": number_of(line["price_total" if gross else "price_subtotal"]),
        "taxes": line["taxes"],
    }
    return {name: value for name, value in shown.items() if value not in ("", None)}


def _custom(value: Any, settings: OdooSalesSettings) -> Any:
    """A value of a field of the dealership's own; what is missing is nothing. A number that is missing reads as 0."""
    if not value:
        return None
    if isinstance(value, list | tuple):
        return name_of(value)
    if isinstance(value, str) and len(value) == 19 and value[4:5] == "-" and value[10:11] == " ":
        return _day(value, settings)
    return value


def _day(value: Any, settings: OdooSalesSettings) -> str | None:
    if not value:
        return None
    moment: datetime = instant(str(value)).astimezone(ZoneInfo(settings.timezone))
    return moment.date().isoformat()
