"""What random deals and a reckoning of their own found: by the seed that showed it, and by the rule worked by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from posting_support import case, named, part, post, refusal

from dealbooks.deal import Deal
from dealbooks.deal.rules import check_deal
from dealbooks.entries import Entry
from dealbooks.money import MoneyError
from dealbooks.posting.arithmetic import spread_tax
from tests.posting_checks import check_seed

SEEDS = {
    "a unit left over goes to the largest remainder, of a discount too": "au 6, au 10, uk 91, uk 92, eu 96",
    "a car of no cost comes from the group without an entry": "us 3, us 62, nz 195, au 281, us 429",
    "a deposit abroad is given back in parts": "nz 670, nz 980, uk 1312, us 1350, jp 1840",
}


@pytest.mark.parametrize("found", SEEDS)
def test_a_seed_that_showed_a_fault(found: str) -> None:
    for name in SEEDS[found].split(", "):
        region, seed = name.split()
        check_seed(region, int(seed))


NOTHING = (Decimal(0), Decimal(0))


def balance(entries: tuple[Entry, ...], role: str) -> tuple[Decimal, Decimal]:
    """What stands on a role, in the deal's currency and in base."""
    found = [line for entry in entries for line in entry.lines if line.role == role]
    in_base = [(line.amount if line.base is None else line.base).amount for line in found]
    return sum((line.amount.amount for line in found), Decimal(0)), sum(in_base, Decimal(0))


def test_a_unit_left_over_goes_to_the_largest_remainder_whichever_way_a_line_points() -> None:
    # An eleventh, in cents: 909 7/11, 455 7/11, -272 8/11; of all three 1092 6/11, which is 1093, one more than cut.
    amounts = [Decimal("100.06"), Decimal("50.12"), Decimal("-30.00")]
    assert [str(tax) for tax in spread_tax(amounts, Decimal("0.10"), "AUD")] == ["9.09", "4.55", "-2.71"]
    with pytest.raises(MoneyError, match="more decimals"):
        spread_tax([*amounts, Decimal("0.001")], Decimal("0.10"), "AUD")


def test_a_car_of_no_cost_moves_without_an_entry() -> None:
    data = case("G02")
    data["vehicle"]["cost"] = "0"
    data["group_transfer"] = {
        "from_entity": "SISTER-INC", "from_location": "OAKLAND", "from_department": "used", "from_stock_no": "X9",
        "from_cost": "0", "price": "0", "date": "2026-03-30",
    }  # fmt: skip
    posted = post(data)
    assert {entry.event for entry in posted.entries}.isdisjoint({"dealer_trade.posted", "purchase.posted"})
    data["group_transfer"] |= {"from_cost": "120.00"}
    posted = post(data)
    (out,) = [entry for entry in posted.entries if entry.event == "dealer_trade.posted"]
    assert {line.part for line in out.lines} == {"cost"}
    assert all(entry.lines for entry in posted.entries)


def financed_abroad(*parts: str) -> dict[str, Any]:
    data = case("G24")
    data["finance"] = {
        "type": "loan", "lender": "LENDER-1", "amount_financed": "1000.01", "reserve": "100.01",
        "receivable_role": "receivable.finance_company",
    }  # fmt: skip
    data["payments"][0]["amount"] = "49444.39"
    data["fundings"] = [
        {"funding_id": f"F{n}", "amount": amount, "date": f"2026-04-{n:02d}"} for n, amount in enumerate(parts, 1)
    ]
    return data


@pytest.mark.parametrize("parts", [("1000.01",), ("333.33", "333.34", "333.34"), ("0.01", "0.01", "999.99")])
def test_a_contract_abroad_that_is_funded_in_parts_leaves_nothing(parts: tuple[str, ...]) -> None:
    data = financed_abroad(*parts)
    whole = post(data)
    assert balance(whole.entries, "receivable.finance_company") == NOTHING
    recorded: tuple[Entry, ...] = ()
    for upto in range(1, len(parts) + 1):  # the money comes day by day
        recorded = post(data | {"fundings": data["fundings"][:upto]}, *recorded).entries
    assert balance(recorded, "receivable.finance_company") == NOTHING


