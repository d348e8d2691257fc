"""A month of a UK book made of golden deals: what we expect, the ledger that holds it, and ways to disturb it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from fakes import FakeLedger

from dealbooks.book import Book
from dealbooks.canonical import compact_json, sha256_hex
from dealbooks.charts import load_chart
from dealbooks.config import BookConfig
from dealbooks.config_told import BankAccountConfig
from dealbooks.entries import Entry
from dealbooks.ledger import Outcome, Posting, PostingKey, Record, RecordLine, Request
from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.periods import Period
from dealbooks.pipeline.keys import posting_key
from dealbooks.reconcile import AccountMap, Expected, MatchPolicy
from dealbooks.store import Store

CASES = Path(__file__).parent / "golden" / "cases"
MARCH = Period(2026, 3)
BOOK = "northgate"
CHART = load_chart("uk")
ACCOUNTS = AccountMap(CHART)
POLICY = MatchPolicy(MARCH.first, MARCH.last, "GBP", ACCOUNTS, {"LEEDS": "Leeds"})
UK_MARCH = ("G09", "G10", "G11", "G12", "G13")


def case(name: str) -> dict[str, Any]:
    """A golden case. `G10+07` is G10 again, as another deal of another car: with numbers of its own."""
    name, _, tag = name.partition("+")
    [path] = CASES.glob(f"{name}-*.json")
    text = path.read_text(encoding="utf-8")
    if tag:
        deal = json.loads(text)["deal"]
        cars = [deal["vehicle"]["stock_no"], *(one["stock_no"] for one in deal.get("trade_ins", ()))]
        for said in (deal["deal_id"], *cars):
            text = text.replace(f'"{said}"', f'"{said}{tag}"')
        vin = deal["vehicle"]["vin"]
        text = text.replace(f'"{vin}"', f'"{vin[: -len(tag)]}{tag}"')
        text = text.replace(f'payoff-{cars[-1]}"', f'payoff-{cars[-1]}{tag}"')
    found: dict[str, Any] = json.loads(text)
    return found


def expected_of(name: str, **changes: Any) -> list[Expected]:
    """The entries of a golden deal, as posted and read back."""
    data = case(name)
    vehicle = data["deal"]["vehicle"]
    found = []
    for one in data["expected"]["entries"]:
        entry = Entry.from_json(one)
        key = posting_key(BOOK, name, entry.entry_id)
        found.append(
            Expected(
                key.wire(), entry, deal_id=name, deal_number=data["deal"]["deal_id"], version=key.version,
                vin=vehicle["vin"], stock_no=vehicle["stock_no"], refs=(f"ref-{key.wire()[:12]}",), **changes,
            )
        )  # fmt: skip
    return found


def account(role: str) -> str:
    """How the ledger writes an account of the chart."""
    own = CHART.roles[role]
    return f"Assets:{own.number}-{own.name.replace(' ', '-').replace('/', '-')}"


def lines_of(entry: Entry) -> tuple[RecordLine, ...]:
    """An entry's lines as the ledger lists them: in base currency, with its dimensions but no role."""
    return tuple(
        RecordLine(
            account(line.role), (line.base or line.amount).amount, (line.base or line.amount).currency, line.dimensions
        )
        for line in entry.lines
    )


def record_of(item: Expected, **changes: Any) -> Record:
    """The record that carries an entry, undisturbed."""
    entry = item.entry
    made = Record(item.refs[0], item.key, entry.accounting_date, f"{entry.event}, {item.deal_number}", lines_of(entry))
    return replace(made, **changes)


def month() -> tuple[list[Expected], list[Record]]:
    """March of the UK book, both sides, in agreement."""
    ours = [item for name in UK_MARCH for item in expected_of(name)]
    return ours, [record_of(item) for item in ours]


def sale_of(items: Sequence[Expected], name: str) -> Expected:
    """The sale of a deal."""
    return next(item for item in items if item.deal_id == name and item.entry.event == "sale.posted")


def receipt_of(items: Sequence[Expected], name: str) -> Expected:
    """The payment of a deal."""
    return next(item for item in items if item.deal_id == name and item.entry.event == "payment.received")


def nudged(record: Record, index: int = 0, by: str = "0.01") -> Record:
    """One line changed by a cent."""
    lines = list(record.lines)
    lines[index] = replace(lines[index], amount=lines[index].amount + Decimal(by))
    return replace(record, lines=tuple(lines))


def by_hand(ref: str, day: str, amounts: Mapping[str, str], text: str = "typed by hand", **dims: str) -> Record:
    """A record without a key: role -> debit-positive amount."""
    lines = tuple(RecordLine(account(role), Decimal(amount), "GBP", dims) for role, amount in amounts.items())
    return Record(ref, "", date.fromisoformat(day), text, lines)


