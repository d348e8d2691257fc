"""The bank's side of a month: planted defects are each named once by their class, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from bank_support import STRIPE, BankHouse
from posting_support import case, post
from reconcile_support import ACCOUNTS, BOOK, UK_MARCH, by_hand

from dealbooks.bank.rows import BankRow
from dealbooks.periods import Period
from dealbooks.pipeline.bank import import_file
from dealbooks.pipeline.bank_decided import accept
from dealbooks.pipeline.bank_items import corrected_receipt
from dealbooks.pipeline.bank_side import BankReconciliation
from dealbooks.pipeline.reconcile import reconcile
from dealbooks.reconcile.model import SEVERITIES
from dealbooks.reconcile.words import WORDS
from dealbooks.store import Store

# What the golden deals leave open at the end of the month.
OPEN = {"cit_unpaid", "payoff_late", "customer_balance"}


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> BankHouse:
    made = BankHouse(sqlite_store, tmp_path / "var")
    made.add_account("main", owned=True)
    return made


def named(side: BankReconciliation) -> list[tuple[str, str, str]]:
    return sorted((one.code, one.deal, f"{one.difference:f}") for one in side.exceptions)


def row(side: BankReconciliation, code: str) -> BankRow:
    [found] = [one for one in side.rows if one.code == code]
    return found


def agreeing(house: BankHouse) -> list[tuple[str, str, str]]:
    """A month in which everything that was booked came; returns the bank's lines."""
    house.sold("UK-70001", "Ann Lee", lender="Motor Finance", contract_no="MF-991001")
    house.booked("UK-70001", "deposit.received", "receipt-D-UK-70001", "500.00", "2026-03-03", "card")
    house.booked("UK-70001", "payment.received", "receipt-P-UK-70001", "4500.00", "2026-03-05")
    house.booked("UK-70001", "contract.funded", "funding-F70001", "21000.00", "2026-03-09")
    house.booked("UK-70001", "trade.paid_off", "payoff-T-UK-70001", "-3000.00", "2026-03-10")
    house.sold("UK-70002", "Bob Ray", lender="Motor Finance", contract_no="MF-991002")
    house.booked("UK-70002", "payment.received", "receipt-P-UK-70002", "900.00", "2026-03-12", "cash")
    house.booked("UK-70002", "contract.funded", "funding-F70002", "18000.00", "2026-03-16")
    house.booked("UK-70002", "customer.refunded", "refund-R70002", "-100.00", "2026-03-18")
    house.sold("UK-70003", "Cai Moss", lender="Motor Finance", contract_no="MF-991003")
    house.booked("UK-70003", "contract.funded", "funding-F70003", "9000.50", "2026-03-16")
    house.booked("UK-70003", "payment.received", "receipt-P-UK-70003", "700.00", "2026-03-30")
    return [
        ("2026-03-04", "500.00", "CARD PAYMENT D-UK-70001"), ("2026-03-05", "4000.00", "ANN LEE UK-70001"),
        ("2026-03-06", "500.00", "ANN LEE UK-70001 REST"), ("2026-03-09", "21000.00", "MOTOR FINANCE MF-991001"),
        ("2026-03-11", "-3000.00", "CREDIT UNION ONE T-UK-70001"), ("2026-03-13", "900.00", "CASH LODGEMENT"),
        ("2026-03-17", "27000.50", "MOTOR FINANCE BULK"), ("2026-03-18", "-100.00", "REFUND R70002"),
        ("2026-04-01", "700.00", "P-UK-70003"),
    ]  # fmt: skip


def test_without_statements_it_is_not_provided(house: BankHouse) -> None:
    agreeing(house)
    side = house.side()
    assert (side.status, side.rows, side.exceptions) == ("not provided", (), ())


