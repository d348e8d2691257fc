"""Money told beside a deal's record is counted once: as a receipt of the record, as another, or by a person's word."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealbooks.deal import Deal, Refund
from dealbooks.entries import Entry
from dealbooks.pipeline.facts import Fact
from dealbooks.pipeline.facts_money import Counted, count_money

CASES = Path(__file__).parents[1] / "golden" / "cases"


def _deal(case: str, *payments: tuple[str, str, str, str], due: str) -> Deal:
    (file,) = CASES.glob(f"{case}-*.json")
    read = json.loads(file.read_text(encoding="utf-8"))["deal"]
    stated = [
        {"receipt_id": one, "amount": amount, "method": method, "date": day} for one, amount, method, day in payments
    ]
    return Deal.model_validate(read | {"deposits": [], "payments": stated, "refunds": [], "balance_due": due})


def _fact(subject: str, amount: str, *, kind: str = "payment", day: str = "2026-03-02", **more: Any) -> Fact:
    body = {"amount": amount, "date": day, "method": "card", "receipts": "post"} | more
    return Fact({"id": f"{kind} {subject}", "state": "waiting"}, kind, subject, body)


def _paid(counted: Counted) -> dict[str, str]:
    return {one.receipt_id: format(one.amount, "f") for one in counted.deal.payments}


@pytest.mark.parametrize(("case", "due", "amount"), [("G21", "3300000", "3300000"), ("G22", "9500.125", "9500.125")])
def test_currencies_without_and_with_three_decimals(case: str, due: str, amount: str) -> None:
    counted = count_money(_deal(case, due=due), (), [_fact("pi_1", amount)])
    assert (counted.wrong, counted.deal.balance_due) == ({}, 0)
    assert _paid(counted) == {"pi_1": amount}


@pytest.mark.parametrize(("case", "over"), [("G21", "3300003"), ("G22", "9500.176")])
def test_more_than_is_due_beyond_the_tolerance_of_the_currency(case: str, over: str) -> None:
    due = {"G21": "3300000", "G22": "9500.125"}[case]
    deal = _deal(case, due=due).model_copy(update={"rounding_tolerance": None})
    counted = count_money(deal, (), [_fact("pi_1", over)])
    assert f"only {due} are due" in counted.wrong["payment pi_1"]
    assert counted.deal == deal


def test_a_reference_of_the_processor_is_recognised() -> None:
    deal = _deal("G09", ("R1", "500.00", "card", "2026-03-01"), due="0")
    stated = [one.model_copy(update={"processor_ref": "PI_1"}) for one in deal.payments]
    deal = deal.model_copy(update={"payments": tuple(stated)})
    counted = count_money(deal, (), [_fact("pi_1", "500.00")])
    assert (counted.stated, counted.wrong, counted.deal) == ({"payment pi_1": "R1"}, {}, deal)


def test_the_payment_reference_of_the_deal_is_that_of_its_only_payment_of_that_amount() -> None:
    deal = _deal("G09", ("P-CARD", "500.00", "card", "2026-03-01"), due="0")
    named = deal.model_copy(update={"references": {"payment_reference": "pi_1"}})
    assert count_money(named, (), [_fact("pi_1", "500.00")]).stated == {"payment pi_1": "P-CARD"}
    assert count_money(named, (), [_fact("pi_1", "499.00")]).wrong


def test_the_same_reference_with_another_amount_is_for_a_person() -> None:
    deal = _deal("G09", ("pi_1", "500.00", "card", "2026-03-01"), due="0")
    assert "correct the record" in count_money(deal, (), [_fact("pi_1", "400.00")]).wrong["payment pi_1"]


def test_two_payments_of_one_amount_and_day_where_both_are_due() -> None:
    deal = _deal("G09", ("P-CARD", "500.00", "card", "2026-03-02"), due="1000.00")
    counted = count_money(deal, (), [_fact("pi_1", "500.00"), _fact("pi_2", "500.00")])
    assert list(counted.wrong) == ["payment pi_1", "payment pi_2"]  # either may be the record's
    assert (_paid(counted), counted.deal.balance_due) == ({"P-CARD": "500.00"}, Decimal("1000.00"))


def test_a_refund_opens_the_account_again_and_is_not_more_than_was_paid() -> None:
    deal = _deal("G09", ("R1", "500.00", "card", "2026-03-01"), due="0")
    counted = count_money(deal, (), [_fact("RF1", "200.00", kind="refund"), _fact("RF2", "400.00", kind="refund")])
    assert list(counted.wrong) == ["refund RF2"]
    assert (counted.deal.balance_due, [one.refund_id for one in counted.deal.refunds]) == (Decimal("200.00"), ["RF1"])


def test_a_deal_in_a_foreign_currency_needs_the_payment_in_its_record() -> None:
    counted = count_money(_deal("G24", due="500.00"), (), [_fact("pi_1", "500.00")])
    assert "exchange rate" in counted.wrong["payment pi_1"]


_AMOUNTS = st.integers(min_value=1, max_value=5).map(lambda one: f"{one * 100}.00")
_FACTS = st.lists(
    st.builds(
        lambda number, amount, day, match, another: _fact(
            f"pi_{number}", amount, day=f"2026-03-0{day}", receipts="match" if match else "post",
            **({"another": "yes"} if another else {}),
        ),
        st.integers(1, 6), _AMOUNTS, st.integers(1, 3), st.booleans(), st.booleans(),
    ),
    unique_by=lambda fact: fact.subject, max_size=6,
)  # fmt: skip


@given(
    facts=_FACTS,
    stated=st.lists(st.tuples(st.sampled_from(["P-CARD", "pi_1", "pi_2"]), _AMOUNTS), unique_by=lambda one: one[0]),
    due=st.integers(0, 10),
)
def test_every_payment_is_counted_once_or_said_to_be_wrong(
    facts: list[Fact], stated: list[tuple[str, str]], due: int
) -> None:
    deal = _deal("G09", *((one, amount, "card", "2026-03-02") for one, amount in stated), due=f"{due * 100}.00")
    counted = count_money(deal, (), facts)
    other = [one for one in facts if one.row["id"] not in counted.wrong and one.row["id"] not in counted.stated]
    beside = sum((Decimal(one.body["amount"]) for one in other), Decimal(0))
    assert counted.deal.balance_due == deal.balance_due - beside
    ids = [one.receipt_id for one in counted.deal.payments]
    assert len(ids) == len(set(ids))
    posted = {one.subject for one in other if one.body["receipts"] == "post"}
    assert posted <= set(ids)
    assert not {one.subject for one in facts if one.body["receipts"] == "match"} & set(ids) - {
        one for one, _ in stated if any(fact.subject == one and fact.row["id"] in counted.wrong for fact in facts)
    }
    if not any(one.body.get("another") for one in facts):
        assert counted.deal.balance_due >= min(deal.balance_due, Decimal("-0.05"))
    assert count_money(deal, (), list(reversed(facts))).doubled == ""
    settled = count_money(counted.deal.model_copy(update={"balance_due": deal.balance_due, "payments": deal.payments}),
                          [one for one in facts if one.row["id"] not in counted.wrong], ())  # fmt: skip
    assert sorted(one.receipt_id for one in settled.deal.payments) == sorted(ids) or settled.doubled


def test_a_refund_that_the_record_states_in_other_capitals_keeps_the_name_it_is_recorded_under() -> None:
    stated = Refund(refund_id="RF1", amount=Decimal("200.00"), method="card", date=date(2026, 3, 3))
    deal = _deal("G09", ("R1", "500.00", "card", "2026-03-01"), due="0").model_copy(update={"refunds": (stated,)})
    recorded = {"refund-rf1": Entry("refund-rf1", "customer.refunded", date(2026, 3, 3), "X", "GBP", ())}
    counted = count_money(deal, [_fact("rf1", "200.00", kind="refund")], (), recorded)
    assert [one.refund_id for one in counted.deal.refunds] == ["rf1"]
    assert (counted.doubled, counted.wrong) == ("", {})
