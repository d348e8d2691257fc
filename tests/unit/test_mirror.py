"""R16 across books: a car that moved between two companies must stand in both ledgers with one amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from reconcile_support import BOOK, CHART, ListedLedger, SmallHouse

from dealbooks.book import Book
from dealbooks.entries import Entry, Line
from dealbooks.errors import StopConnection
from dealbooks.ledger import Posting, Record
from dealbooks.money import Money
from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.pipeline.keys import posting_key
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.reconcile.matrix import RowStatus
from dealbooks.store import Store

SISTER, DEAL = "suncoast", "G10"


@dataclass
class OtherLedger(ListedLedger):
    """A ledger that is asked for single documents."""

    deaf: bool = False

    def listed(self, refs: Sequence[str]) -> Mapping[str, Record | None]:
        if self.deaf:
            raise StopConnection("The ledger does not answer.")
        return {ref: next((one for one in self.listing if one.ref == ref), None) for ref in refs}


@dataclass
class Group(SmallHouse):
    """Two companies."""

    other: OtherLedger = field(default_factory=OtherLedger)
    currency: str = "GBP"

    def ledger(self, book: str) -> ListedLedger:
        return self.other if book == SISTER else self.kept

    def book(self, name: str) -> Book:
        return Book(name, "SUNCOAST-LTD", self.currency, "uk", CHART) if name == SISTER else super().book(name)


def entry(entry_id: str, event: str, entity: str, roles: Mapping[str, str]) -> Entry:
    lines = tuple(
        Line("transfer", role, Money(Decimal(amount), "GBP"), dimensions={"stock_no": "X9"})
        for role, amount in roles.items()
    )
    return Entry(entry_id, event, date(2026, 3, 5), entity, "GBP", lines)


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> Group:
    made = Group(sqlite_store, tmp_path / "var")
    made.take(DEAL)
    into = {"inventory.used_vehicle": "7000.00", "payable.intercompany": "-7000.00"}
    out = {"receivable.intercompany": "7000.00", "sales.used_wholesale": "-7000.00"}
    bought = entry("transfer-in-X9", "purchase.posted", "NORTHGATE-MOTORS-LTD", into)
    sold = entry("transfer-out-X9", "dealer_trade.posted", "SUNCOAST-LTD", out)
    for book, one, ledger in ((BOOK, bought, made.kept), (SISTER, sold, made.other)):
        posting = Posting(posting_key(book, DEAL, one.entry_id), one, "N-10")
        with made.store.transaction("test", "transfer") as tx:
            enqueue(tx, ledger, [Planned(posting, ledger.effects(posting))])
        Drain(made.store, book, ledger).run()
    return made


def row(rec: Reconciliation) -> tuple[RowStatus, Decimal | None, Decimal | None, str]:
    [one] = [one for one in rec.matrix if one.left == "due from and to group companies here"]
    return one.status, one.left_total, one.right_total, one.note


def unmatched(rec: Reconciliation) -> list[str]:
    return [one.what for one in rec.exceptions if one.code == "intercompany_unmatched"]


def test_a_transfer_that_stands_in_both_ledgers_agrees(house: Group) -> None:
    rec = reconcile(house, BOOK, "2026-03")
    assert row(rec) == (RowStatus.AGREED, Decimal("-7000.00"), Decimal("-7000.00"), "")
    assert unmatched(rec) == []


def test_an_edited_or_deleted_document_of_the_other_company_is_named(house: Group) -> None:
    [sold] = house.other.listing
    lines = [replace(line, amount=line.amount / 2) for line in sold.lines]
    house.other.listing[0] = replace(sold, lines=tuple(lines))
    rec = reconcile(house, BOOK, "2026-03")
    assert row(rec)[:3] == (RowStatus.DIFFERS, Decimal("-7000.00"), Decimal("-3500.00"))
    assert [one.status for one in rec.matrix if one.number == "R16"].count(RowStatus.DIFFERS) == 1
    [what] = unmatched(rec)
    assert "7000.00 GBP credit here; the other book's ledger asks for 3500.00 GBP credit." in what
    house.other.listing.clear()
    assert row(reconcile(house, BOOK, "2026-03"))[2] == Decimal(0)


def test_what_is_wrong_here_is_named_once(house: Group) -> None:
    bought = next(one for one in house.kept.listing if one.lines[-1].amount == Decimal("-7000.00"))
    house.kept.listing.remove(bought)
    rec = reconcile(house, BOOK, "2026-03")
    assert unmatched(rec) == []
    assert "deleted_in_ledger" in {one.code for one in rec.exceptions}


def test_a_ledger_that_cannot_be_read_is_not_agreed(house: Group) -> None:
    house.other.deaf = True
    status, _, there, note = row(reconcile(house, BOOK, "2026-03"))
    assert (status, there) == (RowStatus.NOT_PROVIDED, None)
    assert "suncoast cannot be read now" in note


def test_books_in_two_currencies_are_not_compared(house: Group) -> None:
    house.currency = "EUR"
    rec = reconcile(house, BOOK, "2026-03")
    assert unmatched(rec) == []
    assert not [one for one in rec.matrix if one.left == "due from and to group companies here" and one.left_count]