def test_a_wire_names_the_lender_as_its_rulebook_calls_it(house: BankHouse) -> None:
    for number, amount in (("UK-1", "21000.00"), ("UK-2", "18500.50")):
        house.sold(number, "Ann Lee", lender="FINHOUSE-1", contract_no=f"MF-{number}")
        house.booked(number, "contract.funded", f"funding-F-{number}", amount, "2026-03-09")
    house.bank([("2026-03-10", "39500.50", "NORTHERN MOTOR FINANCE BULK PAYMENT")])
    assert {one.code for one in house.side().exceptions} == {"unpaid", "unexplained_bank_line"}
    assert house.side(payers={"FINHOUSE-1": ("Finance house", "northern motor finance")}).exceptions == ()


def test_a_month_that_agrees(house: BankHouse) -> None:
    house.bank(agreeing(house))
    side = house.side()
    assert named(side) == []
    assert side.status == "agreed"
    assert side.undecided == ()
    for code in ("R3", "R4", "R5"):
        assert row(side, code).difference == 0
    assert (row(side, "R3").left_count, row(side, "R3").left_total) == (4, Decimal("6600.00"))
    assert row(side, "R4").left_total == Decimal("3500.00")
    assert (row(side, "R5").left_count, row(side, "R5").right_total) == (3, Decimal("48000.50"))
    assert side.tiers == {"attribute": 1, "parts": 1, "reference": 5, "wire": 1}
    assert side.as_json()["coverage"] == [
        {"account": "main", "currency": "GBP", "covered": [["2026-03-01", "2026-04-10"]], "missing": []}
    ]


DEFECTS = {
    "a receipt never came": ("2026-03-04", None, ("unpaid", "UK-70001", "-500.00")),
    "a refund never left": ("2026-03-18", None, ("unpaid", "UK-70002", "100.00")),
    "a settlement never left": ("2026-03-11", None, ("unpaid", "UK-70001", "3000.00")),
    "a short funding": ("2026-03-09", "20950.00", ("cit_short", "UK-70001", "-50.00")),
    "a funding of too much": ("2026-03-09", "21000.01", ("cit_over", "UK-70001", "0.01")),
    "a refund of too much": ("2026-03-18", "-110.00", ("overpaid", "UK-70002", "-10.00")),
    "a receipt short": ("2026-03-04", "499.99", ("unpaid", "UK-70001", "-0.01")),
    "a settlement short": ("2026-03-11", "-2999.00", ("unpaid", "UK-70001", "1.00")),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_planted_defect_is_named_once(house: BankHouse, defect: str) -> None:
    day, becomes, expected = DEFECTS[defect]
    lines = agreeing(house)
    house.bank([(at, becomes or amount, words) if at == day else (at, amount, words) for at, amount, words in lines
                if at != day or becomes is not None])  # fmt: skip
    side = house.side()
    assert named(side) == [expected]
    assert side.status == "exceptions"
    assert row(side, "R4").difference + row(side, "R5").difference != 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (("2026-03-20", "250.00", "SOMEBODY"), ("unexplained_bank_line", "", "250.00")),
        (("2026-03-20", "250.00", "STK-UK-70001"), ("unexplained_bank_line", "UK-70001", "250.00")),
        (("2026-03-20", "500.00", "CARD PAYMENT D-UK-70001"), ("overpaid", "UK-70001", "500.00")),
        (("2026-03-20", "-75.00", "OUT"), ("unexplained_bank_line", "", "-75.00")),
    ],
)
def test_a_line_that_is_not_booked_is_named_once(
    house: BankHouse, line: tuple[str, str, str], expected: tuple[str, str, str]
) -> None:
    house.bank([*agreeing(house), line])
    assert named(house.side()) == [expected]


