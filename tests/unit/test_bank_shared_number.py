"""One receipt number of several deals: the deal or the amount says whose it is, the number alone does not."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from bank_support import BankHouse, item, line

from dealbooks.bank.items import BankItem, BankResult
from dealbooks.bank.match import match_bank
from dealbooks.bank.model import BankLine
from dealbooks.bank.rows import BankRow
from dealbooks.pipeline.bank_side import BankReconciliation
from dealbooks.store import Store

NUMBER = "P-BANK"


def of(deal: str, amount: str, day: str = "2026-03-10", **more: Any) -> BankItem:
    """A receipt of a deal, under the number that all have."""
    return item(deal, amount, day, names=(NUMBER,), shared=(f"NG-{deal}",), **more)


def cleared(result: BankResult) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {one.items: one.lines for one in result.matches}


def differing(result: BankResult) -> list[tuple[tuple[str, ...], Decimal]]:
    return [(one.items, one.difference) for one in result.differences]


def test_a_line_that_names_the_number_and_the_deal_is_that_receipt() -> None:
    ours = [
        of("70120", "13695.00", "2026-03-02"),
        of("70124", "13695.00"),
        *(of(f"7020{n}", "500.00") for n in range(9)),
    ]
    theirs = line("L1", "13695.00", "NG-70124 receipt-P-BANK")
    result = match_bank(ours, [theirs])
    assert cleared(result) == {("70124",): (theirs.identity,)}
    assert not result.differences
    assert result.named == {theirs.identity: frozenset({"id-70124"})}


def test_each_of_two_equal_receipts_goes_to_its_deal() -> None:
    ours = [of("70120", "13695.00"), of("70124", "13695.00")]
    theirs = [line("L1", "13695.00", "NG-70124 P-BANK"), line("L2", "13695.00", "NG-70120 P-BANK")]
    assert cleared(match_bank(ours, theirs)) == {
        ("70124",): (theirs[0].identity,), ("70120",): (theirs[1].identity,)
    }  # fmt: skip


def test_the_number_alone_is_the_receipt_of_its_amount() -> None:
    ours = [of("70120", "13695.00", "2026-03-02"), of("70124", "500.00")]
    theirs = line("L1", "13695.00", "P-BANK")
    result = match_bank(ours, [theirs])
    assert cleared(result) == {("70120",): (theirs.identity,)}
    assert not result.differences


def test_the_number_alone_and_an_equal_amount_of_two_deals_are_left_to_a_person() -> None:
    ours = [of("70120", "13695.00"), of("70124", "13695.00"), of("70125", "500.00")]
    result = match_bank(ours, [line("L1", "13695.00", "P-BANK")])
    assert not result.matches
    assert not result.differences
    [one] = result.undecided
    assert (one.items, one.surplus) == (("70120", "70124"), -1)


def test_the_number_alone_with_another_amount_is_no_reference() -> None:
    ours = [of("70120", "13695.00"), of("70124", "500.00")]
    result = match_bank(ours, [line("L1", "13000.00", "P-BANK")])
    assert not result.matches
    assert not result.differences
    assert result.named == {}


def test_who_paid_decides_before_the_number_alone() -> None:
    ours = [
        of("70120", "500.00", "2026-03-02", parties=("Ann Lee",)), of("70121", "700.00"),
        item("9", "500.00", parties=("John Smith",)),
    ]  # fmt: skip
    theirs = line("L1", "500.00", "P-BANK J SMITH")
    assert cleared(match_bank(ours, [theirs])) == {("9",): (theirs.identity,)}


def test_one_payment_for_the_receipts_of_a_number() -> None:
    ours = [of("70120", "13695.00"), of("70124", "500.00", "2026-03-11")]
    theirs = line("L1", "14195.00", "P-BANK", "2026-03-12")
    assert cleared(match_bank(ours, [theirs])) == {("70120", "70124"): (theirs.identity,)}
    twice = [theirs, line("L2", "14195.00", "P-BANK", "2026-03-12")]
    assert not match_bank(ours, twice).matches


def test_the_deal_with_another_amount_is_short_alone() -> None:
    ours = [of("70120", "13695.00"), of("70124", "13695.00")]
    result = match_bank(ours, [line("L1", "13000.00", "NG-70124 P-BANK")])
    assert differing(result) == [(("70124",), Decimal("-695.00"))]
    assert [one.key for one in result.items] == ["70120"]


def test_a_line_that_names_two_deals() -> None:
    ours = [of("70120", "1000.00"), of("70124", "500.00"), of("70125", "500.00")]
    words = "NG-70120 NG-70124 P-BANK"
    both, one, short = (line("L1", amount, words) for amount in ("1500.00", "500.00", "1450.00"))
    assert cleared(match_bank(ours, [both])) == {("70120", "70124"): (both.identity,)}
    assert cleared(match_bank(ours, [one])) == {("70124",): (one.identity,)}
    assert differing(match_bank(ours, [short])) == [(("70120", "70124"), Decimal("-50.00"))]


def test_a_line_that_names_two_deals_of_equal_amounts_and_pays_one_is_left_to_a_person() -> None:
    ours = [of("70120", "500.00"), of("70124", "500.00")]
    result = match_bank(ours, [line("L1", "500.00", "NG-70120 NG-70124 P-BANK")])
    assert not result.matches
    assert not result.differences
    assert [(one.items, one.surplus) for one in result.undecided] == [(("70120", "70124"), -1)]


def test_a_number_of_a_deal_without_receipts_is_no_reference_either() -> None:
    ours, theirs = [of("70120", "700.00")], [line("L1", "500.00", "P-BANK")]
    alone = match_bank(ours, theirs)
    assert differing(alone) == [(("70120",), Decimal("-200.00"))]
    result = match_bank(ours, theirs, numbers={"other": ("p bank",)})
    assert not result.differences
    assert not result.named


def test_a_name_of_several_deals_says_no_more_than_the_deal_beside_it() -> None:
    ours = [
        item("A", "700.00", shared=("NG-70120", "FLEET-9")), item("B", "500.00", shared=("NG-70124", "FLEET-9")),
        item("C", "500.00", "2026-03-09", shared=("NG-70125", "FLEET-9")),
    ]  # fmt: skip
    theirs = line("L1", "500.00", "NG-70124 FLEET-9")
    result = match_bank(ours, [theirs])
    assert cleared(result) == {("B",): (theirs.identity,)}
    assert result.named == {theirs.identity: frozenset({"id-B"})}
    lump = match_bank(ours, [line("L1", "900.00", "FLEET-9")])  # of three deals, and no sum of theirs
    assert not lump.differences
    assert len(lump.items) == 3


# What a controller reads of it.


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> BankHouse:
    made = BankHouse(sqlite_store, tmp_path / "var")
    made.add_account("main", owned=True)
    return made


def paid(house: BankHouse, deals: dict[str, str], day: str = "2026-03-10") -> None:
    for number, amount in deals.items():
        house.sold(number, f"Buyer of {number}")
        house.booked(number, "payment.received", f"receipt-{NUMBER}", amount, day)


def row(side: BankReconciliation, code: str = "R4") -> BankRow:
    [found] = [one for one in side.rows if one.code == code]
    return found


def named(side: BankReconciliation) -> list[tuple[str, str, str]]:
    return sorted((one.code, one.deal, f"{one.difference:f}") for one in side.exceptions)


FIFTEEN = {f"NG-70{n}": f"{n}00.00" for n in range(101, 115)} | {"NG-70124": "10100.00"}  # that of NG-70101, too


def test_fifteen_deals_of_one_number_agree(house: BankHouse) -> None:
    paid(house, FIFTEEN)
    house.bank([("2026-03-11", amount, f"{deal} receipt-P-BANK") for deal, amount in FIFTEEN.items()])
    side = house.side()
    assert (side.status, named(side), side.tiers) == ("agreed", [], {"reference": 15})
    assert (row(side).right_count, row(side).difference) == (15, 0)


def test_what_is_short_of_one_deal_is_named_of_that_deal_and_is_the_difference_of_the_row(house: BankHouse) -> None:
    paid(house, FIFTEEN)
    rows = [("2026-03-11", amount, f"{deal} P-BANK") for deal, amount in FIFTEEN.items() if deal != "NG-70105"]
    house.bank([one if "NG-70107" not in one[2] else (one[0], "10000.00", one[2]) for one in rows])
    side = house.side()
    assert named(side) == [("unpaid", "NG-70105", "-10500.00"), ("unpaid", "NG-70107", "-700.00")]
    assert (row(side).right_count, row(side).difference) == (14, Decimal("-11200.00"))


@pytest.mark.parametrize(
    ("deals", "line_", "expected"),
    [
        ({"NG-1001": "500.00"}, ("510.00", "NG-1001 P-BANK"), [("overpaid", "NG-1001", "10.00")]),
        ({"NG-1001": "500.00", "NG-1002": "500.00"}, ("500.00", "P-BANK"), [("unpaid", "", "-500.00")]),
        ({"NG-1001": "500.00", "NG-1002": "500.00"}, ("500.00", "NG-1001 NG-1002"), [("unpaid", "", "-500.00")]),
        ({"NG-1001": "500.00", "NG-1002": "400.00"}, ("880.00", "NG-1001 NG-1002"), [("unpaid", "", "-20.00")]),
        ({"NG-1001": "500.00", "NG-1002": "400.00"}, ("450.00", "NG-1001 NG-1002"), [("unpaid", "", "-450.00")]),
    ],
)  # fmt: skip
def test_the_row_differs_by_what_the_exceptions_differ(
    house: BankHouse, deals: dict[str, str], line_: tuple[str, str], expected: list[tuple[str, str, str]]
) -> None:
    paid(house, deals)
    house.bank([("2026-03-11", *line_)])
    side = house.side()
    assert named(side) == expected
    assert row(side).difference == sum(one.difference for one in side.exceptions)


def test_a_short_payment_of_a_lender_is_the_difference_of_its_row(house: BankHouse) -> None:
    house.sold("NG-1001", "Ann Lee", lender="Motor Finance", contract_no="MF-991001")
    house.booked("NG-1001", "contract.funded", "funding-F1001", "21000.00", "2026-03-09")
    house.bank([("2026-03-10", "20950.00", "MOTOR FINANCE MF-991001")])
    assert named(house.side()) == [("cit_short", "NG-1001", "-50.00")]
    assert row(house.side(), "R5").difference == Decimal("-50.00")


def test_what_is_short_and_still_on_its_way_is_no_difference(house: BankHouse) -> None:
    paid(house, {"NG-1001": "500.00"}, "2026-03-30")
    house.bank([("2026-03-31", "400.00", "NG-1001 P-BANK")], days=("2026-03-01", "2026-03-31"))
    side = house.side()
    assert named(side) == []
    assert (row(side).right_total, row(side).in_transit, row(side).difference) == (Decimal(400), Decimal(100), 0)


def test_the_difference_of_two_months_is_in_the_month_of_the_receipt_that_lacks(house: BankHouse) -> None:
    house.sold("NG-1001", "Ann Lee", "2026-02-20")
    house.booked("NG-1001", "payment.received", "receipt-A-1001", "300.00", "2026-02-25")
    house.booked("NG-1001", "payment.received", "receipt-B-1001", "500.00", "2026-03-05")
    house.bank([("2026-03-06", "700.00", "NG-1001")], days=("2026-02-01", "2026-04-10"))
    assert named(house.side()) == [("unpaid", "NG-1001", "-100.00")]
    assert (row(house.side()).left_total, row(house.side()).right_total) == (Decimal(500), Decimal(400))


def test_a_place_has_room_for_a_few_deals_and_the_sentence_for_all(house: BankHouse) -> None:
    deals = {f"NG-100{n}": f"{n}00.00" for n in range(1, 8)}
    paid(house, deals)
    house.bank([("2026-03-11", "2750.00", " ".join(deals))])
    [one] = house.side().exceptions
    assert (one.code, one.difference) == ("unpaid", Decimal("-50.00"))
    assert one.where == "deals NG-1001, NG-1002, NG-1003, NG-1004, NG-1005 and 2 more"
    assert one.what == (
        "The 7 receipts of deals NG-1001, NG-1002, NG-1003, NG-1004, NG-1005, NG-1006, NG-1007 are booked with 2800.00 "
        "GBP; the bank has 2750.00 on 2026-03-11."
    )


# The work grows with the number of receipts, not with its square.


def _steps(count: int, text: str, amount: str) -> tuple[int, BankResult]:
    days = [(date(2026, 3, 2) + timedelta(days=n % 25)).isoformat() for n in range(count)]
    ours = [of(f"{n:05d}", amount.format(n=1000 + n), day) for n, day in enumerate(days)]
    theirs: list[BankLine] = [
        line(f"L{n}", amount.format(n=1000 + n), text.format(n=n), day) for n, day in enumerate(days)
    ]
    seen = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal seen
        if "/dealbooks/bank/" not in frame.f_code.co_filename:
            return None
        seen += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = match_bank(ours, theirs)
    finally:
        sys.settrace(before)
    return seen, result


@pytest.mark.parametrize(
    ("text", "amount", "sure"),
    [("NG-{n:05d} P-BANK", "99.00", True), ("P-BANK", "{n}.00", True), ("P-BANK", "99.00", False)],
)
def test_the_work_grows_with_the_number_of_receipts(text: str, amount: str, *, sure: bool) -> None:
    small, large = 50, 200
    steps = {}
    for count in (small, large):
        steps[count], result = _steps(count, text, amount)
        assert len(result.matches) == (count if sure else 0)
    assert steps[large] < 1.5 * (large // small) * steps[small], steps
