"""What the tests of the Beancount ledger share: a chart over every role of the golden cases, and small postings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from blocks.ledgers.beancount import BeancountLedger
from dealbooks.book import Account, AccountType, Chart
from dealbooks.entries import Entry, Line
from dealbooks.ledger import Ledger, Posting, PostingKey, Request
from dealbooks.money import Money

CASES = Path(__file__).parent / "golden" / "cases"
DAY = date(2026, 3, 14)

_TYPES: tuple[tuple[str, AccountType], ...] = (
    ("cost_of_sales.", "cost_of_sales"),
    ("sales.over_allowance", "contra_income"),
    ("sales.", "income"),
    ("income.", "income"),
    ("expense.", "expense"),
    ("fx.", "expense"),
    ("rounding.", "expense"),
    ("payable.", "liability"),
    ("liability.", "liability"),
    ("tax.input", "asset"),
    ("tax.", "liability"),
    ("equity.", "equity"),
)


def golden() -> list[dict[str, Any]]:
    """Every golden case, in order."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(CASES.glob("G*.json"))]


def chart(*more: str) -> Chart:
    """One account for each role that the golden cases use."""
    roles = {
        line["account_role"] for case in golden() for entry in case["expected"]["entries"] for line in entry["lines"]
    }
    accounts = {}
    for number, role in enumerate(sorted(roles | set(more)), start=1000):
        kind = next((kind for prefix, kind in _TYPES if role.startswith(prefix)), "asset")
        accounts[role] = Account(number=str(number), name=role.replace(".", " ").replace("_", " "), type=kind)
    return Chart(name="test", roles=accounts)


def ledger(path: Path, currency: str = "GBP") -> BeancountLedger:
    """A Beancount ledger in a folder of its own."""
    return BeancountLedger(path, "Northgate Motors", currency, chart())


def receipt(
    deal: str = "d1",
    subject: str = "P1",
    *,
    amount: str = "250.00",
    day: date = DAY,
    number: str = "",
    customer: str = "Alex Doe",
    issue: int = 0,
) -> Posting:
    """A payment received: the smallest posting there is."""
    money = Money(Decimal(amount), "GBP")
    where = {"location": "LEEDS", "department": "used"}
    entry = Entry(
        f"receipt-{subject}",
        "payment.received",
        day,
        "NORTHGATE-MOTORS-LTD",
        "GBP",
        (
            Line("payment", "cash.undeposited", money, None, where | {"method": "card"}),
            Line("payment", "receivable.customer", -money, None, where | {"party": "C-1", "stock_no": "U1"}),
        ),
    )
    key = PostingKey("northgate", deal, "receipt", subject, 0, issue)
    return Posting(key, entry, number or deal, "WVWZZZ1JZXW000123", "U1", customer)


def reversal(posting: Posting, day: date) -> Posting:
    """The mirror of a posting."""
    entry = posting.entry
    mirror = replace(
        entry,
        entry_id=f"reversal-{entry.entry_id}",
        event="sale.reversed",
        accounting_date=day,
        lines=tuple(line.mirrored() for line in entry.lines),
        reverses=entry.entry_id,
    )
    key = replace(posting.key, purpose="reversal")
    return replace(posting, key=key, entry=mirror, reverses=posting.key)


def case_postings(case: dict[str, Any]) -> list[Posting]:
    """The expected entries of a golden case, as postings."""
    deal = case["deal"]
    postings = []
    for data in case["expected"]["entries"]:
        entry = Entry.from_json(data)
        key = PostingKey(entry.legal_entity, deal["deal_id"], entry.entry_id)
        name = deal.get("customer", {}).get("name", "")
        vehicle = deal.get("vehicle", {})
        postings.append(Posting(key, entry, deal["deal_id"], vehicle.get("vin", ""), vehicle.get("stock_no", ""), name))
    return postings


def requests(target: Ledger, postings: Iterable[Posting]) -> list[Request]:
    """The requests of postings that need one effect each."""
    made = []
    for number, posting in enumerate(postings, start=1):
        (effect,) = target.effects(posting)
        made.append(Request(number, posting.key.wire(target.capabilities.key_length), effect.name, effect.payload))
    return made


def book_currency(case: dict[str, Any]) -> str:
    """The currency that the books of a case are kept in."""
    return str(case["deal"].get("base_currency") or case["deal"]["currency"])