def test_all_defects_at_once(house: BankHouse) -> None:
    changed = {"2026-03-04": None, "2026-03-09": "20950.00", "2026-03-11": "-3001.00", "2026-03-18": None}
    lines = [
        (day, changed.get(day) or amount, words) for day, amount, words in agreeing(house)
        if day not in changed or changed[day] is not None
    ]  # fmt: skip
    house.bank([*lines, ("2026-03-20", "250.00", "SOMEBODY"), ("2026-03-23", "901.00", "STK-UK-70002")])
    assert named(house.side()) == [
        ("cit_short", "UK-70001", "-50.00"), ("overpaid", "UK-70001", "-1.00"),
        ("unexplained_bank_line", "", "250.00"), ("unexplained_bank_line", "UK-70002", "901.00"),
        ("unpaid", "UK-70001", "-500.00"), ("unpaid", "UK-70002", "100.00"),
    ]  # fmt: skip


def test_a_funding_short_by_a_pound_is_within_its_tolerance_and_shown(house: BankHouse) -> None:
    lines = [(day, "20999.00" if day == "2026-03-09" else amount, words) for day, amount, words in agreeing(house)]
    house.bank(lines)
    side = house.side()
    assert named(side) == []
    assert [one.difference for one in side.differences] == [Decimal("-1.00")]


def test_days_without_statements_are_named_and_their_money_is_not_judged(house: BankHouse) -> None:
    lines = [one for one in agreeing(house) if one[0] <= "2026-03-15"]
    house.bank(lines, days=("2026-03-01", "2026-03-15"))
    side = house.side()
    assert named(side) == [("statement_missing", "", "0")]
    assert "2026-03-16 to 2026-03-31" in side.exceptions[0].what
    assert side.not_judged == 0  # as far as the statements reach, all of it is still on its way
    assert row(side, "R5").in_transit == Decimal("27000.50")


def test_money_is_in_transit_for_three_business_days(house: BankHouse) -> None:
    house.sold("UK-70009", "Di Fox")
    house.booked("UK-70009", "payment.received", "receipt-P-UK-70009", "100.00", "2026-03-27")  # a Friday
    house.bank([("2026-03-02", "1.00", "INTEREST")], days=("2026-03-01", "2026-04-10"))
    assert [one.key for one in house.side("2026-03-31").in_transit] == ["key-UK-70009-receipt-P-UK-70009"]
    assert row(house.side(), "R4").in_transit == Decimal("100.00")
    april = house.side("2026-04-10", Period(2026, 4))
    assert ("unpaid", "UK-70009", "-100.00") in named(april)  # carried into the next month
    assert ("unpaid", "UK-70009", "-100.00") not in named(house.side("2026-03-31"))


def test_two_customers_of_one_name_are_left_to_a_person(house: BankHouse) -> None:
    keys = []
    for number in ("UK-70011", "UK-70012"):
        house.sold(number, "John Smith")
        keys.append(house.booked(number, "payment.received", f"receipt-P-{number}", "5000.00", "2026-03-10"))
    house.bank([("2026-03-10", "5000.00", "J SMITH"), ("2026-03-11", "5000.00", "JOHN SMITH")])
    side = house.side()
    assert named(side) == []
    assert side.status == "exceptions"
    [one] = side.undecided
    assert one.items == tuple(keys)
    assert row(side, "R4").undecided == Decimal("10000.00")
    for identity, key in zip(one.lines, keys, strict=True):
        accept(house, identity, key, who="Ann Lee", why="the customers sent their confirmations")
    done = house.side()
    assert (done.status, done.tiers) == ("agreed", {"person": 2})


def test_of_two_customers_of_one_name_one_has_not_paid(house: BankHouse) -> None:
    for number in ("UK-70011", "UK-70012"):
        house.sold(number, "John Smith")
        house.booked(number, "payment.received", f"receipt-P-{number}", "5000.00", "2026-03-10")
    house.bank([("2026-03-10", "5000.00", "J SMITH")])
    side = house.side()
    assert named(side) == [("unpaid", "", "-5000.00")]
    assert side.exceptions[0].where == "deals UK-70011, UK-70012"


