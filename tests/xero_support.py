"""A Xero sandbox with our chart in it, and a ledger that is connected to it over HTTP, all in one virtual time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from documents_support import recorded_case

from blocks.ledgers.xero import XeroLedger, XeroSettings, connected
from dealbooks.book import Book, Chart
from dealbooks.charts import load_chart
from dealbooks.deal import Deal
from dealbooks.documents import InvoiceFacts
from dealbooks.entries import Entry
from dealbooks.errors import StopConnection
from dealbooks.ledger import Party, Posting, PostingKey
from dealbooks.outbox import Drain, DrainResult, enqueue
from dealbooks.outbox.enqueue import Planned
from dealbooks.pipeline.keys import posting_key
from dealbooks.registry import Services
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from sandbox.kit import FaultPlan, SandboxTransport, VirtualClock
from sandbox.xero import Settings, XeroSandbox

CASES = Path(__file__).parent / "golden" / "cases"
DEBTORS, TAX = "610", "820"  # the sandbox's own accounts of customers and of tax on documents
_KINDS = {
    "asset": "CURRENT", "liability": "CURRLIAB", "equity": "EQUITY", "income": "REVENUE", "contra_income": "REVENUE",
    "cost_of_sales": "DIRECTCOSTS", "expense": "EXPENSE",
}  # fmt: skip
_BANKS = ("cash.bank", "cash.undeposited")
_PAID_INTO = ("clearing.settlement", "payable.customer_refund")


@dataclass(frozen=True)
class Country:
    """An organisation of the sandbox, and how our tax codes are called in it."""

    code: str
    chart: str
    currency: str
    tax_codes: Mapping[str, str]
    no_tax: str = "NONE"


COUNTRIES = {
    "uk": Country(
        "GB",
        "uk",
        "GBP",
        {"GB-S": "OUTPUT2", "GB-O": "NONE", "GB-M": "TAX001", "GB-E": "EXEMPTOUTPUT", "GB-Z": "ZERORATEDOUTPUT"},
    ),
    "nz": Country("NZ", "nz", "NZD", {"NZ-GST": "OUTPUT2", "NZ-OUT": "NONE", "NZ-EX": "NONE"}),
    "us": Country("US", "us", "USD", {}),
    "au": Country("AU", "au", "AUD", {"AU-GST": "OUTPUT", "AU-OUT": "BASEXCLUDED"}, "BASEXCLUDED"),
}


def chart_of(country: Country) -> Chart:
    """The shipped chart, with Xero's own accounts for what Xero posts to by itself."""
    chart = load_chart(country.chart)
    own = {"tax.output": TAX, "tax.input": TAX, "receivable.customer": DEBTORS}
    return load_chart(country.chart, {role: number for role, number in own.items() if role in chart.roles})


