"""Which deal an event is about: the first rule that finds one decides, and of two a person."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealbooks.events.match import (
    Candidate,
    Clues,
    Known,
    Number,
    Resolution,
    found_numbers,
    found_stocks,
    found_vins,
    objects_of_record,
    recorded_objects,
    resolve,
    told_objects,
)
from dealbooks.events.suggest import Sale, suggestions

VIN_1, VIN_2 = "TMBJR7NX5TE103737", "WAUZZZ8V5KA123456"
ONE = Candidate("D1", "north", "N-1", "drop", VIN_1, "U1001")
TWO = Candidate("D2", "north", "N-2", "crm", VIN_2, "U1002")
OTHER_STORE = Candidate("D3", "south", "N-1", "other", "", "U1003")
GONE = Candidate("D4", "north", "N-4", "drop", VIN_1, "U1001", ended=True)


def known(*deals: Candidate, **more: dict[str, frozenset[str]]) -> Known:
    """What is known of these deals."""

    def by(name: str) -> dict[str, frozenset[str]]:
        values = {getattr(one, name) for one in deals} - {""}
        return {value: frozenset(one.id for one in deals if getattr(one, name) == value) for value in values}

    keys = {one.id: frozenset((one.id,)) for one in deals} | more.get("keys", {})
    return Known({one.id: one for one in deals}, keys, by("number"), more.get("objects", {}), by("vin"), by("stock_no"))


ALL = known(
    ONE, TWO, OTHER_STORE, GONE,
    keys={"csv:drop:LEEDS:N-1": frozenset(("D1",)), "odoo:erp:42": frozenset(("D2",))},
    objects={"esign:env-1": frozenset(("D1",)), "pay:payment:p-2": frozenset(("D2",))},
)  # fmt: skip


@pytest.mark.parametrize(
    ("clues", "rule", "deals"),
    [
        (Clues(keys=("odoo:erp:42",)), "reference", ("D2",)),
        (Clues(keys=("D1",)), "reference", ("D1",)),
        (Clues(keys=("D1",), books=frozenset(("south",))), None, ()),
        (Clues(numbers=(Number("N-1", frozenset(("drop",))),), books=frozenset(("south",))), None, ()),
        (Clues(numbers=(Number("N-2"),)), "reference", ("D2",)),
        (Clues(numbers=(Number("N-1", frozenset(("drop",))),)), "reference", ("D1",)),
        (Clues(numbers=(Number("N-1"),)), "reference", ("D1", "D3")),
        (Clues(numbers=(Number("N-1"),), books=frozenset(("south",))), "reference", ("D3",)),
        (Clues(keys=("csv:drop:LEEDS:N-1",), numbers=(Number("N-1"),)), "reference", ("D1",)),
        (Clues(keys=("odoo:erp:42",), objects=("esign:env-1",)), "reference", ("D2",)),
        (Clues(objects=("esign:env-1",), found=("N-2",)), "object", ("D1",)),
        (Clues(objects=("esign:env-1", "pay:payment:p-2")), "object", ("D1", "D2")),
        (Clues(objects=("esign:env-1",), books=frozenset(("south",))), None, ()),
        (Clues(numbers=(Number("N-9"),), found=("N-2",), vins=(VIN_1,)), "words", ("D2",)),
        (Clues(found=("N-1", "N-2"), books=frozenset(("north",))), "words", ("D1", "D2")),
        (Clues(found=("N-4",)), None, ()),
        (Clues(vins=(VIN_1,)), "car", ("D1",)),
        (Clues(stocks=("U1002",)), "car", ("D2",)),
        (Clues(vins=(VIN_1,), stocks=("U1002",)), "car", ("D1", "D2")),
        (Clues(vins=(VIN_1,), books=frozenset(("south",))), None, ()),
        (Clues(), None, ()),
    ],
)
def test_the_first_rule_that_finds_a_deal_decides(clues: Clues, rule: Any, deals: tuple[str, ...]) -> None:
    found = resolve(clues, ALL)
    assert (found.rule, found.deals) == (rule, deals)
    assert not found.by_number or clues.numbers or clues.found


def test_an_event_that_names_its_record_is_not_given_to_another_deal_for_its_words() -> None:
    clues = Clues(keys=("odoo:erp:43",), found=("N-2",), vins=(VIN_1,), bound=True)
    assert resolve(clues, ALL) == Resolution(None, ())
    assert resolve(Clues(keys=("odoo:erp:43",), objects=("esign:env-1",), bound=True), ALL).deals == ("D1",)


@pytest.mark.parametrize(
    ("words", "pattern", "numbers"),
    [
        ("Deal A-104233 signed", r"(?:DEAL|Deal|INV)[- ]?([A-Z0-9-]{4,20})", ("A-104233",)),
        ("order n-77 and N-78", r"[nN]-\d+", ("n-77", "N-77", "N-78")),
        ("nothing here", r"INV(\d+)", ()),
    ],
)
def test_numbers_by_the_hooks_pattern(words: str, pattern: str, numbers: tuple[str, ...]) -> None:
    assert found_numbers(words, re.compile(pattern)) == numbers
    assert found_numbers(words, None) == ()


def test_cars_in_words() -> None:
    words = f"{VIN_1.lower()}: bought 2026 for 9500, stock U-77/2 and 10442, ref XX{VIN_2}"
    assert found_vins(words) == (VIN_1,)
    found = found_stocks(words)
    assert {"U-77/2", "10442"} <= set(found)
    assert {"2026", "9500"}.isdisjoint(found)


def test_things_of_a_deal_and_what_is_shared_by_many() -> None:
    told = {"payment": "PM1", "payout": "PO1", "deal": "42", "sobject": "Opportunity"}
    assert told_objects("pay", told) == ("pay:payment:PM1",)
    assert recorded_objects({"envelope": "e-1", "agreement": "a-1"}) == ("esign:a-1", "esign:e-1")
    assert objects_of_record({"esign_envelope_id": "e-1", "crm_deal_id": "7"}, ["pi_1", None, ""]) == (
        "esign:e-1", "payment:pi_1",
    )  # fmt: skip


@given(
    st.lists(st.sampled_from(["N-1", "N-2", "N-4", "N-9"])), st.lists(st.sampled_from([VIN_1, VIN_2])),
    st.lists(st.sampled_from(["U1001", "U1003"])), st.lists(st.sampled_from(["esign:env-1", "pay:payment:p-2"])),
    st.sampled_from([None, frozenset(("north",)), frozenset(("south",))]),
)  # fmt: skip
def test_no_deal_of_other_books_and_no_matter_in_which_order(
    found: list[str], vins: list[str], stocks: list[str], objects: list[str], books: frozenset[str] | None
) -> None:
    clues = Clues((), (), tuple(objects), tuple(found), tuple(vins), tuple(stocks), books)
    back = Clues((), (), tuple(objects[::-1]), tuple(found[::-1]), tuple(vins[::-1]), tuple(stocks[::-1]), books)
    result = resolve(clues, ALL)
    assert result == resolve(back, ALL)
    assert all(books is None or ALL.deals[one].book in books for one in result.deals)
    assert (result.rule is None) == (not result.deals)


def test_a_payment_is_held_against_amount_currency_and_payer_all_three() -> None:
    def sale(number: str, customer: str, amount: str, currency: str = "GBP", day: int = 10) -> Sale:
        return Sale(number, number, "north", customer, currency, date(2026, 9, day), frozenset((Decimal(amount),)))

    sales = [
        sale("N-1", "Harriet Thackray", "500", day=3), sale("N-2", "Harriet Thackray", "500.00", day=9),
        sale("N-3", "Ann Lee", "500"), sale("N-4", "Harriet Thackray", "501"),
        sale("N-5", "Harriet Thackray", "500", "EUR"),
    ]  # fmt: skip
    found = suggestions(Decimal("500.00"), "GBP", "from MRS THACKRAY", date(2026, 9, 10), 7, sales)
    assert [one.number for one in found] == ["N-2", "N-1"]
    assert suggestions(Decimal(500), "GBP", "from MRS THACKRAY", date(2026, 9, 20), 7, sales) == ()
