"""A QuickBooks company with the lists that our chart needs, and a ledger that is connected to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from documents_support import Recorded, recorded_case
from pydantic import SecretStr

from blocks.ledgers.quickbooks import QuickBooksLedger, QuickBooksSettings, connected
from dealbooks.book import Account, Book
from dealbooks.charts import load_chart
from dealbooks.deal import Deal
from dealbooks.ledger import Party, Posting, Request
from dealbooks.oauth import Token
from dealbooks.outbox import Drain, DrainResult, Planned, enqueue
from dealbooks.outbox.enqueue import effect_key
from dealbooks.pipeline.keys import posting_key
from dealbooks.registry import Services
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from sandbox.kit import FaultPlan, SandboxTransport, VirtualClock
from sandbox.quickbooks import (
    Company,
    CompanySetup,
    QuickBooksSandbox,
    Settings,
    account,
    item,
    named,
    tax_code,
    tax_rate,
    uk,
    us_automated,
)
from sandbox.quickbooks.books import balances

CASES = Path(__file__).parent / "golden" / "cases"
FAST = {"per_second": 100_000, "per_minute": 100_000}
LOCATIONS = sorted(
    {
        line["dimensions"]["location"]
        for path in CASES.glob("*.json")
        for entry in json.loads(path.read_text("utf-8"))["expected"]["entries"]
        for line in entry["lines"]
        if "location" in line["dimensions"]
    }
)
DEPARTMENTS = ("new", "used", "service")
_TYPES = {
    "asset": "Other Current Asset", "liability": "Other Current Liability", "equity": "Equity", "income": "Income",
    "contra_income": "Income", "cost_of_sales": "Cost of Goods Sold", "expense": "Expense",
}  # fmt: skip


def _account(number: int, role: str, one: Account, tax_role: str) -> Mapping[str, Any]:
    kind, subtype = _TYPES[one.type], ""
    if role == "receivable.customer":
        kind, subtype = "Accounts Receivable", "AccountsReceivable"
    elif role == "cash.bank":
        kind, subtype = "Bank", "Checking"
    elif role == "cash.undeposited":
        subtype = "UndepositedFunds"
    elif role == tax_role:
        subtype = "SalesTaxPayable"
    return {**account(str(number), one.name, kind, subtype), "AcctNum": one.number}


def lists(regime: str, places: Sequence[str] = LOCATIONS) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The lists of a company: an account and an item for every role of the shipped chart."""
    chart = load_chart(regime)
    tax_role = "payable.sales_tax" if regime == "us" else "tax.output"
    accounts, items, seen = [], [], set()
    for number, (role, one) in enumerate(chart.roles.items(), start=1):
        if one.number in seen:
            continue
        seen.add(one.number)
        accounts.append(_account(number, role, one, tax_role))
        items.append(item(str(500 + number), one.name, str(number)))
    return {
        "Account": accounts,
        "Item": items,
        "Class": [named(str(900 + n), name) for n, name in enumerate(DEPARTMENTS)],
        "Department": [named(str(950 + n), name) for n, name in enumerate(places)],
        "PaymentMethod": [named("1", "Cash"), named("2", "Card")],
    }


def company(regime: str, places: Sequence[str] = LOCATIONS, **more: Any) -> CompanySetup:
    """A company in the United States (automated sales tax) or in the United Kingdom."""
    if regime == "us":
        rates = {"TaxRate": [tax_rate("3", "Florida State", "6")], "TaxCode": [tax_code("2", "Florida", ["3"])]}
        engine = {"FL": ("3",), "CA": ("3",)}
        return us_automated(lists={**lists("us", places), **rates}, engine=engine, state="FL", **more)
    plain = uk().lists
    return uk(lists={**lists(regime, places), "TaxRate": plain["TaxRate"], "TaxCode": plain["TaxCode"]}, **more)


