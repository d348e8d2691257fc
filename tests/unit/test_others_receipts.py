"""Receipts that others book are matched by reference and amount, each record once; any other likeness is no proof."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dealbooks.ledger import Record, RecordLine
from dealbooks.reconcile.receipts import OthersReceipt, match_receipts

DAY = date(2026, 9, 11)


def _receipt(reference: str = "pi_3AbC", amount: str = "500.00") -> OthersReceipt:
    return OthersReceipt("N-1", reference, DAY, Decimal(amount), "GBP")


def _record(ref: str, text: str, amount: str = "500.00", *, key: str = "", currency: str = "GBP") -> Record:
    lines = (RecordLine("1200", Decimal(amount), currency), RecordLine("1100", -Decimal(amount), currency))
    return Record(ref, key, DAY, text, lines)


@pytest.mark.parametrize(
    "record",
    [
        _record("JE-1", "STRIPE PI_3ABC payout"), _record("pi_3AbC", "card"), _record("JE-1", "(pi_3AbC)", "-500.00"),
    ],
)  # fmt: skip
def test_the_record_that_names_it_and_moves_its_amount_is_it(record: Record) -> None:
    (found,) = match_receipts([_receipt()], [_record("JE-0", "rent"), record])
    assert (found.ref, found.as_json()["state"]) == (record.ref, "matched")


@pytest.mark.parametrize(
    "record",
    [
        _record("JE-1", "pi_3AbC", "499.99"), _record("JE-1", "pi_3AbCd"), _record("JE-1", "Stripe"),
        _record("JE-1", "pi_3AbC", key="a" * 64), _record("JE-1", "pi_3AbC", currency="EUR"),
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_left_to_be_matched(record: Record) -> None:
    (found,) = match_receipts([_receipt()], [record])
    assert (found.ref, found.as_json()["state"]) == ("", "to be matched")


def test_a_record_is_taken_once_and_a_short_reference_never() -> None:
    both = match_receipts([_receipt(), _receipt()], [_record("JE-1", "pi_3AbC")])
    assert [one.ref for one in both] == ["JE-1", ""]
    assert match_receipts([_receipt("D1")], [_record("JE-1", "D1")])[0].ref == ""