class Rig:
    """One book in one sandbox organisation, with an outbox between them."""

    def __init__(
        self,
        folder: Path,
        country: str = "uk",
        *,
        faults: FaultPlan | None = None,
        sandbox: Settings | None = None,
        banks: Sequence[str] = _BANKS,
        **settings: Any,
    ) -> None:
        self.country = COUNTRIES[country]
        self.clock = VirtualClock(datetime(2026, 7, 1, 9, tzinfo=UTC))
        made = sandbox or Settings(per_minute=10_000, per_day=1_000_000)
        made.country = self.country.code
        self.sandbox = XeroSandbox(made, clock=self.clock, faults=faults)
        self.chart = chart_of(self.country)
        self._furnish(banks)
        self.store = Store(f"sqlite:///{folder / 'store.db'}", clock=self.clock)
        ensure(self.store)
        self.book = Book("book", "ENTITY", self.country.currency, country, self.chart)  # type: ignore[arg-type]
        self._folder = folder
        self._settings = self._own() | settings
        self.ledger = self.connected()

    def connected(self, **settings: Any) -> XeroLedger:
        """A ledger, as the house builds it."""
        return connected(
            self.book, XeroSettings.read("book", self._settings | settings), Services(self.store, self._folder),
            pace=self.clock, transport=SandboxTransport(self.sandbox),
        )  # fmt: skip

    def _own(self) -> dict[str, Any]:
        return {
            "client_id": "sandbox-custom", "client_secret": "sandbox-secret", "grant": "secret",
            "token_url": "https://xero.test/connect/token", "base_url": "https://xero.test/api.xro/2.0",
            "tax_codes": self.country.tax_codes, "no_tax": self.country.no_tax, "per_minute": 10_000,
            "per_day": 1_000_000, "concurrent": 1, "tracking": {"location": "Site", "department": "Department"},
        }  # fmt: skip

    def _furnish(self, banks: Sequence[str]) -> None:
        """Our chart in the sandbox; the locations and departments of the golden deals in its tracking."""
        books = self.sandbox.books
        for role, account in self.chart.roles.items():
            if not books.find("Account", "Code", account.number):
                kind = "BANK" if role in banks else _KINDS[account.type]
                books.add_account(
                    account.number, account.name, kind, tax=self.country.no_tax,
                    payments=role in _PAID_INTO or role in _BANKS,
                )  # fmt: skip
        for category, name in (("Site", "location"), ("Department", "department")):
            held = books.find("TrackingCategory", "Name", category)[0]
            books.save("TrackingCategory", {**held, "Status": "ARCHIVED", "Name": f"{category} (old)"}, "")
            books.add_tracking(category, sorted(_values(name)))
        books.commit()

    # -- postings ----------------------------------------------------------------------------------------

    def put(self, *postings: Posting) -> None:
        """Plan postings, in the order given; a reversal stands before the sale that replaces it."""
        planned: list[Planned] = []
        before: list[PostingKey] = []
        for one in postings:  # outside of a transaction: the organisation is looked up, and a token kept
            after = tuple(before) if one.entry.event == "sale.posted" else ()
            planned.append(Planned(one, self.ledger.effects(one), after))
            if one.entry.event in ("sale.reversed", "sale.unwound"):
                before.append(one.key)
        with self.store.transaction("test", "enqueue") as tx:
            enqueue(tx, self.ledger, planned)

    def drain(self) -> DrainResult:
        """Send what may be sent."""
        return Drain(self.store, "book", self.ledger).run()

    def settled(self, rounds: int = 40, pause: float = 1000.0) -> DrainResult:
        """Drain again and again until nothing is left; time passes in between. A run may find Xero closed for now."""
        for _ in range(rounds):
            with suppress(StopConnection):
                result = self.drain()
                if result.clean:
                    break
            self.clock.sleep(pause)
        return result

    def balances(self) -> dict[str, Decimal]:
        """What stands on the sandbox's accounts."""
        return {code: amount for code, amount in self.sandbox.balances().items() if amount}


@lru_cache
def _values(dimension: str) -> set[str]:
    found: set[str] = set()
    for path in CASES.glob("*.json"):
        for entry in json.loads(path.read_text(encoding="utf-8"))["expected"]["entries"]:
            found |= {line["dimensions"][dimension] for line in entry["lines"] if dimension in line["dimensions"]}
    return found


def postings_of(name: str) -> list[Posting]:
    """The postings of a golden case, in the order in which they are recorded."""
    recorded = recorded_case(next(CASES.glob(f"{name}-*.json")))
    deal = recorded.deal
    entries = [entry for entry, _ in recorded.entries]
    return [_posting(deal, entry, facts, entries) for entry, facts in recorded.entries]


def _posting(deal: Deal, entry: Entry, facts: InvoiceFacts | None, entries: Sequence[Entry]) -> Posting:
    sale = facts.entry_id if facts is not None else ""
    key = "D" + deal.deal_id
    parties = {deal.customer.id: Party(deal.customer.id, deal.customer.name or deal.customer.id)}
    if deal.bill_to is not None:
        parties[deal.bill_to.id] = Party(deal.bill_to.id, deal.bill_to.name or deal.bill_to.id, business=True)
    return Posting(
        posting_key("book", key, entry.entry_id), entry, deal_number=deal.deal_id, vin=deal.vehicle.vin,
        stock_no=deal.vehicle.stock_no, customer_name=deal.customer.name or deal.customer.id,
        reverses=posting_key("book", key, entry.reverses) if entry.reverses else None, parties=parties,
        invoice=facts, sale=posting_key("book", key, sale) if sale else None,
    )  # fmt: skip


def wanted(name: str, chart: Chart) -> dict[str, Decimal]:
    """The closing balances of a golden case by account; clearing ends at nil."""
    case = json.loads(next(CASES.glob(f"{name}-*.json")).read_text(encoding="utf-8"))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    (balances,) = case["expected"]["closing_balances"].values()
    for role, text in balances.items():
        sums[chart.roles[role].number] += Decimal(text)
    return {number: amount for number, amount in sorted(sums.items()) if amount}
