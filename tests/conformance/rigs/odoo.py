"""Odoo 19 over JSON-2; the oldest version over the oldest protocol too."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
from conformance import rig
from conformance.deals import BOOK, NAMES, dimensions_of
from conformance.rig import CURRENCIES
from pydantic import SecretStr

from blocks.ledgers.odoo.factory import connect
from blocks.ledgers.odoo.settings import OdooSettings
from dealbooks.book import Book
from dealbooks.charts import load_chart
from dealbooks.ledger import Ledger
from sandbox.kit import Fault, SandboxTransport
from sandbox.odoo import OdooSandbox, Settings

_CENT = Decimal("0.01")
_TYPES = {
    "asset": "asset_current", "liability": "liability_current", "equity": "equity", "income": "income",
    "contra_income": "income", "cost_of_sales": "expense_direct_cost", "expense": "expense",
}  # fmt: skip
# What the office's Odoo has: name of a tax, percentage, whether prices hold it, the role of its account; and our codes.
_TAXES: Mapping[str, tuple[tuple[str, int, bool, str], ...]] = {
    "uk": (("VAT 20% in", 20, True, "tax.output"),),
    "au": (("GST 10% in", 10, True, "tax.output"),),
    "nz": (("GST 15% in", 15, True, "tax.output"),),
    "jp": (("Tax 10%", 10, False, "tax.output"),),
    "ca": (("HST 13%", 13, False, "tax.output"),),
}
_CODES: Mapping[str, Mapping[str, str]] = {
    "uk": {"GB-S": "VAT 20% in", "GB-M": "", "GB-E": "", "GB-O": "", "GB-Z": ""},
    "au": {"AU-GST": "GST 10% in", "AU-OUT": ""},
    "nz": {"NZ-GST": "GST 15% in", "NZ-OUT": "", "NZ-EX": ""},
    "jp": {"JP-10": "Tax 10%", "JP-EX": ""},
    "ca": {"CA-HST-ON": "HST 13%"},
    "eu": {"EU-IC": "", "DE-M": ""},
}
PLANS = {"location": "Locations", "department": "Departments"}


class Rig(rig.Rig):
    """A company with the accounts of a shipped chart, and analytic plans for places."""

    name = "odoo"
    sale, journal, money = "invoice-post", "journal-post", "payment-post"
    modes = {
        "19 over JSON-2": {},
        "long 17 over JSON-RPC": {"version": 17},
        "long 16 over XML-RPC": {"version": 16, "protocol": "xmlrpc"},
    }
    impossible = frozenset({Fault.ERROR_BODY_200, Fault.LAGGING_SEARCH})
    figures = {"dimension": "dimensions"}
    nowhere = {"places": False}
    own_limits = {"behaves": {"per_second": 1}, "calls_per_second": 1}
    small_pages = {"page": 10}
    calls_to_see_no_change = 5
    credit = "out_refund"
    calls_to_see_a_dead_grant = 2
    limits = {Fault.LIMIT_SECOND: 0.0, Fault.LIMIT_CONCURRENT: 0.0}

    def made(self) -> None:
        version = self.settings.pop("version", 19)
        self.places = self.settings.pop("places", True)
        behaves = self.settings.pop("behaves", {})
        self.box = OdooSandbox(
            Settings(version=version, currency=CURRENCIES[self.region], **{"per_second": 1000, **behaves}),
            clock=self.clock, faults=self.faults,
        )  # fmt: skip
        self.counted(self.box)
        self.hand = self.box.hand
        chart = load_chart(self.region)
        accounts = self._accounts(chart)
        for name, rate, included, role in _TAXES.get(self.region, ()):
            way = {"price_include": included}
            if version >= 18:
                way = {"price_include_override": "tax_included" if included else "tax_excluded"}
            account = accounts[chart.roles[role].number]
            self.box.add("account.tax", name=name, amount=rate, type_tax_use="sale", _account=account, **way)
        self.book = Book(BOOK, "entity", CURRENCIES[self.region], self.region, chart=chart)  # type: ignore[arg-type]
        if self.places:
            self._plans()

    def _accounts(self, chart: Any) -> dict[str, int]:
        numbers: dict[str, int] = {}
        receivable = chart.roles["receivable.customer"].number
        for account in chart.roles.values():
            if account.number not in numbers:
                kind = "asset_receivable" if account.number == receivable else _TYPES[account.type]
                numbers[account.number] = self.box.add(
                    "account.account", code=account.number, name=account.name, account_type=kind
                )
        return numbers

    def _plans(self) -> None:
        for dimension, plan in PLANS.items():
            there = self.box.find("account.analytic.plan", ["name", "=", plan])
            number = there[0] if there else self.box.add("account.analytic.plan", name=plan)
            for value in sorted({value for case in NAMES for value in dimensions_of(case, dimension)}):
                self.box.add("account.analytic.account", name=value, code=value, plan_id=number)

    def connected(self, **settings: Any) -> Ledger:
        given: dict[str, Any] = {
            "taxes": _CODES.get(self.region, {}), "calls_per_second": 900, "analytic": PLANS if self.places else {},
            "carry_up_to": 1 if self.region == "jp" else 0,
            **settings,
        }  # fmt: skip
        read = OdooSettings(
            url="http://odoo.test", database="books", user="admin", api_key=SecretStr(self.box.api_key), **given
        )
        client = httpx.Client(transport=SandboxTransport(self.box), base_url="http://odoo.test")
        return connect(self.book, read, client, self.clock)

    def balances(self) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for number in self.box.find("account.move.line", ["parent_state", "=", "posted"]):
            line = self.box.look("account.move.line", number, "account_id", "balance")
            code = self.box.look("account.account", line["account_id"], "code")["code"]
            sums[code] += line["balance"]
        return {code: amount for code, amount in sorted(sums.items()) if amount}

    def standing(self) -> Mapping[str, int]:
        posted = self.box.find("account.move", ["state", "=", "posted"])
        return Counter(str(self.box.look("account.move", number, "move_type")["move_type"]) for number in posted)

    def written(self) -> int:
        return len(self.box.log.writes)

    def customers(self) -> list[str]:
        numbers = self.box.find("res.partner", ["id", ">=", 6])
        return sorted(str(self.box.look("res.partner", number, "name")["name"]) for number in numbers)

    def known(self, kind: str, name: str) -> None:
        self.hand.make("res.partner", name=name, supplier_rank=1 if kind == "vendor" else 0)

    def change(self, ref: str, what: str) -> None:
        move = int(ref.rpartition("/")[2])
        held = self.box.look("account.move", move)
        field = "invoice_line_ids" if held["move_type"] != "entry" else "line_ids"
        lines = [self.box.look("account.move.line", number) for number in held[field]]
        if what == "dimension":
            for line in lines:
                self.hand.edit("account.move.line", line["id"], analytic_distribution=False)
            return
        self.hand.reset_to_draft(move)
        if what == "date":
            day = (date.fromisoformat(held["date"]) + timedelta(days=1)).isoformat()
            more = {"invoice_date": day} if held["invoice_date"] else {}
            self.hand.edit("account.move", move, date=day, **more)
        elif what == "tax":
            line = next(line for line in lines if line["tax_ids"])
            self.hand.edit("account.move", move, **{field: [(1, line["id"], {"tax_ids": [(6, 0, [])]})]})
        elif held["move_type"] == "entry":
            debit = next(line for line in lines if line["debit"])
            credit = next(line for line in lines if line["credit"])
            commands = [
                (1, debit["id"], {"debit": debit["debit"] + _CENT}),
                (1, credit["id"], {"credit": credit["credit"] + _CENT}),
            ]
            self.hand.edit("account.move", move, line_ids=commands)
        else:
            line = lines[0]
            price = {"price_unit": line["price_unit"] + _CENT}
            self.hand.edit("account.move", move, **{field: [(1, line["id"], price)]})
        self.hand.post(move)

    def void(self, ref: str) -> None:
        move = int(ref.rpartition("/")[2])
        self.hand.reset_to_draft(move)
        self.hand.cancel(move)

    def applied(self, ref: str) -> bool:
        account = self.box.find("account.account", ["code", "=", self.chart.roles["receivable.customer"].number])[0]
        lines = self.box.find("account.move.line", ["move_id", "=", int(ref.rpartition("/")[2])])
        found = [self.box.look("account.move.line", line, "account_id", "reconciled") for line in lines]
        return any(line["reconciled"] for line in found if line["account_id"] == account)

    def delete(self, ref: str) -> None:
        move = int(ref.rpartition("/")[2])
        self.hand.reset_to_draft(move)
        self.hand.delete("account.move", move)

    def twin(self, ref: str) -> None:
        held = self.box.look("account.move", int(ref.rpartition("/")[2]))
        lines = [self.box.look("account.move.line", number) for number in held["line_ids"]]
        commands = [(0, 0, {name: line[name] for name in ("name", "account_id", "debit", "credit")}) for line in lines]
        values = {name: held[name] for name in ("journal_id", "date", "ref", "x_deal_key")}
        made = self.hand.make("account.move", move_type="entry", line_ids=commands, **values)
        self.hand.post(made)

    def lock(self, until: date | None) -> None:
        self.hand.lock(None if until is None else until.isoformat())

    def drop(self, what: str) -> tuple[str, ...]:
        if what == "account":
            gone = self.chart.roles["inventory.used_vehicle"]
            self.hand.archive("account.account", self.box.find("account.account", ["code", "=", gone.number])[0])
            return (gone.number, gone.name, "inventory.used_vehicle")
        if what == "tax":
            self.hand.delete("account.tax", self.box.find("account.tax", ["name", "=", "VAT 20% in"])[0])
            return ("GB-S", "VAT 20% in")
        self.hand.delete(
            "account.analytic.account", self.box.find("account.analytic.account", ["code", "=", "used"])[0]
        )
        return ("department", "used", PLANS["department"])

    def texts(self, ref: str) -> str:
        held = self.box.look("account.move", int(ref.rpartition("/")[2]))
        lines = [self.box.look("account.move.line", number, "name")["name"] for number in held["line_ids"]]
        return "\n".join(str(text) for text in (held["ref"], held["narration"], *lines))

    def places_of(self, ref: str) -> set[str]:
        held = self.box.look("account.move", int(ref.rpartition("/")[2]))
        found: set[str] = set()
        for number in held["line_ids"]:
            spread = self.box.look("account.move.line", number, "analytic_distribution")["analytic_distribution"] or {}
            for account in ",".join(spread).split(",") if spread else ():
                found.add(str(self.box.look("account.analytic.account", int(account), "code")["code"]))
        return found

    def revoke(self) -> None:
        (key,) = self.box.find("res.users.apikeys", ["name", "=", "integration"])
        self.box.server.database.update("res.users.apikeys", key, {"expiration_date": "2001-01-01 00:00:00.0"})
        self.box.server.database.commit()

    def number(self, account: str) -> str:
        return account.split(" ")[0]

    def kind(self, name: str) -> str:
        return "out_invoice" if name.startswith("invoice") else "entry"

    def no_such_ref(self) -> str:
        return "account.move/999999"

    @property
    def first_of_journal(self) -> str:
        return "journal-draft"

    def typed(self, day: date, amount: Decimal) -> None:
        codes = [self.chart.roles[role].number for role in ("cost_of_sales.used_vehicle", "inventory.used_vehicle")]
        accounts = [self.box.find("account.account", ["code", "=", code])[0] for code in codes]
        lines = [
            (0, 0, {"name": "By hand", "account_id": account, side: amount})
            for account, side in zip(accounts, ("debit", "credit"), strict=True)
        ]
        journal = self.box.find("account.journal", ["code", "=", "MISC"])[0]
        move = self.hand.make(
            "account.move", move_type="entry", journal_id=journal, date=day.isoformat(), line_ids=lines
        )
        self.hand.post(move)

    def spoiled(self, payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "values": {**payload["values"], "journal_id": 99999}}
