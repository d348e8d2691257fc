"""Commission paid by payroll and tax paid to the authority: typed without a car, explained in total."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from reconcile_support import BOOK, CHART, POLICY, UK_MARCH, SmallHouse, by_hand

from dealbooks.ledger import Record, RecordLine
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.reconcile.model import MatchPolicy
from dealbooks.reconcile.remitted import remitted
from dealbooks.store import Store

COMMISSION, VAT = "2150 Commissions payable", "2200 Output VAT"
HELD = {(COMMISSION, "GBP"): Decimal("-900.00"), (VAT, "GBP"): Decimal("-5000.00")}


def words(
    *records: Record, held: dict[tuple[str, str], Decimal] = HELD, policy: MatchPolicy = POLICY
) -> dict[str, str]:
    """With the balances that are there once these records are booked."""
    closing = dict(held)
    for record in records:
        for line in record.lines:
            place = (policy.accounts.of_line(line), line.currency)
            closing[place] = closing.get(place, Decimal(0)) + line.amount
    return remitted(records, policy, closing)


def payroll(amount: str = "900.00", ref: str = "payroll", day: str = "2026-03-28", **dims: str) -> Record:
    return by_hand(ref, day, {"payable.commission": amount, "cash.bank": f"-{amount}"}, "March payroll", **dims)


def test_payroll_pays_what_is_owed_and_no_more() -> None:
    assert words(payroll()) == {"payroll": f"{COMMISSION} in total: 900.00 GBP debit of 900.00 GBP credit"}
    assert words(payroll("900.01")) == {}
    assert words(payroll("600.00"), payroll("400.00", "second", "2026-03-30")) == {
        "payroll": f"{COMMISSION} in total: 600.00 GBP debit of 900.00 GBP credit"
    }


def test_wages_and_deductions_may_stand_beside_it() -> None:
    record = payroll()
    more = (
        RecordLine("Expenses:Wages", Decimal("2000.00"), "GBP"),
        RecordLine("Liabilities:PAYE", Decimal("-2000.00"), "GBP"),
    )
    assert words(replace(record, lines=record.lines + more))


def test_a_vat_return_sets_off_input_tax() -> None:
    record = by_hand("vat", "2026-03-31", {"tax.output": "5000.00", "tax.input": "-1800.00", "cash.bank": "-3200.00"})
    assert words(record) == {"vat": f"{VAT} in total: 5000.00 GBP debit of 5000.00 GBP credit"}


@pytest.mark.parametrize(
    "amounts",
    [
        {"payable.commission": "-20.00", "cash.bank": "20.00"},  # away from nothing
        {"payable.commission": "20.00", "expense.commission_sales": "-20.00"},  # nobody was paid
        {"payable.commission": "20.00", "income.doc_fee": "-20.00"},
        {"payable.commission": "20.00", "receivable.customer": "-20.00"},
        {"payable.commission": "20.00", "payable.customer_deposits": "100.00", "cash.bank": "-120.00"},
    ],
)
def test_what_is_no_payment_of_it_is_not_explained(amounts: dict[str, str]) -> None:
    assert words(by_hand("typed", "2026-03-28", amounts)) == {}


def test_a_line_that_names_a_car_is_not_in_total() -> None:
    assert words(payroll(stock_no="L5")) == {}


def test_an_account_that_the_book_marks_is_moved_by_deals_only() -> None:
    assert words(payroll(), policy=replace(POLICY, owned=("payable.commission",))) == {}
    assert words(payroll(), policy=replace(POLICY, owned=("sales.*",)))


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> SmallHouse:
    made = SmallHouse(sqlite_store, tmp_path / "var")
    for name in UK_MARCH:
        made.take(name)
    made.drain()
    return made


def unexplained(rec: Reconciliation) -> list[str]:
    return [one.subject for one in rec.exceptions if one.code == "unexplained_ledger_entry"]


def test_a_month_with_payroll_and_tax_paid_agrees(house: SmallHouse) -> None:
    before = reconcile(house, BOOK, "2026-03")
    owed = {row.account: -row.closing for row in before.totals if row.account in (COMMISSION, VAT)}
    assert all(amount > 1 for amount in owed.values())
    vat = f"{owed[VAT]}"
    house.kept.listing += [
        payroll(f"{owed[COMMISSION]}"), by_hand("vat", "2026-03-31", {"tax.output": vat, "cash.bank": f"-{vat}"}),
    ]  # fmt: skip
    rec = reconcile(house, BOOK, "2026-03")
    assert (unexplained(rec), rec.agreed) == ([], before.agreed)
    assert {one.ref: one.kind for one in rec.by_hand} == {"payroll": "remittance", "vat": "remittance"}
    assert {row.account: row.closing for row in rec.totals if row.account in owed} == dict.fromkeys(owed, Decimal(0))
    notes = {row.left: row.note for row in rec.matrix if row.number in ("R6", "R8")}
    assert "self-explaining" in notes["commission earned, by person"]
    assert "self-explaining" in notes["tax by code, from deals"]
    house.kept.listing.append(payroll("1.00", "again", "2026-03-31"))
    assert unexplained(reconcile(house, BOOK, "2026-03")) == ["again"]


def test_what_was_owed_before_the_month_may_be_paid_in_it(house: SmallHouse) -> None:
    [row] = [row for row in reconcile(house, BOOK, "2026-03").totals if row.account == COMMISSION]
    house.kept.listing.append(payroll(f"{-row.closing}", day="2026-04-10"))
    house.day = date(2026, 5, 2)
    rec = reconcile(house, BOOK, "2026-04")
    assert (unexplained(rec), [one.kind for one in rec.by_hand]) == ([], ["remittance"])


def test_a_book_that_marks_the_account_is_told(house: SmallHouse) -> None:
    house.owned = ("payable.commission",)
    house.kept.listing.append(payroll("1.00"))
    assert unexplained(reconcile(house, BOOK, "2026-03")) == ["payroll"]


def test_the_names_of_accounts_are_the_charts() -> None:
    assert {CHART.roles[role].number for role in ("payable.commission", "tax.output")} == {"2150", "2200"}
