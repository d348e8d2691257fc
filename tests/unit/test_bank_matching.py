"""Matching of our money with bank lines: by tiers, nothing twice, nothing crossed, sums that tie."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from bank_support import item, line
from hypothesis import given
from hypothesis import strategies as st

from dealbooks.bank.items import BankItem, BankMatch, BankPolicy, BankResult, business_day
from dealbooks.bank.judge import Scene, Span, differing, judge
from dealbooks.bank.match import match_bank
from dealbooks.bank.model import BankLine
from dealbooks.bank.names import LineWords, is_name
from dealbooks.bank.rows import rows_of


def pairs(result: BankResult) -> list[tuple[str, tuple[str, ...], int]]:
    return [(one.tier, one.items, len(one.lines)) for one in result.matches]


@pytest.mark.parametrize(
    ("text", "name", "holds"),
    [
        ("PAYMENT RCPT-1001 THANKS", "RCPT-1001", True), ("PAYMENT RCPT 1001", "rcpt-1001", True),
        ("PAYMENT RCPT-10012", "RCPT-1001", False), ("XRCPT-1001", "RCPT-1001", False),
        ("TOTAL 10,247.00", "10247", False), ("STOCK 10247 SOLD", "10247", True), ("IN 2026 PAID", "2026", False),
        ("REF P1", "P1", False), ("pago señor núñez u1234", "U1234", True),
    ],
)  # fmt: skip
def test_a_reference_is_found_as_whole_words_only(text: str, name: str, holds: bool) -> None:
    assert bool(LineWords([line("L", "1.00", text)]).naming(name)) is holds


def test_short_names_prove_nothing() -> None:
    assert [is_name(text) for text in ("P-1", "1234", "12345", "AB12", "")] == [False, False, True, True, False]


def test_a_reference_and_the_amount_clear_even_late() -> None:
    result = match_bank([item("1001", "500.00")], [line("L1", "500.00", "RCPT-1001", "2026-03-31")])
    assert pairs(result) == [("reference", ("1001",), 1)]
    assert not result.items
    assert not result.lines


def test_amount_and_days_need_one_strong_attribute() -> None:
    ours = item("1", "500.00", "2026-03-06", parties=("John Smith",))
    friday = [line("L1", "500.00", "J SMITH", "2026-03-11")]  # three business days later
    assert pairs(match_bank([ours], friday)) == [("attribute", ("1",), 1)]
    assert not match_bank([ours], [line("L1", "500.00", "J SMITH", "2026-03-12")]).matches
    plain = match_bank([ours], [line("L1", "500.00", "CREDIT")])
    assert not plain.matches
    assert [one.reason for one in plain.undecided] == ["amount and days agree; nothing in the line says whose it is"]
    card = item("1", "500.00", "2026-03-06", method="card")
    assert pairs(match_bank([card], [line("L1", "500.00", "VISA SALE")])) == [("attribute", ("1",), 1)]


def test_a_line_that_names_another_deal_is_not_taken_for_its_amount() -> None:
    ours = item("1", "500.00", parties=("John Smith",), shared=("A-10001",))
    theirs = line("L1", "500.00", "JOHN SMITH A-10002")
    result = match_bank([ours], [theirs], known={"other": ("A-10002",)})
    assert not result.matches
    assert not result.undecided
    assert result.named == {theirs.identity: frozenset({"other"})}


def test_two_customers_of_one_name_are_not_crossed() -> None:
    ours = [item("1", "500.00", parties=("John Smith",)), item("2", "500.00", parties=("John Smith",))]
    both = [line("L1", "500.00", "JOHN SMITH"), line("L2", "500.00", "JOHN SMITH")]
    result = match_bank(ours, both)
    assert not result.matches
    assert [(one.items, len(one.lines), one.surplus) for one in result.undecided] == [(("1", "2"), 2, 0)]
    [short] = match_bank(ours, both[:1]).undecided
    assert short.surplus == -1
    named = match_bank(ours, [line("L1", "500.00", "JOHN SMITH RCPT-2"), both[1]])
    assert {one.items: one.lines for one in named.matches} == {  # one is named, so the other is no question any more
        ("2",): (line("L1", "500.00", "JOHN SMITH RCPT-2").identity,), ("1",): (both[1].identity,),
    }  # fmt: skip


def test_equal_amounts_on_one_day_go_by_who_paid() -> None:
    ours = [item("1", "500.00", parties=("Ann Lee",)), item("2", "500.00", parties=("Bob Ray",))]
    theirs = [line("L1", "500.00", "BOB RAY"), line("L2", "500.00", "ANN LEE")]
    result = match_bank(ours, theirs)
    by_item = {one.items: one.lines for one in result.matches}
    assert by_item == {("1",): (theirs[1].identity,), ("2",): (theirs[0].identity,)}


def test_a_receipt_may_come_in_parts() -> None:
    ours = item("1001", "12500.00", parties=("Ann Lee",))
    named = [line("L1", "10000.00", "RCPT-1001"), line("L2", "2500.00", "RCPT-1001 REST", "2026-03-20")]
    assert pairs(match_bank([ours], named)) == [("parts", ("1001",), 2)]
    by_party = [line("L1", "10000.00", "ANN LEE"), line("L2", "2500.00", "ANN LEE", "2026-03-11")]
    assert pairs(match_bank([ours], by_party)) == [("parts", ("1001",), 2)]
    noisy = [*named, line("L3", "77.00", "RCPT-1001 KEYRING")]
    result = match_bank([ours], noisy)
    assert pairs(result) == [("parts", ("1001",), 2)]
    assert [one.amount for one in result.lines] == [Decimal("77.00")]


def test_one_wire_pays_several_contracts() -> None:
    def funded(key: str, amount: str, day: str = "2026-03-10") -> BankItem:
        return item(
            key, amount, day, kind="funding", names=(f"FUND-{key}", f"C-77{key}"), parties=("Motor Finance plc",)
        )

    ours = [funded("101", "21000.00"), funded("102", "18500.50"), funded("103", "9999.99")]
    total = line("W1", "49500.49", "MOTOR FINANCE BULK PAYMENT", "2026-03-11")
    assert pairs(match_bank(ours, [total])) == [("wire", ("101", "102", "103"), 1)]
    of_two = line("W1", "39500.50", "MF C-77101 C-77102")
    assert pairs(match_bank(ours, [of_two])) == [("parts", ("101", "102"), 1)]
    days = [*ours[:2], funded("104", "39500.50", "2026-03-12")]
    alone = match_bank(days, [line("W1", "39500.50", "MOTOR FINANCE")])
    assert pairs(alone) == [("attribute", ("104",), 1)]
    twice = match_bank(ours, [total, line("W2", "49500.49", "MOTOR FINANCE BULK PAYMENT", "2026-03-11")])
    assert not twice.matches


def test_a_card_batch_is_net_of_the_fee_that_is_stated() -> None:
    ours = [item("1", "300.00", "2026-03-06", method="card"), item("2", "700.00", "2026-03-07", method="card")]
    stated = line("B1", "976.50", "MERCHANT SETTLEMENT", "2026-03-09", fee=Decimal("23.50"))
    [one] = match_bank(ours, [stated]).matches
    assert (one.tier, one.items, one.fee) == ("batch", ("1", "2"), Decimal("23.50"))
    unstated = match_bank(ours, [line("B1", "976.50", "MERCHANT SETTLEMENT", "2026-03-09")])
    assert not unstated.matches
    [hint] = unstated.hints
    assert hint.reason.startswith("card takings less 23.50 GBP")


def test_takings_of_two_currencies_are_two_batches() -> None:
    ours = [
        item("1", "300.00", "2026-03-06", method="card"), item("2", "700.00", "2026-03-06", method="card"),
        item("3", "50.00", "2026-03-06", method="card", currency="EUR"),
    ]  # fmt: skip
    [hint] = match_bank(ours, [line("B1", "990.00", "MERCHANT SETTLEMENT", "2026-03-09")]).hints
    assert hint.items == ("1", "2")


def test_money_that_comes_with_another_amount_is_named_with_the_difference() -> None:
    short = match_bank([item("1001", "500.00", kind="funding")], [line("L1", "480.00", "RCPT-1001")])
    [one] = short.differences
    assert (one.items, one.difference) == (("1001",), Decimal("-20.00"))
    assert not short.items
    assert not short.lines


def test_money_out_is_never_money_in() -> None:
    ours = item("1001", "-500.00", kind="refund")
    assert not match_bank([ours], [line("L1", "500.00", "RCPT-1001")]).matches
    assert pairs(match_bank([ours], [line("L1", "-500.00", "RCPT-1001")])) == [("reference", ("1001",), 1)]


def test_a_payout_is_looked_for_elsewhere() -> None:
    payout = item("p", "733.80", kind="payout", names=("po_1Abc",), parties=("stripe",), elsewhere="stripe")
    own, there = (
        line("x", "733.80", "po_1Abc", account="stripe"),
        line("y", "733.80", "STRIPE PAYMENTS", account="main"),
    )
    [one] = match_bank([payout], [own, there]).matches
    assert one.lines == (there.identity,)


def test_what_a_person_decided_counts_where_it_ties() -> None:
    ours = [item("1", "500.00"), item("2", "500.00")]
    theirs = [line("L1", "500.00", "CREDIT"), line("L2", "400.00", "CREDIT"), line("L3", "100.00", "CREDIT")]
    ids = [one.identity for one in theirs]
    result = match_bank(ours, theirs, decided=[("1", ids[0]), ("2", ids[1]), ("2", ids[2]), ("gone", ids[0])])
    assert pairs(result) == [("person", ("1",), 1), ("person", ("2",), 2)]
    assert not match_bank(ours, theirs[1:], decided=[("1", ids[1])]).matches


def test_business_days_leave_out_the_weekend() -> None:
    friday = date(2026, 3, 6)
    assert [business_day(friday + timedelta(days=n)) - business_day(friday) for n in range(5)] == [0, 0, 0, 1, 2]


_NAMES = ("John Smith", "Ann Lee", "Motor Finance", "")
_KEYS = [f"{n}" for n in range(1000, 1008)]


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[BankItem], list[BankLine]]:
    """Few amounts, few names, few days: as much that is alike as can be."""
    amounts = st.sampled_from(["100.00", "200.00", "300.00", "-100.00"])
    days = st.integers(6, 12).map(lambda n: f"2026-03-{n:02d}")
    ours = [
        item(
            key, draw(amounts), draw(days), kind=draw(st.sampled_from(["receipt", "funding", "payoff"])),
            deal_id=f"id-{draw(st.integers(0, 3))}", parties=(draw(st.sampled_from(_NAMES)),),
            method=draw(st.sampled_from(["card", "cash", "bank_transfer"])),
            names=draw(st.sampled_from([(f"RCPT-{key}",), ("P-BANK",), ("P-BANK", f"RCPT-{key}")])),
            shared=draw(st.sampled_from([(), ("STK-01",), ("STK-02",)])),
        )
        for key in draw(st.lists(st.sampled_from(_KEYS), unique=True, max_size=8))
    ]  # fmt: skip
    theirs = [
        line(
            f"L{n}", draw(amounts), " ".join(draw(st.lists(st.sampled_from([
                "RCPT-1000", "RCPT-1001", "RCPT-1002", "JOHN SMITH", "ANN LEE", "MOTOR FINANCE", "CARD", "CASH", "X",
                "P-BANK", "STK-01", "STK-02",
            ]), max_size=3))), draw(days), fee=Decimal(draw(st.sampled_from(["0.00", "0.00", "1.00"]))),
        )
        for n in range(draw(st.integers(0, 8)))
    ]  # fmt: skip
    return ours, theirs


@given(scenes(), st.integers(0, 10**6))
def test_the_order_of_items_and_lines_says_nothing(scene: tuple[list[BankItem], list[BankLine]], seed: int) -> None:
    ours, theirs = scene
    dice = random.Random(seed)
    assert match_bank(ours, theirs) == match_bank(dice.sample(ours, len(ours)), dice.sample(theirs, len(theirs)))


@given(scenes())
def test_nothing_is_taken_twice_and_sums_tie(scene: tuple[list[BankItem], list[BankLine]]) -> None:
    ours, theirs = scene
    result = match_bank(ours, theirs)
    amounts = {one.key: one.amount for one in ours}
    moved = {one.identity: one.amount for one in theirs}
    used: list[BankMatch] = [*result.matches, *result.differences]
    keys = [key for one in used for key in one.items] + [one.key for one in result.items]
    ids = [key for one in used for key in one.lines] + [one.identity for one in result.lines]
    assert sorted(keys) == sorted(amounts)
    assert sorted(ids) == sorted(moved)
    for one in result.matches:
        assert sum(amounts[key] for key in one.items) == sum(moved[key] for key in one.lines) + one.fee
        assert one.difference == 0
    for one in result.differences:
        assert sum(amounts[key] for key in one.items) + one.difference == sum(moved[key] for key in one.lines)
    free = {one.key for one in result.items}
    assert all(set(one.items) <= free for one in result.undecided)


@given(scenes())
def test_the_rows_differ_by_what_the_exceptions_about_our_money_come_to(
    scene: tuple[list[BankItem], list[BankLine]],
) -> None:
    ours, theirs = scene
    first, last = date(2026, 3, 1), date(2026, 3, 31)
    month = Scene(
        first=first, last=last, as_of=date(2026, 4, 30), spans={"main": Span("main", "GBP", ((first, last),), ())},
        named={}, explained={}, deals={}, policy=BankPolicy(),
    )  # fmt: skip
    result = match_bank(ours, theirs)
    judged = judge(result, month)
    by_key, by_id = {one.key: one for one in ours}, {one.identity: one for one in theirs}
    exceptions = differing(result.differences, by_key, by_id, month)
    exceptions += [one for one in judged.exceptions if one.code == "unpaid"]
    rows = [row for row in rows_of(ours, result, judged, month, ()) if row.code != "R3"]
    open_ = sum(abs(row.undecided) for row in rows)
    lines = {line for one in judged.undecided for line in one.lines}
    assert sum(row.difference for row in rows) == sum(one.difference for one in exceptions)
    at_bank = [max(abs(by_id[line].amount), abs(by_id[line].gross)) for line in lines]
    assert open_ <= sum(at_bank)


@given(scenes())
def test_a_suggestion_never_clears(scene: tuple[list[BankItem], list[BankLine]]) -> None:
    ours, theirs = scene
    result = match_bank(ours, theirs)
    taken = {key for one in result.matches for key in one.items}
    assert not any(taken & set(one.items) for one in (*result.undecided, *result.hints))


@given(st.integers(2, 6), st.integers(2, 6))
def test_customers_of_one_name_are_never_crossed(customers: int, came: int) -> None:
    ours = [item(f"100{n}", "500.00", parties=("John Smith",), names=()) for n in range(customers)]
    theirs = [line(f"L{n}", "500.00", "JOHN SMITH") for n in range(came)]
    result = match_bank(ours, theirs)
    assert not result.matches
    [one] = result.undecided
    assert one.surplus == came - customers
