"""Matching: each planted difference is named once, with the right class, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from reconcile_support import (
    ACCOUNTS,
    CHART,
    MARCH,
    POLICY,
    UK_MARCH,
    account,
    by_hand,
    expected_of,
    lines_of,
    month,
    nudged,
    receipt_of,
    record_of,
    sale_of,
)

from dealbooks.book import Account, Chart
from dealbooks.entries import Entry, Line
from dealbooks.errors import BrokenInvariant
from dealbooks.ledger import Record, RecordLine
from dealbooks.money import Money
from dealbooks.reconcile import AccountMap, Expected, MatchResult, match
from dealbooks.reconcile.totals import LedgerSums, expected_units


def named(result: MatchResult) -> list[tuple[str, str]]:
    return [(found.code, found.deal) for found in result.exceptions]


def without(found: list[Record], item: Expected) -> list[Record]:
    return [record for record in found if record.key != item.key]


def changed(found: list[Record], item: Expected, new: Record) -> list[Record]:
    return [new if record.key == item.key else record for record in found]


def test_two_sides_that_agree_have_no_exceptions() -> None:
    ours, theirs = month()
    result = match(ours, theirs, POLICY)
    assert result.exceptions == ()
    assert len(result.matched) == len(ours) == len(theirs)


def test_what_was_posted_and_is_gone_is_deleted() -> None:
    ours, theirs = month()
    gone = sale_of(ours, "G10")
    result = match(ours, without(theirs, gone), POLICY)
    assert named(result) == [("deleted_in_ledger", gone.deal_number)]
    assert result.exceptions[0].difference == -gone.entry.total_debit
    assert result.exceptions[0].theirs == "nothing"


def test_what_was_never_seen_in_the_ledger_is_missing() -> None:
    ours, theirs = month()
    gone = sale_of(ours, "G10")
    ours = [replace(item, seen=item.key != gone.key) for item in ours]
    assert named(match(ours, without(theirs, gone), POLICY)) == [("missing_in_ledger", gone.deal_number)]


def test_what_is_on_its_way_waits_and_is_no_exception() -> None:
    ours, theirs = month()
    gone = sale_of(ours, "G10")
    ours = [replace(item, state="planned", seen=False) if item.key == gone.key else item for item in ours]
    result = match(ours, without(theirs, gone), POLICY)
    assert result.exceptions == ()
    assert [item.key for item in result.waiting] == [gone.key]


def test_a_copy_is_a_duplicate_and_the_original_still_matches() -> None:
    ours, theirs = month()
    twice = receipt_of(ours, "G11")
    result = match(ours, [*theirs, record_of(twice, ref="a copy")], POLICY)
    assert named(result) == [("duplicate", twice.deal_number)]
    assert result.exceptions[0].difference == twice.entry.total_debit
    assert "a copy" in result.exceptions[0].what
    assert len(result.matched) == len(ours)


@pytest.mark.parametrize("index", [0, 1])
def test_one_cent_is_an_edit(index: int) -> None:
    ours, theirs = month()
    item = sale_of(ours, "G09")
    result = match(ours, changed(theirs, item, nudged(record_of(item), index)), POLICY)
    assert named(result) == [("edited_after_posting", item.deal_number)]
    assert abs(result.exceptions[0].difference) == Decimal("0.01")
    [delta] = result.exceptions[0].deltas
    assert delta.amount == Decimal("0.01")
    assert delta.account == ACCOUNTS.of_role(item.entry.lines[index].role)


def test_one_cent_on_both_sides_is_one_edit_of_one_cent() -> None:
    ours, theirs = month()
    item = receipt_of(ours, "G09")
    new = nudged(nudged(record_of(item), 0), 1, "-0.01")
    result = match(ours, changed(theirs, item, new), POLICY)
    assert named(result) == [("edited_after_posting", item.deal_number)]
    assert result.exceptions[0].difference == Decimal("0.01")
    assert len(result.exceptions[0].deltas) == 2


def test_other_amounts_that_never_agreed_are_a_mismatch() -> None:
    ours, theirs = month()
    item = sale_of(ours, "G09")
    ours = [replace(one, seen=one.key != item.key) for one in ours]
    result = match(ours, changed(theirs, item, nudged(record_of(item))), POLICY)
    assert named(result) == [("amount_mismatch", item.deal_number)]


def test_another_location_is_named_with_both() -> None:
    ours, theirs = month()
    item = sale_of(ours, "G10")
    old = record_of(item)
    lines = (replace(old.lines[0], dimensions={**old.lines[0].dimensions, "location": "HULL"}), *old.lines[1:])
    result = match(ours, changed(theirs, item, replace(old, lines=lines)), POLICY)
    assert named(result) == [("wrong_location", item.deal_number)]
    assert "HULL" in result.exceptions[0].what
    assert result.exceptions[0].deltas == ()


def test_a_location_may_be_called_by_its_dimension() -> None:
    item = expected_of("G10")[0]
    place = item.entry.lines[0].dimensions["location"]
    policy = replace(POLICY, locations={place: "The big one"})
    lines = tuple(
        replace(line, dimensions={**line.dimensions, "location": "The big one"}) for line in lines_of(item.entry)
    )
    assert match([item], [record_of(item, lines=lines)], policy).exceptions == ()


def test_a_line_moved_to_another_account_is_a_wrong_account() -> None:
    ours, theirs = month()
    item = sale_of(ours, "G10")
    index = next(i for i, line in enumerate(item.entry.lines) if line.role == "sales.used_vehicle" and line.credit)
    for other in (account("sales.accessories"), "Income:Somewhere"):
        lines = list(record_of(item).lines)
        lines[index] = replace(lines[index], account=other)
        result = match(ours, changed(theirs, item, record_of(item, lines=tuple(lines))), POLICY)
        assert named(result) == [("wrong_account", item.deal_number)]
        assert len(result.exceptions[0].deltas) == 2


def test_another_month_is_a_wrong_period_and_another_day_an_edit() -> None:
    ours, theirs = month()
    item = receipt_of(ours, "G12")
    later = match(ours, changed(theirs, item, record_of(item, date=date(2026, 4, 1))), POLICY)
    assert named(later) == [("wrong_period", item.deal_number)]
    assert {delta.amount for delta in later.exceptions[0].deltas} == {item.entry.total_debit, -item.entry.total_debit}
    same = match(ours, changed(theirs, item, record_of(item, date=date(2026, 3, 2))), POLICY)
    assert named(same) == [("edited_after_posting", item.deal_number)]
    assert same.exceptions[0].deltas == ()


def test_a_tax_code_that_differs_is_named_even_at_equal_amounts() -> None:
    item = sale_of(expected_of("G09"), "G09")
    carried = tuple(
        replace(line, dimensions={**line.dimensions, **({"tax_code": own.tax_code} if own.tax_code else {})})
        for line, own in zip(lines_of(item.entry), item.entry.lines, strict=True)
    )
    assert match([item], [record_of(item, lines=carried)], POLICY).exceptions == ()
    index = next(i for i, line in enumerate(item.entry.lines) if line.tax_code)
    swapped = list(carried)
    swapped[index] = replace(swapped[index], dimensions={**swapped[index].dimensions, "tax_code": "UK-EXEMPT"})
    result = match([item], [record_of(item, lines=tuple(swapped))], POLICY)
    assert [found.code for found in result.exceptions] == ["wrong_tax_code"]


def test_a_key_that_nobody_knows_is_missing_in_source() -> None:
    ours, theirs = month()
    stranger = replace(record_of(sale_of(ours, "G09")), key="f" * 64, ref="stranger")
    assert named(match(ours, [*theirs, stranger], POLICY)) == [("missing_in_source", "")]


def test_a_version_that_was_replaced_must_not_stand_in_the_ledger() -> None:
    ours, theirs = month()
    old = sale_of(ours, "G09")
    result = match([replace(one, state="superseded") if one.key == old.key else one for one in ours], theirs, POLICY)
    assert named(result) == [("duplicate", old.deal_number)]


def test_typed_by_hand_is_named_by_what_it_is() -> None:
    ours, theirs = month()
    typed = [
        by_hand("open", "2026-03-01", {"inventory.used_vehicle": "9000.00", "payable.supplier": "-9000.00"}),
        by_hand("sale", "2026-03-02", {"receivable.customer": "500.00", "sales.used_vehicle": "-500.00"}),
        by_hand("bank", "2026-03-03", {"cash.bank": "500.00", "cash.undeposited": "-500.00"}),
        by_hand("car", "2026-03-04", {"inventory.used_vehicle": "1.00", "payable.supplier": "-1.00"}, stock_no="U1"),
        Record("rent", "", MARCH.first, "rent", (RecordLine("Expenses:Rent", Decimal(5), "GBP"),) * 2),
    ]
    result = match(ours, [*theirs, *typed], POLICY)
    assert sorted((found.code, found.subject) for found in result.exceptions) == [
        ("missing_in_source", "sale"),
        ("unexplained_ledger_entry", "open"),
    ]
    assert [(kind, record.ref) for kind, record in result.others] == [("banking", "bank"), ("purchase", "car")]


def test_the_same_car_typed_again_by_hand_is_a_duplicate() -> None:
    ours, theirs = month()
    item = sale_of(ours, "G10")
    again = by_hand(
        "again", "2026-03-20", {"receivable.customer": "7.00", "sales.used_vehicle": "-7.00"}, f"sold {item.vin}"
    )
    result = match(ours, [*theirs, again], POLICY)
    assert named(result) == [("duplicate", item.deal_number)]


def test_a_deleted_sale_that_was_typed_again_is_named_once_with_both_sides() -> None:
    ours, theirs = month()
    item = sale_of(ours, "G10")
    typed = replace(record_of(item), key="", ref="typed", date=date(2026, 3, 25), narration=f"stock {item.stock_no}")
    result = match(ours, [*without(theirs, item), typed], POLICY)
    assert named(result) == [("deleted_in_ledger", item.deal_number)]
    [pair] = result.suggestions
    assert (pair.key, pair.ref) == (item.key, "typed")
    assert "typed" in result.exceptions[0].theirs
    assert result.exceptions[0].difference == 0


def test_a_likeness_needs_the_car_and_the_amount() -> None:
    ours, theirs = month()
    item = sale_of(ours, "G10")
    typed = replace(nudged(record_of(item), 0), key="", ref="typed", narration=f"stock {item.stock_no}")
    assert match(ours, [*without(theirs, item), typed], POLICY).suggestions == ()


def test_a_ledger_that_cuts_the_key_or_shows_the_key_of_the_call_is_understood() -> None:
    ours, _ = month()
    cut = [record_of(item, key=item.key[:36]) for item in ours]
    assert match(ours, cut, POLICY).exceptions == ()
    calls = [replace(item, effect_keys=(f"{n:064x}", f"{n + 1000:064x}"), refs=()) for n, item in enumerate(ours)]
    halves = []
    for item in calls:
        whole = record_of(replace(item, refs=("x",)))
        for place, key in enumerate(item.effect_keys):
            lines = whole.lines[place::2]
            halves.append(replace(whole, ref=f"{key}", key=key, lines=lines))
    result = match(calls, halves, POLICY)
    assert result.exceptions == ()
    assert all(len(records) == 2 for _, records in result.matched)


def test_a_foreign_deal_agrees_in_the_currency_that_the_ledger_shows() -> None:
    ours = [item for item in expected_of("G24") if item.entry.accounting_date in MARCH]
    assert any(item.entry.base_currency for item in ours)
    assert match(ours, [record_of(item) for item in ours], POLICY).exceptions == ()
    own = [
        record_of(
            item,
            lines=tuple(
                replace(line, amount=mine.amount.amount, currency=mine.amount.currency) if mine.amount else line
                for line, mine in zip(lines_of(item.entry), item.entry.lines, strict=True)
            ),
        )
        for item in ours
    ]
    assert match(ours, own, POLICY).exceptions == ()


def test_all_planted_differences_together_are_each_named_once_and_a_second_run_changes_nothing() -> None:
    ours, theirs = month()
    sale = {name: sale_of(ours, name) for name in UK_MARCH}
    moved = record_of(sale["G12"])
    lines = tuple(replace(line, dimensions={**line.dimensions, "location": "HULL"}) for line in moved.lines)
    planted = without(theirs, sale["G09"])  # deleted
    planted = changed(planted, sale["G11"], nudged(record_of(sale["G11"])))  # edited by a cent
    planted = changed(planted, sale["G12"], replace(moved, lines=lines))  # another location
    planted.append(record_of(sale["G13"], ref="copy"))  # duplicate
    planted.append(by_hand("hand", "2026-03-09", {"receivable.customer": "5.00", "tax.output": "-5.00"}))
    missing = receipt_of(ours, "G10")
    planted = without(planted, missing)
    ours = [replace(item, seen=item.key != missing.key) for item in ours]
    result = match(ours, planted, POLICY)
    assert sorted((found.code, found.deal or found.subject) for found in result.exceptions) == sorted([
        ("deleted_in_ledger", sale["G09"].deal_number),
        ("edited_after_posting", sale["G11"].deal_number),
        ("wrong_location", sale["G12"].deal_number),
        ("duplicate", sale["G13"].deal_number),
        ("missing_in_ledger", missing.deal_number),
        ("unexplained_ledger_entry", "hand"),
    ])  # fmt: skip
    assert match(list(reversed(ours)), planted, POLICY) == result
    sums = LedgerSums(POLICY)
    for record in planted:
        sums.add(record)
    totals = sums.account_totals(result)  # raises when the exceptions do not explain every difference
    assert any(row.difference for row in totals)
    assert all(bool(row.explained_by) for row in totals if row.difference)


def test_units_count_a_sale_once_and_a_reversal_with_its_repost_nothing() -> None:
    amended = [item for item in expected_of("G14") if item.entry.accounting_date in MARCH]
    assert {item.entry.event for item in amended} == {"sale.reversed", "sale.posted"}
    assert set(expected_units(amended, POLICY).values()) == {0}
    ours, theirs = month()
    units = expected_units(ours, POLICY)
    assert sum(units.values()) == len(UK_MARCH)
    sums = LedgerSums(POLICY)
    for record in theirs:
        sums.add(record)
    assert sums.units == units


def test_two_entries_of_one_key_are_refused() -> None:
    ours, theirs = month()
    with pytest.raises(BrokenInvariant):
        match([*ours, ours[0]], theirs, POLICY)
    with pytest.raises(BrokenInvariant):
        match(ours, [*theirs, theirs[0]], POLICY)


def test_opening_balances_agree_although_the_chart_has_no_account_for_them() -> None:
    assert "equity.opening_balances" not in CHART.roles
    own = {"location": "LEEDS", "department": "used", "stock_no": "U77"}
    amount = Money(Decimal("9000.00"), "GBP")
    lines = (Line("opening", "inventory.used_vehicle", amount, None, own),)
    lines += (Line("opening", "equity.opening_balances", -amount, None, own),)
    entry = Entry("opening-U77", "opening.balance", MARCH.first, "NORTHGATE-MOTORS-LTD", "GBP", lines)
    there = (
        RecordLine(account("inventory.used_vehicle"), amount.amount, "GBP", own),
        RecordLine("Equity:Opening-Balances", -amount.amount, "GBP", own),
    )
    ours, theirs = Expected("c" * 64, entry), Record("r", "c" * 64, MARCH.first, "opening", there)
    result = match([ours], [theirs], POLICY)
    assert result.exceptions == ()
    sums = LedgerSums(POLICY)
    sums.add(theirs)
    assert sums.keeps_stock
    assert sum((row.difference for row in sums.account_totals(result)), Decimal(0)) == 0
    typed = match([], [replace(theirs, key="", ref="typed")], POLICY)
    assert [kind for kind, _ in typed.others] == ["opening"]


def test_a_chart_with_longer_numbers_is_told_apart() -> None:
    numbers = {"cash.bank": "1", "cash.undeposited": "1-1", "tax.output": "1-11"}
    roles = {role: Account(number=number, name="A", type="asset") for role, number in numbers.items()}
    accounts = AccountMap(Chart(name="test", roles=roles))
    for role, number in numbers.items():
        for written in (f"Assets:{number}-A", f"{number} A", f"{number}"):
            assert accounts.of_line(RecordLine(written, Decimal(1), "GBP")) == accounts.of_role(role)
    assert accounts.of_line(RecordLine("Assets:12-A", Decimal(1), "GBP")) == "Assets:12-A"
