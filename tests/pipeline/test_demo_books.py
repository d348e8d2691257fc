"""The demo's quarter through the real pipeline, with the real data-quality engine: every flaw is found for its own
reason and nothing else is, and the books are those that the generator worked out by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pipeline_support import Clock
from sqlalchemy import select

from dealbooks.config import load_config
from dealbooks.deal import Deal
from dealbooks.demo import BOOKS, FLAWS, WAVES, DemoSummary, Flaw, write_demo
from dealbooks.entries import Entry
from dealbooks.findings import Finding, Severity
from dealbooks.house import House
from dealbooks.pipeline.quarantine import Waiting, waiting
from dealbooks.pipeline.sync import SyncResult, sync
from dealbooks.posting import post_deal
from dealbooks.store.audit import verify
from dealbooks.store.tables import deals, entries, metadata

pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Quarter:
    """The demo after its three months."""

    house: House
    summary: DemoSummary
    results: tuple[SyncResult, ...]
    again: SyncResult


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quarter]:
    folder = tmp_path_factory.mktemp("demo")
    clock = Clock()
    results = []
    summary = write_demo(folder, through=WAVES[0])
    with House.open(load_config(summary.config), actor="demo", clock=clock) as house:
        for day in WAVES:
            summary = write_demo(folder, through=day)
            results.append(sync(house))
        yield Quarter(house, summary, tuple(results), sync(house))


def _rows(house: House, table: Any) -> list[dict[str, Any]]:
    with house.store.read() as conn:
        return [dict(row) for row in conn.execute(select(table)).mappings()]


def _by_number(house: House) -> dict[str, Waiting]:
    return {item.deal_number: item for item in waiting(house)}


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: flaw.kind)
def test_each_flaw_waits_for_its_own_reason(quarter: Quarter, flaw: Flaw) -> None:
    item = _by_number(quarter.house)[flaw.deal_number]
    assert {one.code for one in item.errors} == {flaw.code}
    assert any(flaw.says in one.message for one in item.errors)
    assert (item.book, ".csv line " in item.place) == (flaw.book, True)


def test_nothing_else_waits(quarter: Quarter) -> None:
    assert set(_by_number(quarter.house)) == {flaw.deal_number for flaw in FLAWS}
    assert all(not one.failures for one in quarter.results)
    assert all(not one.held for result in quarter.results for one in result.transformed)
    states = {row["state"] for row in _rows(quarter.house, deals)}
    assert states == {"posted", "unwound"}
    assert {row["state"] for row in _rows(quarter.house, metadata.tables["facts"])} == {"applied"}


def test_every_row_ended_somewhere(quarter: Quarter) -> None:
    house = quarter.house
    files = {row["id"]: row for row in _rows(house, metadata.tables["files"])}
    assert {row["state"] for row in files.values()} <= {"taken", "empty", "duplicate"}
    counted: dict[int, int] = {}
    for row in _rows(house, metadata.tables["inbox"]):
        assert row["state"] in ("accepted", "unchanged", "quarantined", "superseded", "applied"), row["place"]
        counted[row["file_id"]] = counted.get(row["file_id"], 0) + 1
    for number, row in files.items():
        judged = json.loads(row["judgement"])
        if row["state"] == "taken" and row["layout"] != "completed_sale_lines/1":
            assert counted[number] == judged["row_count"] - _repeated(judged), row["name"]
    assert verify(house.store).breaks == ()


def _repeated(judged: dict[str, Any]) -> int:
    return sum(len(one["lines"]) - 1 for one in judged["duplicates"] if one["kept"])


@pytest.mark.parametrize("book", BOOKS)
def test_the_invoices_come_to_what_the_generator_worked_out(quarter: Quarter, book: str) -> None:
    expected = quarter.summary.totals[book]
    versions = metadata.tables["deal_versions"]
    with quarter.house.store.read() as conn:
        query = select(versions.c.deal, deals.c.deal_number).join(deals, deals.c.id == versions.c.deal_id)
        stands = (deals.c.book == book) & (deals.c.state == "posted") & (versions.c.version == deals.c.posted_version)
        rows = conn.execute(query.where(stands)).all()
    invoices = [post_deal(Deal.model_validate_json(row.deal), book=quarter.house.book(book)).invoice for row in rows]
    assert len(rows) == expected.deals
    assert sum(one.gross_total for one in invoices) == expected.invoice_total
    assert sum(one.tax_total_shown for one in invoices) == expected.invoice_tax


@pytest.mark.parametrize("book", BOOKS)
def test_the_ledger_holds_the_tax_and_no_stock_of_a_sold_car(quarter: Quarter, book: str) -> None:
    house, expected = quarter.house, quarter.summary.totals[book]
    stock: dict[str, Decimal] = {}
    tax = Decimal(0)
    accounts = house.ledger(book).accounts  # type: ignore[attr-defined]
    roles = house.chart(book).roles
    inventory = {accounts.known(role) for role in roles if role.startswith("inventory.") and "vehicle" in role}
    taxes = {accounts.known(role) for role in roles if role in ("tax.output", "tax.margin", "payable.sales_tax")}
    assert inventory
    assert taxes
    for record in house.ledger(book).records(date(2020, 1, 1), date(2027, 12, 31)):
        for line in record.lines:
            if line.account in inventory:
                number = line.dimensions["stock_no"]
                stock[number] = stock.get(number, Decimal(0)) + line.amount
            if line.account in taxes:
                tax -= line.amount
    assert {number: amount for number, amount in stock.items() if amount} == dict(expected.stock_left)
    assert tax == expected.invoice_tax + expected.margin_tax


def test_corrections_and_voids_after_posting_are_mirrored(quarter: Quarter) -> None:
    numbers = {row["id"]: row["deal_number"] for row in _rows(quarter.house, deals)}
    found: dict[str, set[str]] = {}
    for row in _rows(quarter.house, entries):
        if row["state"] == "posted":
            found.setdefault(numbers.get(row["deal_id"], ""), set()).add(row["entry_id"])
    for total in quarter.summary.totals.values():
        assert all({"sale-v1", "unwind-v1"} <= found[number] for number in total.unwound)
        assert all(any(name.startswith("sale-v") for name in found[number]) for number in total.corrected)
    mirrored = [number for total in quarter.summary.totals.values() for number in total.corrected]
    assert any("reversal-v1" in found[number] for number in mirrored)


def test_the_same_files_again_change_nothing(quarter: Quarter) -> None:
    assert [one.posted for one in quarter.again.loaded] == [0, 0]
    assert quarter.again.validated == []


def test_findings_of_the_store_can_be_read_back(quarter: Quarter) -> None:
    for row in _rows(quarter.house, metadata.tables["quarantine"]):
        found = [Finding.from_json(one) for one in json.loads(row["reasons"])]
        assert any(one.severity is Severity.ERROR for one in found)
    made = [Entry.from_json(json.loads(row["body"])) for row in _rows(quarter.house, entries)]
    assert all(one.total_debit == one.total_credit for one in made)
