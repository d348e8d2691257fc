"""The judge of the planted months notices what is missed, what is named too often, and a proof that does not hold."""

from __future__ import annotations

from typing import Any

from plant_checker import check
from plant_ledger import Plant

ROW = {
    "account": "1100 Customers", "currency": "GBP", "opening": "5.00", "expected": "10.00", "found": "10.01",
    "other": "0.00", "difference": "0.01", "closing": "15.01", "explained_by": ["e1"],
}  # fmt: skip
NAMED = {
    "id": "e1", "code": "edited_after_posting", "deal": "N-1", "where": "deal N-1, sale-v1", "what": "Edited.",
    "ours": "", "theirs": "", "accounts": [{"account": "1100 Customers", "currency": "GBP", "amount": "0.01"}],
}  # fmt: skip
PLANTED = Plant("cent", "northgate", "edited_after_posting", "N-1", ("sale-v1",))


def report(*named: dict[str, Any], **row: Any) -> dict[str, Any]:
    return {"book": "northgate", "exceptions": list(named), "cut_off": [], "totals": [ROW | row]}


def test_a_report_that_names_what_was_planted_is_sound() -> None:
    verdict = check(report(NAMED), [PLANTED, Plant("other book", "suncoast", "duplicate", "S-1")])
    assert (verdict.sound, verdict.planted, verdict.found) == (True, 1, 1)


def test_what_is_missed_or_of_another_class_or_deal_is_noticed() -> None:
    agreed = {"found": "10.00", "difference": "0.00", "closing": "15.00", "explained_by": []}
    assert check(report(**agreed), [PLANTED]).missed == [PLANTED]
    for wrong in ({"code": "duplicate"}, {"deal": "N-2"}, {"where": "deal N-1, receipt-P1"}):
        verdict = check(report(NAMED | wrong), [PLANTED])
        assert (len(verdict.missed), len(verdict.false)) == (1, 1)


def test_what_is_named_twice_or_was_never_planted_is_noticed() -> None:
    again = NAMED | {"id": "e2", "accounts": []}
    assert [one["id"] for one in check(report(NAMED, again), [PLANTED]).false] == ["e2"]
    assert len(check(report(NAMED), []).false) == 1


def test_a_proof_that_does_not_come_to_nothing_is_noticed() -> None:
    assert check(report(NAMED, found="10.02"), [PLANTED]).unproven
    assert check(report(NAMED, closing="15.00"), [PLANTED]).unproven
    assert check(report(NAMED, explained_by=["e9"]), [PLANTED]).unproven
    elsewhere = NAMED | {"accounts": [{"account": "2200 Tax", "currency": "GBP", "amount": "0.01"}]}
    assert len(check(report(elsewhere), [PLANTED]).unproven) >= 2