@dataclass
class Kept:
    """A sandbox, the ledger of one book that is connected to it, and the store whose outbox feeds it."""

    sandbox: QuickBooksSandbox
    ledger: QuickBooksLedger
    store: Store
    book: Book
    clock: VirtualClock

    @property
    def company(self) -> Company:
        return self.sandbox.company()

    def plan(self, *recorded: Recorded) -> list[Posting]:
        """Put every entry of some deals into the outbox."""
        postings = [one for deal in recorded for one in postings_of(self.book, deal)]
        planned = [Planned(one, self.ledger.effects(one)) for one in postings]
        with self.store.transaction("test", "enqueue") as tx:
            enqueue(tx, self.ledger, planned)
        return postings

    def drain(self) -> DrainResult:
        """Send what may be sent."""
        return Drain(self.store, self.book.name, self.ledger).run()

    def requests(self, posting: Posting, refs: Mapping[str, str] | None = None) -> list[Request]:
        """The requests of a posting, as the outbox would make them."""
        length = self.ledger.capabilities.key_length
        return [
            Request(n, effect_key(posting.key, spec.name, length), spec.name, spec.payload, refs or {})
            for n, spec in enumerate(self.ledger.effects(posting), start=1)
        ]

    def balances(self) -> dict[str, Decimal]:
        """Balance of every role's account in the sandbox, clearing folded into the customer's account."""
        found: dict[str, Decimal] = {}
        names = {row["Name"]: row["Id"] for row in self.company.tables["Account"].values()}
        amounts = balances(self.company, "2099-12-31")
        assert self.book.chart is not None
        for role, one in self.book.chart.roles.items():
            amount = amounts.get(names[one.name], Decimal(0))
            if amount:
                found["receivable.customer" if role == "clearing.settlement" else role] = amount
        return found


def connect(
    tmp_path: Path,
    regime: str,
    *,
    setup: CompanySetup | None = None,
    faults: FaultPlan | None = None,
    behaves: Mapping[str, Any] | None = None,
    entity: str = "",
    **settings: Any,
) -> Kept:
    """A sandbox and a connected ledger; `behaves` are settings of the sandbox, the rest those of the ledger."""
    clock = VirtualClock()
    sandbox = QuickBooksSandbox(
        [setup or company(regime)], settings=Settings(**{**FAST, **(behaves or {})}), clock=clock, faults=faults
    )
    store = Store(f"sqlite:///{tmp_path / 'store.db'}", clock=clock)
    ensure(store)
    book = Book("northgate", entity, "USD" if regime == "us" else "GBP", regime, chart=load_chart(regime))  # type: ignore[arg-type]
    given = QuickBooksSettings(
        realm_id=sandbox.company().setup.realm,
        client_id="sandbox-app",
        client_secret=SecretStr("sandbox-secret"),
        base_url="http://quickbooks.test",
        token_url="http://quickbooks.test/oauth2/v1/tokens/bearer",
        **{"calls_per_second": 100_000, "calls_per_minute": 100_000, "calls_at_once": 1, **settings},
    )
    services = Services(store, tmp_path / "var")
    ledger = connected(book, given, services, transport=SandboxTransport(sandbox), pace=clock)
    consent(ledger, sandbox, clock)
    return Kept(sandbox, ledger, store, book, clock)


def consent(ledger: QuickBooksLedger, sandbox: QuickBooksSandbox, clock: VirtualClock) -> None:
    """A person's consent, as `dealbooks connect` keeps it."""
    given = sandbox.connect()
    assert ledger.tokens is not None
    ledger.tokens.keep(Token(given["access_token"], clock.now(), given["refresh_token"]))


def golden(name: str) -> Recorded:
    """A golden case, by its number."""
    return recorded_case(next(path for path in sorted(CASES.glob("*.json")) if path.stem.startswith(name)))


def postings_of(book: Book, recorded: Recorded) -> list[Posting]:
    """Every entry of a deal as a posting, with the facts of its sale."""
    deal = recorded.deal
    made = []
    for entry, facts in recorded.entries:
        sale = facts.entry_id if facts is not None else ""
        made.append(
            Posting(
                posting_key(book.name, deal.deal_id, entry.entry_id), entry, deal.deal_id, deal.vehicle.vin,
                deal.vehicle.stock_no, deal.customer.name or deal.customer.id,
                posting_key(book.name, deal.deal_id, entry.reverses) if entry.reverses else None,
                _parties(deal), facts, posting_key(book.name, deal.deal_id, sale) if sale else None,
            )
        )  # fmt: skip
    return made


def _parties(deal: Deal) -> dict[str, Party]:
    customer, other = deal.customer, deal.bill_to
    kept = [
        Party(
            customer.id, customer.name or customer.id, customer.type == "business", region=customer.region,
            vat_number=customer.vat_number or "",
        )
    ]  # fmt: skip
    if other is not None and other.id != customer.id:
        kept.append(Party(other.id, other.name or other.id, business=True))
    return {party.id: party for party in kept}
