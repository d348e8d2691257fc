"""Golden cases on their way into the Odoo sandbox: a server with our chart, a connected ledger, and what it holds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from documents_support import CASES, case
from pydantic import SecretStr

from blocks.ledgers.odoo.factory import connect
from blocks.ledgers.odoo.ledger import OdooLedger
from blocks.ledgers.odoo.settings import OdooSettings
from dealbooks.book import Book
from dealbooks.charts import load_chart
from dealbooks.ledger import Party, Posting
from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.pipeline.keys import posting_key
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from sandbox.kit import FaultPlan, SandboxTransport, VirtualClock
from sandbox.odoo import OdooSandbox, Settings

TODAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
BOOK = "book"
_TYPES = {
    "asset": "asset_current",
    "liability": "liability_current",
    "equity": "equity",
    "income": "income",
    "contra_income": "income",
    "cost_of_sales": "expense_direct_cost",
    "expense": "expense",
}
# Our tax codes -> the sales tax of the test's Odoo.
TAXES = {
    "uk": {"GB-S": "VAT 20% in", "GB-M": "", "GB-E": "", "GB-O": "", "GB-Z": ""},
    "eu": {"EU-IC": ""},
    "us": {},
    "gulf": {},
}


@dataclass
class Office:
    """A sandbox with the chart of a region, a store, and the ledger between them."""

    box: OdooSandbox
    clock: VirtualClock
    book: Book
    settings: OdooSettings
    ledger: OdooLedger

    def reconnect(self) -> OdooLedger:
        """A new process's ledger: nothing is remembered."""
        client = httpx.Client(transport=SandboxTransport(self.box), base_url="http://odoo.test")
        self.ledger = connect(self.book, self.settings, client, self.clock)
        return self.ledger

    def store(self, folder: Path) -> Store:
        """A store on SQLite that keeps the sandbox's time."""
        made = Store(f"sqlite:///{folder / 'store.db'}", clock=self.clock)
        ensure(made)
        return made

    def balances(self) -> dict[str, Decimal]:
        """What the sandbox itself holds in its books by account code, nil left out."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for number in self.box.find("account.move.line", ["parent_state", "=", "posted"]):
            line = self.box.look("account.move.line", number, "account_id", "balance")
            account = self.box.look("account.account", line["account_id"], "code")
            sums[account["code"]] += line["balance"]
        return {code: amount for code, amount in sums.items() if amount}

    def documents(self, state: str = "posted", kind: str = "") -> list[dict[str, Any]]:
        """Entries in a state, as they stand."""
        domain: list[Any] = [["state", "=", state], *([["move_type", "=", kind]] if kind else [])]
        return [self.box.look("account.move", number) for number in self.box.find("account.move", *domain)]


def office(
    region: str = "uk",
    currency: str = "GBP",
    *,
    version: int = 19,
    faults: FaultPlan | None = None,
    custom_fields: Mapping[str, str] | None = None,
    **settings: Any,
) -> Office:
    """A sandbox whose company has the accounts of a shipped chart, and taxes that post to them."""
    clock = VirtualClock(TODAY)
    made: dict[str, Any] = {"version": version, "currency": currency}
    if custom_fields is not None:
        made["custom_fields"] = custom_fields
    box = OdooSandbox(Settings(**made), clock=clock, faults=faults)
    chart = load_chart(region)
    receivable = chart.roles["receivable.customer"].number
    numbers: dict[str, int] = {}
    for account in chart.roles.values():
        if account.number not in numbers:
            kind = "asset_receivable" if account.number == receivable else _TYPES[account.type]
            numbers[account.number] = box.add(
                "account.account", code=account.number, name=account.name, account_type=kind
            )
    output = numbers[chart.roles["tax.output"].number]
    override = version >= 18
    for name, rate, included in (("VAT 20% in", 20, True), ("VAT 20% on top", 20, False)):
        way = {"price_include_override": "tax_included" if included else "tax_excluded"} if override else {
            "price_include": included
        }  # fmt: skip
        box.add("account.tax", name=name, amount=rate, type_tax_use="sale", _account=output, **way)
    book = Book(BOOK, "entity", currency, "uk", chart=chart)
    read = OdooSettings(
        url="http://odoo.test", database="books", user="admin", api_key=SecretStr(box.api_key),
        **{"taxes": TAXES.get(region, {}), "calls_per_second": 100, **settings},
    )  # fmt: skip
    client = httpx.Client(transport=SandboxTransport(box), base_url="http://odoo.test")
    return Office(box, clock, book, read, connect(book, read, client, clock))


def postings(name: str) -> list[Posting]:
    """The postings of a golden case, in the order in which they were recorded."""
    recorded = case(name)
    deal = recorded.deal
    parties = {deal.customer.id: Party(deal.customer.id, deal.customer.name or deal.customer.id)}
    if deal.bill_to is not None:
        parties[deal.bill_to.id] = Party(deal.bill_to.id, deal.bill_to.name or deal.bill_to.id, business=True)
    found = []
    for entry, facts in recorded.entries:
        key = posting_key(BOOK, deal.deal_id, entry.entry_id)
        sale = "" if facts is None else facts.entry_id
        found.append(
            Posting(
                key, entry, deal_number=deal.deal_id, vin=deal.vehicle.vin, stock_no=deal.vehicle.stock_no,
                customer_name=deal.customer.name or deal.customer.id,
                reverses=posting_key(BOOK, deal.deal_id, entry.reverses) if entry.reverses else None,
                parties=parties, invoice=facts, sale=posting_key(BOOK, deal.deal_id, sale) if sale else None,
            )
        )  # fmt: skip
    return found


def put(store: Store, ledger: OdooLedger, *some: Posting) -> None:
    """Into the outbox, a new version of a sale after what takes the old one back, as the pipeline has it."""
    gone = tuple(one.key for one in some if one.entry.event in ("sale.reversed", "sale.unwound"))
    planned = [
        Planned(one, ledger.effects(one), gone if one.entry.event == "sale.posted" and one.key.version > 1 else ())
        for one in some
    ]
    with store.transaction("test", "enqueue") as tx:
        enqueue(tx, ledger, planned)


def drain(store: Store, ledger: OdooLedger) -> Any:
    """One drain."""
    return Drain(store, BOOK, ledger).run()


def closing(name: str, book: Book) -> dict[str, Decimal]:
    """The closing balances that a case states, by account code."""
    path = next(path for path in CASES if path.stem.startswith(name))
    expected = json.loads(path.read_text(encoding="utf-8"))["expected"]
    of_entity = expected.get("closing_balances_base") or expected["closing_balances"]
    (stated,) = [roles for place, roles in of_entity.items() if place.endswith(f"/{book.currency}")]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    assert book.chart is not None
    for role, amount in stated.items():
        sums[book.chart.roles[role].number] += Decimal(amount)
    return {code: amount for code, amount in sums.items() if amount}