@dataclass
class ListedLedger(FakeLedger):
    """A ledger in memory that also lists what it holds. `listing` may be disturbed by a test."""

    listing: list[Record] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    bodies: dict[str, Posting] = field(default_factory=dict)
    heads: list[tuple[str, int, str]] = field(default_factory=list)
    locked: date | None = None

    def send(self, requests: Sequence[Request]) -> list[Outcome]:
        outcomes = super().send(requests)
        for request in requests:
            if self.documents.get(request.key):
                self.listing.append(self._record(request))
        return outcomes

    def _record(self, request: Request) -> Record:
        entry = self.bodies[str(request.payload["key"])].entry
        key = str(request.payload["key"])
        return Record(f"ref-{request.key}", key, entry.accounting_date, entry.event, lines_of(entry))

    def effects(self, one: Posting) -> Any:
        self.bodies[one.key.wire()] = one
        return tuple(replace(spec, payload={**spec.payload, "key": one.key.wire()}) for spec in super().effects(one))

    def records(self, first: date, last: date) -> Iterable[Record]:
        return [record for record in self.listing if first <= record.date <= last]

    def lock_date(self) -> date | None:
        return self.locked

    def problems(self) -> list[str]:
        return list(self.complaints)

    def write_head(self, book: str, seq: int, digest: str) -> None:
        self.heads.append((book, seq, digest))


@dataclass
class SmallHouse:
    """As much of a house as reconciling and closing need."""

    store: Store
    var: Path
    kept: ListedLedger = field(default_factory=ListedLedger)
    actor: str = "test"
    day: date = date(2026, 4, 3)
    post_from: date | None = None
    owned: tuple[str, ...] | None = None
    accounts: dict[str, tuple[BankAccountConfig, str]] = field(default_factory=dict)

    def ledger(self, book: str) -> ListedLedger:
        return self.kept

    def book(self, name: str) -> Book:
        return Book(name, "NORTHGATE-MOTORS-LTD", "GBP", "uk", CHART)

    def book_config(self, name: str) -> BookConfig:
        return BookConfig.model_validate(
            {
                "legal_entity": "NORTHGATE-MOTORS-LTD", "name": "Northgate", "regime": "uk", "currency": "GBP",
                "timezone": "Europe/London", "chart": "uk", "rules": "uk", "ledger": {"platform": "beancount"},
                "locations": {"LEEDS": {"dimension": "Leeds"}}, "post_from": self.post_from,
                "owned": self.owned,
            }
        )  # fmt: skip

    def bank_accounts(self, book: str) -> dict[str, tuple[BankAccountConfig, str]]:
        return self.accounts

    def payers(self, book: str) -> dict[str, tuple[str, ...]]:
        return {}

    def today(self, book: str) -> date:
        return self.day

    def take(self, name: str, *, only: Sequence[str] | None = None) -> None:
        """Accept a golden deal, and plan its entries."""
        data = case(name)
        deal, number = data["deal"], len(data["expected"]["entries"])
        body = compact_json(deal)
        with self.store.transaction("test", f"accept {name}") as tx:
            tx.insert("deals", [{
                "id": name, "book": BOOK, "state": "planned", "deal_number": deal["deal_id"],
                "vin": deal["vehicle"]["vin"], "stock_no": deal["vehicle"]["stock_no"], "customer": "",
                "location": deal["location"], "source": "drop", "content_hash": name, "revision": "", "version": 1,
                "posted_version": 0, "accounting_date": deal["dates"]["delivery"], "updated_at": tx.at,
            }])  # fmt: skip
            tx.insert("deal_versions", [{
                "id": f"{name}/1", "deal_id": name, "version": 1, "book": BOOK, "state": "planned",
                "content_hash": name, "inbox_id": number, "batch_id": None, "deal": body,
                "deal_hash": sha256_hex(body), "provenance": "{}", "warnings": "[]", "config_hash": "", "note": "",
                "created_at": tx.at,
            }])  # fmt: skip
            entries = [Entry.from_json(one) for one in data["expected"]["entries"]]
            entries = [one for one in entries if only is None or one.entry_id in only]
            postings = [Posting(posting_key(BOOK, name, one.entry_id), one, deal["deal_id"]) for one in entries]
            enqueue(tx, self.kept, [Planned(one, self.kept.effects(one)) for one in postings])

    def drain(self) -> None:
        """Send what is planned."""
        Drain(self.store, BOOK, self.kept).run()


def key_of(name: str, entry_id: str) -> str:
    """The wire key of an entry of a deal."""
    key: PostingKey = posting_key(BOOK, name, entry_id)
    return key.wire()
