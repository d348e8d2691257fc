"""Odoo's sales orders as a source of deals.

Changes are found by the time of change of the order and of its lines: a line whose text is edited does not touch its
order. Odoo tells of no deletions, so what was taken is asked for by its id now and then. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from blocks.odoo.server import Server
from blocks.odoo.values import id_of, name_of
from blocks.sources.api import LINES_PART, ApiSource, Window, pages, utc_text, windows
from blocks.sources.odoo import trees
from blocks.sources.odoo.settings import OdooSalesSettings
from dealbooks.errors import DealbooksError, StopConnection
from dealbooks.http import Connection
from dealbooks.source import Cursor, Page, SourceCapabilities, SourceRecord

_LINES_AT_ONCE = 5000
_READINGS = 5
_LONGEST_ID = 18  # digits
_ANY_STATE = ["active", "in", [True, False]]


class OdooSales(ApiSource):
    """Orders of one company. `fields` are the paths that the map reads."""

    def __init__(self, connection: Connection, settings: OdooSalesSettings, key: str, fields: Collection[str]) -> None:
        super().__init__(connection)
        self.settings = settings
        self._read_by_map = frozenset(fields)
        self._server = Server(
            self.read,
            name=connection.name,
            database=settings.database,
            user=settings.user,
            key=key,
            wire=settings.protocol,
        )

    @property
    def capabilities(self) -> SourceCapabilities:
        """What it can do."""
        return SourceCapabilities("changed_since", None, self.settings.page, "asked")

    def get_ready(self) -> None:
        """Log in, and find the company and the fields: once."""
        self._server.context = {"lang": "en_US", "tz": "UTC"}
        if self._company is not None:
            self._server.context["allowed_company_ids"] = [self._company]
        assert self._fields

    def changes(self, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """See `DealSource`."""
        self.get_ready()
        found = windows(cursor, now, overlap=self.settings.overlap_seconds, behind=self.settings.behind_seconds)
        yield from pages(found, self._changed_orders, self._changed_lines)

    def everything(self, now: datetime) -> Iterator[Page]:
        """See `DealSource`. The cursor is of the time before it began."""
        self.get_ready()
        (window,) = windows(None, now, overlap=0, behind=self.settings.behind_seconds)
        after = 0
        while orders := self._orders([["id", ">", after]]):
            after = orders[-1]["id"]
            yield Page(tuple(self._records(orders)))
        yield Page((), window.done)

    def fetch(self, key: str) -> SourceRecord | None:
        """See `DealSource`."""
        self.get_ready()
        is_id = key.isascii() and key.isdigit() and len(key) <= _LONGEST_ID
        records = self._records(self._orders([["id", "=", int(key)]])) if is_id else []
        return records[0] if records else None

    def missing(self, keys: Sequence[str]) -> Collection[str]:
        """See `DealSource`."""
        self.get_ready()
        there = self._server.read("sale.order", "search", domain=[["id", "in", [int(key) for key in keys]]])
        return set(keys) - {str(number) for number in there}

    def problems(self) -> list[str]:
        """See `DealSource`."""
        try:
            self.get_ready()
            lost = [f"{name} ({field})" for name, field in self.settings.fields.items() if field not in self._fields]
        except DealbooksError as error:
            return [error.words]
        return [f"Orders of this Odoo have no field for {one}: correct fields in the settings." for one in lost]

    # -- what changed ----------------------------------------------------------------------------------------------

    def _changed_orders(self, window: Window) -> Iterator[Page]:
        after = int(window.after or 0)
        while orders := self._orders([*_within(window), ["id", ">", after]]):
            after = orders[-1]["id"]
            yield Page(tuple(self._records(orders)), window.at(str(after)))
            if len(orders) < self.settings.page:
                return

    def _changed_lines(self, window: Window, after: str) -> Iterator[Page]:
        """Orders of which a line changed, and not they themselves in this window. From the beginning all are new."""
        if window.since is None:
            return
        last = int(after or 0)
        while True:
            lines = self._server.rows(
                "sale.order.line",
                [*_within(window), ["id", ">", last]],
                ("order_id",),
                order="id asc",
                limit=self.settings.page,
            )
            if not lines:
                return
            last = lines[-1]["id"]
            numbers = sorted({id_of(line["order_id"]) for line in lines} - {0})
            orders = self._orders([["id", "in", numbers], "!", "&", *_within(window)])
            yield Page(tuple(self._records(orders)), window.at(str(last), part=LINES_PART))
            if len(lines) < self.settings.page:
                return

    # -- whole orders ------------------------------------------------------------------------------------------------

    def _orders(self, domain: list[Any]) -> list[dict[str, Any]]:
        """A page of orders by id."""
        if self._company is not None:
            domain = [["company_id", "=", self._company], *domain]
        fields = sorted({name for name in trees.ORDER if name in self._fields} | set(self._own.values()))
        if "locked" in self._fields:
            fields.append("locked")
        return self._server.rows("sale.order", domain, fields, order="id asc", limit=self.settings.page)

    def _records(self, orders: Sequence[Mapping[str, Any]]) -> list[SourceRecord]:
        """The orders with all that belongs to them; of one that is no completed sale only that. Order and lines are
        read by calls of their own: what changed in between is read again, and what is gone is left out.

        Raises:
            StopConnection: an order is changed all the time.
        """
        found: list[SourceRecord] = []
        for _ in range(_READINGS):
            read = self._read_whole(orders)
            changed = self._changed_since(orders)
            found += [record for record in read if int(record.key) not in changed]
            orders = self._orders([["id", "in", sorted(changed)]]) if changed else []
            if not orders:
                return sorted(found, key=lambda record: int(record.key))
        raise StopConnection(
            f"{self.connection.name}: {trees.place_of(orders[0])} is changed while it is read.",
            fix="Nothing is lost; it is tried again by the next run.",
        )

    def _changed_since(self, orders: Sequence[Mapping[str, Any]]) -> set[int]:
        """Completed orders that changed, or went away, since they were read so."""
        was = {order["id"]: order["write_date"] for order in orders if trees.counts(order, self.settings)}
        if not was:
            return set()
        rows = self._server.rows("sale.order", [["id", "in", sorted(was)]], ("write_date",))
        now = {row["id"]: row["write_date"] for row in rows}
        return {number for number, moment in was.items() if now.get(number) != moment}

    def _read_whole(self, orders: Sequence[Mapping[str, Any]]) -> list[SourceRecord]:
        sold = [order for order in orders if trees.counts(order, self.settings)]
        lines = self._lines(sold)
        partners = self._partners(sold)
        return [
            trees.record(
                order,
                lines.get(order["id"], []),
                partners.get(id_of(order["partner_id"]), {}),
                {name: order[field] for name, field in self._own.items()},
                self.settings,
            )
            if trees.counts(order, self.settings)
            else trees.header(order)
            for order in orders
        ]

    def _lines(self, orders: Sequence[Mapping[str, Any]]) -> dict[int, list[dict[str, Any]]]:
        """Lines by order, with their kind, their product's reference and the names of their taxes."""
        found: dict[int, list[dict[str, Any]]] = {}
        last = 0
        numbers = [order["id"] for order in orders]
        while numbers:
            rows = self._server.rows(
                "sale.order.line",
                [["order_id", "in", numbers], ["id", ">", last]],
                (*trees.LINE, self._tax_field),
                order="id asc",
                limit=_LINES_AT_ONCE,
            )
            for row in rows:
                found.setdefault(id_of(row["order_id"]), []).append(row)
            if len(rows) < _LINES_AT_ONCE:
                break
            last = rows[-1]["id"]
        every = [row for rows in found.values() for row in rows]
        products = self._products({id_of(row["product_id"]) for row in every} - {0})
        taxes = self._taxes({number for row in every for number in row[self._tax_field]})
        for row in every:
            product = products.get(id_of(row["product_id"]), {})
            row["product"] = product.get("default_code") or name_of(row["product_id"])
            row["taxes"] = [taxes[number] for number in row[self._tax_field] if number in taxes]
            row["kind"] = self._kind(row, product)
        for rows in found.values():
            rows.sort(key=lambda row: (row["sequence"], row["id"]))
        return found

    def _kind(self, line: Mapping[str, Any], product: Mapping[str, Any]) -> str:
        if line["is_downpayment"]:
            return "deposit"
        words = (product.get("default_code"), product.get("name"), name_of(product.get("categ_id")))
        known = [self.settings.kinds[word] for word in words if word and word in self.settings.kinds]
        return known[0] if known else self.settings.other_lines

    def _partners(self, orders: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
        wanted = sorted({id_of(order["partner_id"]) for order in orders} - {0})
        if not wanted:
            return {}
        rows = self._server.rows("res.partner", [["id", "in", wanted], _ANY_STATE], trees.PARTNER)
        countries = self._codes("res.country", {id_of(row["country_id"]) for row in rows})
        states = self._codes("res.country.state", {id_of(row["state_id"]) for row in rows})
        found = {}
        for row in rows:
            shown = {name: row[name] for name in trees.PARTNER if row[name] not in (False, None, "")}
            shown |= {"id": str(row["id"]), "is_company": bool(row["is_company"])}
            shown["country"] = countries.get(id_of(row["country_id"]), "")
            shown["state"] = states.get(id_of(row["state_id"]), "")
            found[row["id"]] = {
                name: value for name, value in shown.items() if value != "" and name not in ("country_id", "state_id")
            }
        return found

    # -- what seldom changes -----------------------------------------------------------------------------------------

    @cached_property
    def _company(self) -> int | None:
        """The company of the settings; None when they name none.

        Raises:
            StopConnection: Odoo has no such company, or our user may not see it.
        """
        wanted = self.settings.company
        if not wanted:
            return None
        rows = self._server.rows("res.company", [], ("name",), order="id asc")
        chosen = [int(row["id"]) for row in rows if wanted in (row["name"], str(row["id"]))]
        if len(chosen) != 1:
            known = ", ".join(f"{row['name']} ({row['id']})" for row in rows)
            raise StopConnection(
                f"{self.connection.name}: there is no company {wanted!r} in Odoo; there is {known}.",
                fix="Correct company in the settings of the source.",
            )
        return chosen[0]

    @cached_property
    def _fields(self) -> frozenset[str]:
        """The fields that orders have here."""
        return frozenset(self._server.read("sale.order", "fields_get", attributes=["type"]))

    @cached_property
    def _own(self) -> dict[str, str]:
        """Name in the map -> field of the order, for what the map reads and Odoo has."""
        names = {path.partition(".")[0] for path in self._read_by_map} - trees.OWN - set(trees.ORDER)
        fields = {name: self.settings.fields.get(name) or self._looked_for(name) for name in names}
        return {name: field for name, field in sorted(fields.items()) if field in self._fields}

    def _looked_for(self, name: str) -> str:
        return name if name in self._fields else f"x_{name}"

    @cached_property
    def _tax_field(self) -> str:
        """`tax_ids` in 19, `tax_id` up to 18 [C/R]."""
        fields = self._server.read("sale.order.line", "fields_get", attributes=["type"])
        return "tax_ids" if "tax_ids" in fields else "tax_id"

    @cached_property
    def _product_fields(self) -> tuple[str, ...]:
        fields = self._server.read("product.product", "fields_get", attributes=["type"])
        return tuple(name for name in ("name", "default_code", "categ_id") if name in fields)

    def _products(self, numbers: Collection[int]) -> dict[int, dict[str, Any]]:
        if not numbers:
            return {}
        domain = [["id", "in", sorted(numbers)], _ANY_STATE]
        return {row["id"]: row for row in self._server.rows("product.product", domain, self._product_fields)}

    def _taxes(self, numbers: Collection[int]) -> dict[int, str]:
        return self._named("account.tax", "name", numbers, [_ANY_STATE])

    def _codes(self, model: str, numbers: Collection[int]) -> dict[int, str]:
        return self._named(model, "code", numbers, [])

    def _named(self, model: str, field: str, numbers: Collection[int], more: list[Any]) -> dict[int, str]:
        """A text of records that seldom change, each looked up once."""
        known = self._texts.setdefault(model, {})
        wanted = sorted(set(numbers) - {0} - set(known))
        if wanted:
            rows = self._server.rows(model, [["id", "in", wanted], *more], (field,))
            known.update({row["id"]: str(row[field]) for row in rows})
        return known

    @cached_property
    def _texts(self) -> dict[str, dict[int, str]]:
        return {}


def _within(window: Window) -> list[Any]:
    """The window as a domain of two terms. Odoo compares whole microseconds with what we say in seconds [R]: the end is
    rounded down, so that no second is read in part and then left behind."""
    since = window.since if window.since is not None else datetime(1970, 1, 1, tzinfo=UTC)
    return [["write_date", ">=", _stamp(since)], ["write_date", "<=", _stamp(window.until)]]


def _stamp(moment: datetime) -> str:
    return utc_text(moment)[:19].replace("T", " ")
