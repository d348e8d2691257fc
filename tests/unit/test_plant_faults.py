"""Faults that planted months have brought to light, each in its smallest form."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from bank_support import item, line
from reconcile_support import POLICY, account, by_hand, expected_of, receipt_of, record_of

from dealbooks.bank.items import BankItem
from dealbooks.bank.match import match_bank
from dealbooks.bank.model import BankLine
from dealbooks.entries import Entry, Line
from dealbooks.ledger import Record, RecordLine
from dealbooks.money import Money
from dealbooks.reconcile import Expected, match
from dealbooks.reconcile.byhand import Standing
from dealbooks.reconcile.lists import KINDS, ListRow, hold

DAY = date(2026, 3, 5)
AMOUNTS = (
    ("receivable.customer", "100.00"), ("sales.accessories", "-100.00"), ("receivable.finance_company", "100.00"),
    ("receivable.customer", "-100.00"),
)  # fmt: skip


def settled() -> tuple[Expected, Record]:
    """A sale that is paid within itself: the customer's account comes to nothing."""
    lines = tuple(
        Line("x", role, Money(Decimal(some), "GBP"), dimensions={"location": "LEEDS"}) for role, some in AMOUNTS
    )
    entry = Entry("sale-v1", "sale.posted", DAY, "NORTHGATE", "GBP", lines)
    found = tuple(RecordLine(account(role), Decimal(some), "GBP", {"location": "Leeds"}) for role, some in AMOUNTS)
    return Expected("k" * 64, entry, deal_number="D-1"), Record("r1", "k" * 64, DAY, "sale", found)


def code_of(record: Record) -> list[str]:
    return [one.code for one in match([settled()[0]], [record], POLICY).exceptions]


def test_lines_moved_to_another_account_are_noticed_where_they_come_to_nothing() -> None:
    _, record = settled()
    assert code_of(record) == []
    moved = tuple(
        replace(one, account="Assets:Suspense") if one.account == account("receivable.customer") else one
        for one in record.lines
    )
    assert code_of(replace(record, lines=moved)) == ["wrong_account"]


def test_a_location_changed_on_lines_that_come_to_nothing_is_noticed() -> None:
    _, record = settled()
    moved = tuple(
        replace(one, dimensions={"location": "Hull"}) if one.account == account("receivable.customer") else one
        for one in record.lines
    )
    assert code_of(replace(record, lines=moved)) == ["wrong_location"]


def test_a_list_is_judged_by_what_the_books_would_have_without_what_is_named_already() -> None:
    rows = {"U1": ListRow("U1", Decimal("310.00"))}
    kind = KINDS["lender"]
    voided = hold(kind, rows, {}, "GBP", due={"U1": Decimal("310.00")})
    assert (voided.exceptions, voided.books) == ((), {})
    [lacks] = hold(kind, {}, {}, "GBP", due={"U1": Decimal("310.00")}).exceptions
    assert lacks.code == "list_difference"


def card(key: str, amount: str, day: str) -> BankItem:
    return item(key, amount, day, method="card")


def takings(key: str, amount: str, day: str) -> BankLine:
    return line(key, amount, "MERCHANT SETTLEMENT", day)


def test_equal_takings_of_two_days_in_two_equal_lines_are_at_the_bank() -> None:
    ours = [
        card(f"{day}{n}", amount, f"2026-03-0{day}") for day in (5, 6) for n, amount in ((1, "250.00"), (2, "500.00"))
    ]
    found = match_bank(ours, [takings("L1", "750.00", "2026-03-09"), takings("L2", "750.00", "2026-03-09")])
    assert len(found.matches) == 1
    assert len(found.matches[0].items) == 4
    short = match_bank(ours, [takings("L1", "750.00", "2026-03-09")])
    assert not short.matches


def test_takings_that_two_lines_could_be_are_taken_once_and_the_other_line_is_the_other_days() -> None:
    ours = [
        card(f"{day}{n}", amount, f"2026-03-{day}")
        for day in ("05", "09")
        for n, amount in ((1, "250.00"), (2, "500.00"))
    ]
    found = match_bank(ours, [takings("L1", "750.00", "2026-03-06"), takings("L2", "750.00", "2026-03-10")])
    assert [one.items for one in found.matches] == [("051", "052"), ("091", "092")]


def test_takings_of_a_day_are_not_taken_for_one_payment_of_the_same_amount() -> None:
    """Two deposits of 250 came in one line of 500; the one payment of 500 came with another in a line of 1,500."""
    ours = [
        card("1", "250.00", "2026-03-05"), card("2", "250.00", "2026-03-05"), card("3", "500.00", "2026-03-04"),
        card("4", "1000.00", "2026-03-04"),
    ]  # fmt: skip
    found = match_bank(ours, [takings("L1", "500.00", "2026-03-06"), takings("L2", "1500.00", "2026-03-05")])
    assert {one.items for one in found.matches} == {("1", "2"), ("3", "4")}


def test_a_transfer_is_not_the_deposit_by_card_of_the_same_deal_and_amount() -> None:
    paid = item("t", "500.00", "2026-03-10", deal_id="d", shared=("A-10001",), names=(), method="bank_transfer")
    deposit = item("c", "500.00", "2026-03-06", deal_id="d", shared=("A-10001",), names=(), method="card")
    found = match_bank([deposit, paid], [line("L1", "500.00", "A-10001", "2026-03-11")])
    assert [one.items for one in found.matches if one.tier == "reference"] == [("t",)]


def test_a_contract_that_a_line_names_is_not_a_part_of_the_lenders_other_wire() -> None:
    ours = [
        item(key, amount, "2026-03-10", kind="funding", parties=("Black Horse",), names=(f"CONTRACT{key}",))
        for key, amount in (("1111", "100.00"), ("2222", "200.00"), ("3333", "350.00"))
    ]
    theirs = [
        line("L1", "300.00", "BLACK HORSE", "2026-03-11"),
        line("L2", "280.00", "BLACK HORSE CONTRACT3333", "2026-03-11"),
    ]
    found = match_bank(ours, theirs)
    assert [one.items for one in found.matches] == [("1111", "2222")]
    assert [one.difference for one in found.differences] == [Decimal("-70.00")]


def test_a_payment_under_a_customers_name_does_not_clear_what_an_edited_receipt_left_open() -> None:
    """An auction house bought three cars. The receipt of one was edited onto another car; a payment of that amount was
    typed under its name: the edit is named, and so is the payment, here as the receipt typed again."""
    receipt = receipt_of(expected_of("G10"), "G10")
    record = record_of(receipt)
    moved = tuple(replace(one, dimensions={**one.dimensions, "stock_no": "OTHER"}) for one in record.lines)
    [amount] = [line.amount for line in record.lines if line.account == account("receivable.customer")]
    typed = by_hand(
        "typed", "2026-03-20", {"cash.bank": f"{-amount}", "receivable.customer": f"{amount}"}, "MERIDIAN AUCTIONS"
    )
    place = ("receivable.customer", receipt.stock_no, "GBP")
    owes = Standing(balances={place: -amount}, customers={receipt.stock_no: ("Meridian Auctions",)})
    open_ = match([receipt], [record, typed], POLICY, owes)
    assert [one.code for one in open_.exceptions] == []
    assert [kind for kind, _ in open_.others] == ["clearing"]
    edited = match([receipt], [replace(record, lines=moved), typed], POLICY, owes)
    assert sorted(one.code for one in edited.exceptions) == ["duplicate", "edited_after_posting"]
    assert edited.others == ()
