"""Chargebacks: F&I income given back after the sale, and the commission on it (deal-model.md section 8)."""

from __future__ import annotations

from typing import Any

import pytest
from posting_support import case, named, part, post, refusal

from dealbooks.posting import case_expected, explain


def charged(number: str, *items: tuple[str, str, str | None]) -> dict[str, Any]:
    """A golden deal with chargebacks: number, amount, line (None: the finance reserve), one day after the other."""
    told = [
        {"chargeback_id": name, "amount": amount, "date": f"2026-08-{day:02d}"} | ({"line_id": line} if line else {})
        for day, (name, amount, line) in enumerate(items, 1)
    ]
    return case(number) | {"chargebacks": told}


def test_a_cancelled_product_and_an_early_payoff_take_back_income_and_commission() -> None:
    # G01: back gross 612.40 + 1075.00 + 485.00 = 2172.40; FM-003 earned 12 % of it: 260.69
    posted = post(charged("G01", ("C1", "485.00", "5"), ("C2", "612.40", None)))
    gap, reserve = named(posted, "chargeback-C1"), named(posted, "chargeback-C2")
    assert (gap.event, gap.accounting_date.isoformat()) == ("fi.charged_back", "2026-08-01")
    assert part(gap, "chargeback") == [("income.chargebacks", "485.00"), ("payable.fi_provider", "-485.00")]
    assert gap.lines[1].dimensions == {
        "location": "TAMPA", "department": "new", "party": "AEGIS-ADMIN", "product": "5",
    }  # fmt: skip
    # 12 % of 1687.40 is 202.49: 58.20 less
    assert part(gap, "clawback") == [("payable.commission", "58.20"), ("expense.commission_finance", "-58.20")]
    assert gap.lines[2].dimensions["person"] == "FM-003"
    assert part(reserve, "chargeback") == [("income.chargebacks", "612.40"), ("receivable.finance_reserve", "-612.40")]
    # 12 % of 1075.00 is 129.00: 73.49 less
    assert part(reserve, "clawback") == [("payable.commission", "73.49"), ("expense.commission_finance", "-73.49")]
    assert "by the same plan" in " ".join(text for entry_id, _, text in explain(posted) if entry_id == "chargeback-C1")


def test_one_after_the_other_comes_out_as_both_at_once() -> None:
    both = charged("G01", ("C1", "485.00", "5"), ("C2", "612.40", None))
    first = post(both | {"chargebacks": both["chargebacks"][:1]})
    # what is recorded counts, also when the deal does not tell of it any more
    again = post(both | {"chargebacks": both["chargebacks"][1:]}, *first.entries)
    assert again.entries == post(both).entries
    assert post(both, *again.entries).new == ()


def test_where_the_sale_set_a_provision_aside_it_bears_the_chargeback() -> None:
    posted = post(charged("G01", ("C1", "485.00", "5")) | {"chargeback_reserve": {"rate": "0.075"}})
    assert part(named(posted, "chargeback-C1"), "chargeback")[0] == ("liability.chargeback_reserve", "485.00")


def test_a_minimum_keeps_the_commission() -> None:
    data = charged("G01", ("C1", "485.00", "5"))
    data["commission_plans"][1]["minimum"] = "240.00"
    # 260.69 earned; 12 % of what is left would be 202.49, the plan pays 240.00
    assert part(named(post(data), "chargeback-C1"), "clawback")[0] == ("payable.commission", "20.69")
    data["commission_plans"][1]["minimum"] = "300.00"
    assert part(named(post(data), "chargeback-C1"), "clawback") == []


def test_the_shares_of_a_claw_back_add_up_to_the_plan() -> None:
    data = charged("G01", ("C1", "485.00", "5"))
    shares = [{"person": name, "share": share} for name, share in (("A", "0.3334"), ("B", "0.3333"), ("C", "0.3333"))]
    data["commission_plans"][1]["splits"] = shares
    lines = [x for x in named(post(data), "chargeback-C1").lines if x.role == "payable.commission"]
    assert len(lines) == 3
    assert str(sum(x.amount.amount for x in lines)) == "58.20"


def test_tax_in_the_commission_comes_back() -> None:
    data = charged("G15", ("C1", "110.00", None))
    data["finance"] = {
        "type": "loan", "lender": "FINCO", "receivable_role": "receivable.finance_company", "amount_financed": "900.00",
        "reserve": "220.00", "reserve_tax_code": "AU-GST-COM",
    }  # fmt: skip
    data["tax"]["rates"]["AU-GST-COM"] = "0.10"
    back = named(post(data), "chargeback-C1")
    assert part(back, "chargeback") == [("income.chargebacks", "110.00"), ("receivable.finance_reserve", "-110.00")]
    assert part(back, "commission_tax") == [("tax.output", "10.00"), ("income.chargebacks", "-10.00")]
    assert {x.tax_code for x in back.lines if x.part == "commission_tax"} == {"AU-GST-COM"}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (("C1", "485.01", "1"), "line 1, which is no F&I product"),
        (("C1", "800.00", "5"), "800.00 are taken back, more than line 5 brought (795.00)"),
        (("C1", "612.41", None), "more than the finance reserve brought (612.40)"),
    ],
)
def test_a_chargeback_that_fits_nothing_is_refused(item: tuple[str, str, str | None], words: str) -> None:
    assert words in refusal(charged("G01", item))


def test_a_second_chargeback_counts_the_first() -> None:
    data = charged("G01", ("C1", "400.00", None), ("C2", "300.00", None))
    assert "700.00 are taken back" in refusal(data)
    first = post(data | {"chargebacks": data["chargebacks"][:1]})
    assert "700.00 are taken back" in refusal(data | {"chargebacks": data["chargebacks"][1:]}, *first.entries)


def test_a_chargeback_abroad_is_entered_by_hand() -> None:
    assert "is kept in GBP" in refusal(charged("G24", ("C1", "1.00", None)))


def test_what_was_taken_back_with_the_sale_is_not_taken_back_again() -> None:
    end = [{"at": "2026-08-15", "event": "unwound", "reason": "returned"}]
    data = charged("G01", ("C1", "485.00", "5"))
    sold = post(data)
    posted = post(data | {"lifecycle": end}, *sold.entries)
    assert posted.open_items == ("Chargeback C1 was booked before the sale was taken back: settle the difference.",)
    late = charged("G01", ("C1", "485.00", "5")) | {"lifecycle": end}
    late["chargebacks"][0]["date"] = "2026-09-01"
    assert "its income with it" in refusal(late, *post(case("G01")).entries)
    assert "chargeback-C1" in {one["entry_id"] for one in case_expected(data | {"lifecycle": end})["entries"]}
