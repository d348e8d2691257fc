"""What the ledger's balances say about deals and cars."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from reconcile_support import ACCOUNTS, POLICY, by_hand, expected_of, record_of

from dealbooks.ledger import Record
from dealbooks.reconcile.model import Move, ReconException, Severity
from dealbooks.reconcile.moves import open_without, sold_without
from dealbooks.reconcile.openitems import DealStanding, open_exceptions
from dealbooks.reconcile.totals import LedgerSums

MONTH_END = date(2026, 3, 31)
DEAL = DealStanding("G10", "UK-5002", "U1", date(2026, 3, 5), True, currency="GBP")


def found(
    *records: Record, deals: tuple[DealStanding, ...] = (DEAL,), as_of: date = MONTH_END, **more: Any
) -> list[ReconException]:
    sums = LedgerSums(POLICY)
    for record in records:
        sums.add(record)
    owner = {key: deals[0].deal_id for item in sums.open_items for key in item.keys}
    return list(
        open_exceptions(
            sums.open_items, deals, owner, sums.sold, as_of=as_of, currency="GBP",
            named=more.pop("named", set()), stock_is_kept=sums.keeps_stock,
        )
    )  # fmt: skip


def keyed(amounts: dict[str, str], day: str = "2026-03-05", number: str = "U1", ref: str = "r") -> Record:
    return replace(by_hand(ref, day, amounts, stock_no=number), key="a" * 64)


def codes(results: list[ReconException]) -> list[str]:
    return [one.code for one in results]


def test_a_customer_who_owes_is_named_after_three_days_and_not_before() -> None:
    owes = keyed({"receivable.customer": "12.34", "cash.bank": "-12.34"})
    assert codes(found(owes, as_of=date(2026, 3, 8))) == []
    [one] = found(owes, as_of=date(2026, 3, 9))
    assert (one.code, one.difference) == ("customer_balance", Decimal("12.34"))
    assert "12.34 GBP debit" in one.theirs


def test_a_balance_that_the_deal_states_is_no_exception() -> None:
    owes = keyed({"receivable.customer": "12.34", "cash.bank": "-12.34"})
    assert found(owes, deals=(replace(DEAL, balance_due=Decimal("12.34")),)) == []
    [one] = found(deals=(replace(DEAL, balance_due=Decimal("12.34")),))
    assert (one.code, one.difference) == ("customer_balance", Decimal("-12.34"))


@pytest.mark.parametrize(
    ("day", "severity"),
    [
        (10, None),
        (11, Severity.LOW),
        (15, Severity.LOW),
        (16, Severity.MEDIUM),
        (20, Severity.MEDIUM),
        (21, Severity.HIGH),
    ],
)
def test_a_contract_ages_from_delivery(day: int, severity: Severity | None) -> None:
    open_ = keyed({"receivable.finance_company": "9000.00", "sales.accessories": "-9000.00"})
    results = found(open_, as_of=date(2026, 3, day))
    assert [one.severity for one in results] == ([] if severity is None else [severity])
    assert codes(results) == ([] if severity is None else ["cit_unpaid"])


def test_a_lender_who_paid_too_much_is_named() -> None:
    over = keyed({"receivable.finance_company": "-1.00", "cash.bank": "1.00"})
    assert codes(found(over)) == ["cit_over"]


def test_a_settlement_is_late_after_its_day() -> None:
    owed = keyed({"payable.trade_payoff": "-4000.00", "sales.accessories": "4000.00"}, number="T1")
    deal = replace(DEAL, good_until={"T1": date(2026, 3, 12)})
    assert codes(found(owed, deals=(deal,), as_of=date(2026, 3, 12))) == []
    assert codes(found(owed, deals=(deal,), as_of=date(2026, 3, 13))) == ["payoff_late"]
    assert codes(found(owed, as_of=date(2026, 3, 15))) == [], "ten days when no day is stated"
    assert codes(found(owed, as_of=date(2026, 3, 16))) == ["payoff_late"]


def test_a_sold_car_in_stock_and_stock_below_nothing_are_named_once_each() -> None:
    bought = [
        by_hand(number, "2026-03-01", {"inventory.used_vehicle": paid, "payable.supplier": f"-{paid}"}, stock_no=number)
        for number, paid in (("U1", "5000.00"), ("U2", "10.00"))
    ]
    sale = keyed({"sales.used_vehicle": "-6000.00", "cash.bank": "6000.00"}, ref="s")
    cost = keyed({"cost_of_sales.used_vehicle": "4990.00", "inventory.used_vehicle": "-4990.00"}, ref="c")
    other = keyed({"cost_of_sales.used_vehicle": "30.00", "inventory.used_vehicle": "-30.00"}, ref="o", number="U2")
    results = found(*bought, sale, cost, other)
    assert sorted((one.code, one.difference) for one in results) == [
        ("negative_stock", Decimal("-20.00")),
        ("sold_in_stock", Decimal("10.00")),
    ]


def test_stock_is_not_judged_where_the_ledger_does_not_keep_it_by_car() -> None:
    cost = keyed({"cost_of_sales.used_vehicle": "4990.00", "inventory.used_vehicle": "-4990.00"})
    assert found(cost) == []


def test_a_car_sold_twice_is_a_duplicate_and_an_unwind_in_between_makes_it_none() -> None:
    sale = keyed({"sales.used_vehicle": "-6000.00", "cash.bank": "6000.00"}, ref="s1")
    again = keyed({"sales.used_vehicle": "-6100.00", "cash.bank": "6100.00"}, ref="s2")
    back = keyed({"sales.used_vehicle": "6000.00", "cash.bank": "-6000.00"}, ref="u")
    assert codes(found(sale, again)) == ["duplicate"]
    assert found(sale, back, again) == []


def test_what_is_left_of_an_unwound_deal_is_one_exception() -> None:
    left = keyed({"receivable.finance_reserve": "-50.00", "payable.trade_payoff": "4000.00", "cash.bank": "-3950.00"})
    [one] = found(left, deals=(replace(DEAL, standing=False, unwound=True),))
    assert one.code == "unwind_incomplete"
    assert "4000.00 GBP debit" in one.what
    assert "50.00 GBP credit" in one.what


def test_a_reversal_without_its_new_version_is_named() -> None:
    assert codes(found(deals=(replace(DEAL, standing=False, reversed_open=True),))) == ["reversed_without_repost"]


def test_a_deal_that_is_not_settled_is_named_so_and_its_open_items_are_not() -> None:
    owes = keyed({"receivable.customer": "12.34", "cash.bank": "-12.34"})
    assert found(owes, named={"G10"}) == []
    assert codes(found(owes, named={"G11"})) == ["customer_balance"]


def exception_of(*moves: Move, sold: tuple[tuple[str, int], ...] = ()) -> ReconException:
    return ReconException(
        "deleted_in_ledger", Severity.CRITICAL, "", "", "", "", Decimal(0), "GBP", "", "", "key", moves=moves, sold=sold
    )


def test_what_an_exception_explains_is_taken_off_and_the_rest_is_still_open() -> None:
    """The receipt is gone (the customer's balance), and the lender has not paid either."""
    both = keyed({"receivable.customer": "12.34", "receivable.finance_company": "9000.00", "cash.bank": "-9012.34"})
    sums = LedgerSums(POLICY)
    sums.add(both)
    gone = exception_of(Move(ACCOUNTS.of_role("receivable.customer"), "U1", "GBP", Decimal("12.34")))
    items = open_without(sums.open_items, [gone], ACCOUNTS)
    assert [(one.role, one.balance) for one in items] == [("receivable.finance_company", Decimal("9000.00"))]
    part = exception_of(Move(ACCOUNTS.of_role("receivable.customer"), "U1", "GBP", Decimal("2.34")))
    assert next(one.balance for one in open_without(sums.open_items, [part], ACCOUNTS)) == Decimal("10.00")


def test_what_the_ledger_does_not_show_since_a_document_is_missing_is_open_too() -> None:
    lacks = exception_of(Move(ACCOUNTS.of_role("payable.trade_payoff"), "T1", "GBP", Decimal("4000.00")))
    [item] = open_without((), [lacks], ACCOUNTS)
    assert (item.role, item.stock_no, item.balance, item.keys) == (
        "payable.trade_payoff", "T1", Decimal("-4000.00"), frozenset({"key"}),
    )  # fmt: skip
    assert sold_without({"U1": 2, "U2": 1}, [exception_of(sold=(("U1", 1), ("U3", -1)))]) == {"U1": 1, "U2": 1, "U3": 1}


def test_a_lender_who_has_paid_less_than_the_contract_is_short_at_once() -> None:
    deal = replace(DEAL, financed=Decimal("9000.00"))
    for left, wanted in (("9000.00", []), ("175.00", ["cit_short"]), ("1.01", ["cit_short"]), ("1.00", [])):
        open_ = keyed({"receivable.finance_company": left, "cash.bank": f"-{left}"})
        assert codes(found(open_, deals=(deal,), as_of=date(2026, 3, 8))) == wanted
    whole = keyed({"receivable.finance_company": "9000.00", "cash.bank": "-9000.00"})
    assert codes(found(whole, deals=(deal,))) == ["cit_unpaid"]


def test_what_the_bookkeeper_entered_of_the_balance_due_is_no_exception_and_what_goes_beyond_it_is() -> None:
    owes = keyed({"receivable.customer": "100.00", "cash.bank": "-100.00"})
    deal = replace(DEAL, balance_due=Decimal("100.00"))
    for paid, wanted in (("100.00", []), ("40.00", []), ("130.00", ["customer_balance"])):
        typed = by_hand("t", "2026-03-06", {"receivable.customer": f"-{paid}", "cash.bank": paid}, stock_no="U1")
        assert codes(found(owes, typed, deals=(deal,))) == wanted
    more = by_hand("t", "2026-03-06", {"receivable.customer": "60.00", "cash.bank": "-60.00"}, stock_no="U1")
    assert codes(found(owes, more, deals=(deal,))) == ["customer_balance"]


def test_the_sums_know_the_opening_the_movement_and_leave_out_what_comes_later() -> None:
    item = expected_of("G10")[0]
    records = [
        record_of(item, date=date(2026, 2, 28), ref="before"),
        record_of(item, ref="inside"),
        record_of(item, date=date(2026, 4, 1), ref="after"),
    ]
    sums = LedgerSums(POLICY)
    for record in records:
        sums.add(record)
    rows = {row.name: row for row in sums.trial_balance}
    own = sum((line.amount.amount for line in item.entry.lines if line.role == "receivable.customer"), Decimal(0))
    assert (rows["receivable.customer"].opening, rows["receivable.customer"].movement) == (own, own)
    assert sum((row.closing for row in sums.trial_balance), Decimal(0)) == 0