def test_other_activity_is_totalled_unless_the_account_is_owned(house: BankHouse) -> None:
    house.add_account("main")
    house.bank([*agreeing(house), ("2026-03-20", "250.00", "WORKSHOP"), ("2026-03-20", "-75.00", "RENT")])
    side = house.side()
    assert named(side) == []
    [other] = side.others
    assert (other.count, other.money_in, other.money_out) == (2, Decimal("250.00"), Decimal("-75.00"))


def test_a_record_of_the_bookkeeper_explains_a_line_once(house: BankHouse) -> None:
    house.bank([("2026-03-20", "-75.00", "RENT"), ("2026-03-20", "-75.00", "RENT")])
    record = by_hand("J1", "2026-03-19", {"cash.bank": "-75.00", "payable.customer_refund": "75.00"})
    side = house.side(records=[record], labels=ACCOUNTS)
    assert named(side) == [("unexplained_bank_line", "", "-75.00")]
    assert side.others[0].explained == 1


def test_what_the_ledger_side_names_is_not_named_again(house: BankHouse) -> None:
    house.sold("UK-70021", "Eve Orr", lender="Motor Finance", contract_no="MF-992001")
    house.bank([("2026-03-12", "15000.00", "MF-992001")])
    [found] = house.side().exceptions
    assert (found.code, found.deal) == ("unexplained_bank_line", "UK-70021")
    unpaid = replace(found, code="cit_unpaid")
    side = house.side(named=[unpaid])
    assert named(side) == []
    assert [one.reason for one in side.suggestions] == ["names UK-70021: cit_unpaid"]
    assert named(house.side(held_deals={"id-UK-70021"})) == []


def test_card_payments_clear_at_the_provider_and_its_payout_at_the_bank(house: BankHouse) -> None:
    house.add_account("stripe", layout="stripe_payouts", owned=True)
    house.sold("A-104233", "Ann Lee")
    house.booked("A-104233", "payment.received", "receipt-pi_3Abcdef", "1000.00", "2026-03-03", "card")
    house.booked("A-104233", "customer.refunded", "refund-pi_3Zyxwvu", "-250.00", "2026-03-04", "card")
    days = (date(2026, 3, 1), date(2026, 4, 10))
    import_file(house, "stripe", house.file("stripe.csv", STRIPE), days=days)
    house.bank([("2026-03-06", "733.80", "STRIPE PAYMENTS UK")])
    side = house.side()
    assert named(side) == []
    assert side.tiers == {"attribute": 1, "reference": 2}
    assert (row(side, "R4").fees, row(side, "R4").difference) == (Decimal("14.20"), 0)
    assert {one.account: one.fees for one in side.others} == {"stripe": Decimal("2.00")}


def test_a_payout_that_never_came_is_named(house: BankHouse) -> None:
    house.add_account("stripe", layout="stripe_payouts")
    days = (date(2026, 3, 1), date(2026, 4, 10))
    import_file(house, "stripe", house.file("stripe.csv", STRIPE), days=days)
    house.bank([("2026-03-02", "1.00", "INTEREST")])
    side = house.side()
    assert ("unpaid", "", "-733.80") in named(side)
    assert any("po_1Abc" in one.what for one in side.exceptions)


def test_a_corrected_receipt_is_one_payment(house: BankHouse) -> None:
    house.sold("UK-70031", "Fay Urquhart")
    house.booked("UK-70031", "payment.received", "receipt-P-UK-70031", "100.00", "2026-03-10")
    note = "Receipt P-UK-70031 was recorded with 100.00; it is 120.00 now."
    house.booked("UK-70031", "payment.received", "receipt-P-UK-70031-v2", "20.00", "2026-03-12", note=note)
    house.bank([("2026-03-10", "120.00", "P-UK-70031")])
    assert named(house.side()) == []