def test_what_a_lender_pays_beyond_the_contract_is_at_the_rate_of_the_deal() -> None:
    data = financed_abroad("1000.01", "100.00")
    posted = post(data)
    assert balance(posted.entries, "receivable.finance_company") == (Decimal("-100.00"), Decimal("-74.22"))


def test_a_deposit_abroad_that_is_given_back_in_parts_leaves_nothing() -> None:
    data = case("G24")
    data["deposits"] = [{"receipt_id": "D1", "amount": "100.01", "method": "card", "date": "2026-03-01"}]
    data["payments"][0]["amount"] = "50344.39"
    first = post(data)
    back = [("R1", "33.33"), ("R2", "33.34"), ("R3", "33.34")]
    data |= {
        "lifecycle": [{"at": "2026-04-20", "event": "unwound", "reason": "returned"}],
        "refunds": [{"refund_id": n, "amount": a, "date": "2026-04-21", "method": "bank_transfer"} for n, a in back],
    }
    assert balance(post(data, *first.entries).entries, "payable.customer_deposits") == NOTHING


def negative_equity(allowance: str) -> dict[str, Any]:
    """New Zealand: 3/23 of the allowance, all of it paid by settling the lien."""
    data = case("G20")
    trade = data["trade_ins"][0] | {"allowance": allowance, "acv": "17000.00", "payoff": "20880.99"}
    return data | {"trade_ins": [trade]}


def amended(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"deal_version": 2, "amended_at": "2026-06-25", "amend_reason": "the allowance was wrong"}


@pytest.mark.parametrize(("allowance", "credit"), [("18847.00", "2458.30"), ("10000.00", "1304.35")])
def test_an_allowance_amended_after_the_payoff_brings_the_rest_of_the_credit(allowance: str, credit: str) -> None:
    first = post(negative_equity("17847.00"))
    assert part(named(first, "payoff-UD310T"), "second_hand_credit")[0] == ("tax.input", "2327.87")
    second = post(amended(negative_equity(allowance)), *first.entries)
    at_once = post(negative_equity(allowance))
    for posted in (second, at_once):
        assert balance(posted.entries, "tax.input")[0] == Decimal(credit)
    assert balance(second.entries, "inventory.used_vehicle") == balance(at_once.entries, "inventory.used_vehicle")


def test_an_allowance_above_the_lien_amended_after_the_payoff_brings_the_rest_of_the_credit() -> None:
    data = case("G20")
    first = post(data)
    data["trade_ins"][0]["allowance"] = "9000.00"
    second = post(amended(data), *first.entries)
    assert balance(second.entries, "tax.input")[0] == Decimal("1173.91")  # 3/23 of 9000.00
    again = post(amended(data), *second.entries)
    assert again.new == () and again.stock_book_trades == second.stock_book_trades


def test_manufacturers_money_has_the_decimals_of_the_book() -> None:
    data = case("G24") | {"base_currency": "KWD", "dealer_incentives": [{"program": "OEM", "amount": "10.125"}]}
    data["commission_plans"][0]["currency"] = data["vehicle"]["cost_currency"] = "KWD"

    def wrong(**changes: Any) -> list[str]:
        found = check_deal(Deal.model_validate(data | changes))
        return [one.field for one in found if one.field.startswith("dealer_incentives")]

    assert not wrong()
    assert wrong(base_currency="GBP") == ["dealer_incentives[0].amount"]


def test_an_amendment_abroad_at_another_rate_is_refused_once_money_came() -> None:
    data = case("G24")
    first = post(data)
    changed = amended(data | {"fx_rate": "0.75"})
    told = refusal(changed, *first.entries)
    assert "USD at 0.74218 GBP, and receipt-P1 with it; this version is in USD at 0.75 GBP" in told
    sale = [entry for entry in first.entries if not entry.entry_id.startswith("receipt")]
    assert balance(post(changed, *sale).entries, "receivable.customer") == NOTHING
    same = post(amended(data), *first.entries)
    assert balance(same.entries, "receivable.customer") == NOTHING
