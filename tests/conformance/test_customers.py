"""Customers are found by our id or made once; names collide, and may be anything."""

from __future__ import annotations

import pytest
from conformance.deals import postings_of
from conformance.rig import Rig, Unable

from dealbooks.ledger import Posting

NAMES = {
    "Unicode": "Ærøskøbing Łódź 山田 太郎",
    "200 characters": "Von und zu " * 18 + "Ende",
    "spaces around": "  Alex   Doe  ",
    "marks": """O'Brien "Bob" & <Sons> \\ 100 % ; x""",
    "a colon": "Doe: Alex",
    "a line break": "Alex\nDoe\tJr",
    "right to left": "\u202eكريم عبد الله",
    "one letter": "X",
}


def sale(number: str, customer: str, name: str) -> Posting:
    return postings_of("G11", number=number, customer=customer, name=name)[0]


def keeps(rig: Rig) -> None:
    if not rig.keeps_customers:
        raise Unable("it keeps no customers")


@pytest.mark.parametrize("kind", NAMES)
def test_any_name_can_be_posted(rig: Rig, kind: str) -> None:
    rig.put(sale("UK-71", "C-71", NAMES[kind]))
    assert rig.settled().clean, rig.open()
    assert rig.balances() == rig.summed([sale("UK-71", "C-71", NAMES[kind])])


def test_two_customers_of_one_name_stay_apart(rig: Rig) -> None:
    keeps(rig)
    before = rig.customers()
    rig.put(sale("UK-71", "C-71", "Alex Doe"), sale("UK-72", "C-72", "Alex Doe"))
    assert rig.settled().clean, rig.open()
    assert len(rig.customers()) == len(before) + 2
    refs = {row["ref"] for row in rig.rows() if row["name"] == "customer"}
    assert len(refs) == 2


def test_long_names_that_differ_at_their_end_stay_apart(rig: Rig) -> None:
    keeps(rig)
    name = "A" * 300
    rig.put(sale("UK-71", "C-71", name + "1"), sale("UK-72", "C-72", name + "2"))
    assert rig.settled().clean, rig.open()
    assert len({row["ref"] for row in rig.rows() if row["name"] == "customer"}) == 2


def test_a_customer_of_several_deals_is_made_once(rig: Rig) -> None:
    keeps(rig)
    before = rig.customers()
    rig.put(*(sale(f"UK-7{n}", "C-71", "Alex Doe") for n in range(3)))
    assert rig.settled().clean, rig.open()
    rig.reconnect()
    rig.put(sale("UK-79", "C-71", "Alex Doe"))
    assert rig.settled().clean, rig.open()
    assert len(rig.customers()) == len(before) + 1
    assert len({row["ref"] for row in rig.rows() if row["name"] == "customer"}) == 1


def test_a_customer_who_has_another_name_now_is_the_same(rig: Rig) -> None:
    keeps(rig)
    rig.put(sale("UK-71", "C-71", "Alex Doe"))
    assert rig.settled().clean, rig.open()
    before = len(rig.customers())
    rig.reconnect()
    if not rig.finds_customers_by_id:
        raise Unable("our id of a customer cannot be searched for")
    rig.put(sale("UK-72", "C-71", "Alex Doe-Smith"))
    assert rig.settled().clean, rig.open()
    assert len(rig.customers()) == before


@pytest.mark.parametrize("kind", ["customer", "vendor"])
def test_a_name_that_somebody_else_has_is_no_hindrance(rig: Rig, kind: str) -> None:
    rig.known(kind, "Alex Doe")
    before = rig.customers()
    rig.put(sale("UK-71", "C-71", "Alex Doe"))
    assert rig.settled().clean, rig.open()
    made = list(rig.customers())
    for name in before:
        made.remove(name)
    assert len(made) == 1
    assert made[0].startswith("Alex Doe")


def test_deal_numbers_that_differ_in_a_sign_only_stay_apart(rig: Rig) -> None:
    numbers = ["A/1", "A 1", "A-1", "a-1", "注文1", "注文-1"]
    rig.put(*(sale(number, "C-71", "Alex Doe") for number in numbers))
    assert rig.settled().clean, rig.open()
    refs = {row["ref"] for row in rig.rows() if row["name"] == rig.sale}
    assert len(refs) == len(numbers)
    assert rig.balances() == rig.summed(sale(number, "C-71", "Alex Doe") for number in numbers)