def test_a_correction_is_known_by_the_note_that_posting_writes() -> None:
    data = case("G14")
    first = post(data).entries
    data["payments"][0]["amount"] = "17500.00"
    data |= {"deal_version": 2, "amended_at": "2026-03-04", "balance_due": "500.00"}
    amended = {one.entry_id: one for one in post(data, *first).entries}
    assert corrected_receipt(amended["receipt-P1-v2"].note) == "P1"
    assert {corrected_receipt(one.note) for name, one in amended.items() if name != "receipt-P1-v2"} == {""}


def test_a_receipt_that_is_called_like_a_correction_is_a_payment_of_its_own(house: BankHouse) -> None:
    house.sold("UK-70032", "Gil Vane")
    house.booked("UK-70032", "payment.received", "receipt-R70032", "100.00", "2026-03-10")
    house.booked("UK-70032", "payment.received", "receipt-R70032-v2", "20.00", "2026-04-08")
    house.bank([("2026-03-10", "100.00", "R70032"), ("2026-04-08", "20.00", "R70032-v2")])
    side = house.side(as_of="2026-04-10")
    assert named(side) == []
    assert row(side, "R4").left_total == Decimal("100.00")  # the other is money of April


def test_a_line_that_moves_nothing_is_no_money(house: BankHouse) -> None:
    house.bank([("2026-03-10", "0.00", "NEW TERMS FROM APRIL")])
    assert named(house.side()) == []


def test_money_in_a_currency_of_which_no_account_is_known_is_not_agreed(house: BankHouse) -> None:
    house.sold("UK-70033", "Hal Wren")
    house.booked("UK-70033", "payment.received", "receipt-R70033", "100.00", "2026-03-10", currency="EUR")
    house.add_account("main")
    house.bank([("2026-03-02", "1.00", "INTEREST")])
    side = house.side()
    assert side.status == "exceptions"
    [one] = side.exceptions
    assert (one.code, one.currency) == ("statement_missing", "EUR")
    assert "1 receipt" in one.what


def test_the_reconciliation_of_a_month_shows_the_bank(sqlite_store: Store, tmp_path: Path) -> None:
    house = BankHouse(sqlite_store, tmp_path / "var")
    house.add_account("main", owned=True)
    for name in UK_MARCH:
        house.take(name)
    house.drain()
    assert json.loads(json.dumps(reconcile(house, BOOK, "2026-03").as_json()))["bank"]["status"] == "not provided"
    lines = [
        ("2026-03-02", "1000.00", "CARD UK-5001"), ("2026-03-03", "63414.99", "G PROTHERO"),
        ("2026-03-06", "8713.00", "VISA UK-5002"), ("2026-03-10", "6995.00", "UL1050"),
        ("2026-03-12", "9905.77", "SIOBHAN KEANE"), ("2026-03-17", "2000.00", "CARD SALE"),
    ]  # fmt: skip
    house.bank([*lines[:-1], ("2026-03-20", "2500.00", "NOBODY")])
    rec = reconcile(house, BOOK, "2026-03")
    codes = sorted(one.code for one in rec.exceptions if one.code not in OPEN)
    assert codes == ["unexplained_bank_line", "unpaid"]
    assert not rec.agreed
    first = json.dumps(rec.as_json())
    assert json.dumps(reconcile(house, BOOK, "2026-03").as_json()) == first
    assert all(one.stock_nos or one.code != "unpaid" for one in rec.bank.exceptions)


def test_a_full_month_at_the_bank_agrees_with_the_ledger(sqlite_store: Store, tmp_path: Path) -> None:
    house = BankHouse(sqlite_store, tmp_path / "var")
    house.add_account("main", owned=True)
    house.take("G11")
    house.drain()
    house.bank([("2026-03-10", "6995.00", "UL1050")])
    rec = reconcile(house, BOOK, "2026-03")
    assert rec.bank.status == "agreed"
    assert rec.agreed
    [r3] = [one for one in rec.bank.rows if one.code == "R3"]
    assert (r3.left_count, r3.right_count) == (1, 1)


def test_every_class_has_its_words() -> None:
    assert set(SEVERITIES) == set(WORDS)
