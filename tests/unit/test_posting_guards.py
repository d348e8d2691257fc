"""What is recorded guards the deal: no amendment before its sale, no refund of what never came."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from posting_support import case, post, refusal

MOVED = {
    "from_entity": "EAST-LLC", "from_location": "EAST", "from_department": "used", "from_stock_no": "X9",
    "from_cost": "10000.00", "date": "2026-03-20",
}  # fmt: skip


def transferred(**changes: Any) -> dict[str, Any]:
    """A sale of a car that came from another entity of the group."""
    data = case("G08") | {"lifecycle": [], "refunds": []}
    return data | {"group_transfer": {**MOVED, "price": data["vehicle"]["cost"]}, **changes}


def amended(data: dict[str, Any], on: str, **changes: Any) -> dict[str, Any]:
    version = data.get("deal_version", 1) + 1
    return data | {"deal_version": version, "amended_at": on, "amend_reason": "price"} | changes


def test_an_amendment_is_not_dated_before_the_recorded_sale() -> None:
    first = case("G01")
    recorded = post(first).entries
    dates = {**first["dates"], "accounting": "2026-03-01"}
    said = refusal(amended(first, "2026-03-01", dates=dates), *recorded)
    assert "it was amended on 2026-03-01, before version 1 of the sale, which is recorded on 2026-03-14" in said
    assert post(amended(first, "2026-03-14"), *recorded).new


def test_an_unwind_is_not_dated_before_the_recorded_sale() -> None:
    first = case("G08") | {"lifecycle": [], "refunds": []}
    recorded = post(first).entries
    dates = {"contract": "2026-01-01", "delivery": "2026-01-01", "accounting": "2026-01-01"}
    gone = {"lifecycle": [{"at": "2026-01-05", "event": "unwound", "reason": "returned"}], "dates": dates}
    said = refusal(first | gone, *recorded)
    assert "it was unwound on 2026-01-05, before version 1 of the sale" in said


def test_a_sale_that_a_lock_moved_may_be_taken_back_on_its_own_day() -> None:
    first = case("G08") | {"lifecycle": [], "refunds": []}
    sold = first["dates"]["accounting"]
    recorded = post(first, closed=date(2026, 4, 30)).entries
    gone = first | {"lifecycle": [{"at": sold, "event": "unwound", "reason": "returned"}]}
    posted = post(gone, *recorded, closed=date(2026, 4, 30))
    assert "unwind-v1" in {entry.entry_id for entry in posted.new}


def test_the_price_of_a_recorded_transfer_does_not_change() -> None:
    first = transferred()
    recorded = post(first).entries
    assert {"transfer-out-X9", f"transfer-in-{first['vehicle']['stock_no']}"} <= {one.entry_id for one in recorded}
    other = amended(first, "2026-06-01")
    other["vehicle"] = {**first["vehicle"], "cost": "9000.00"}
    other["group_transfer"] = {**first["group_transfer"], "price": "9000.00"}
    said = refusal(other, *recorded)
    assert (
        f"transfer-out-X9 is recorded at {first['vehicle']['cost']}, and this version gives the transfer price" in said
    )
    assert post(amended(first, "2026-06-01"), *recorded).new


@pytest.mark.parametrize(("more", "refused"), [("0.00", False), ("0.05", False), ("0.06", True), ("500.00", True)])
def test_no_more_is_refunded_than_was_received(more: str, refused: bool) -> None:
    data = case("G08")
    last = data["refunds"][-1]
    data["refunds"].append({**last, "refund_id": "R9", "amount": more})
    if refused:
        assert f"{more} USD more were refunded than the customer had paid" in refusal(data)
    else:
        assert post(data).new


def test_a_refund_of_a_cancelled_deal_is_at_most_its_deposit() -> None:
    data = case("G08")
    deposit = {"receipt_id": "D1", "amount": "500.00", "method": "card", "date": "2026-03-01"}
    data |= {"deposits": [deposit], "payments": [], "status": "cancelled"}
    data["lifecycle"] = [{"at": "2026-03-10", "event": "cancelled"}]
    back = {"refund_id": "R1", "amount": "900.00", "method": "bank_transfer", "date": "2026-03-11"}
    assert "400.00 USD more were refunded" in refusal(data | {"refunds": [back]})
    assert post(data | {"refunds": [{**back, "amount": "500.00"}]}).new


def test_money_that_we_still_owe_after_an_unwind_stays_open() -> None:
    data = case("G08")
    data["refunds"] = []
    assert post(data).new


def test_an_amendment_names_the_settlement_of_a_trade_that_is_gone() -> None:
    data = case("G01")
    data["trade_ins"][0]["payoff_paid"] = {"date": "2026-03-16", "method": "cheque"}
    first = post(data)
    assert first.open_items == ()
    gone = amended(data, "2026-03-20", trade_ins=[])
    (item,) = post(gone, *first.entries).open_items
    holder = data["trade_ins"][0]["lienholder"]
    assert item.startswith(f"9120.44 USD were paid to {holder} for trade-in")
    lower = amended(data, "2026-03-20", trade_ins=[{**data["trade_ins"][0], "payoff": "9000.44"}])
    (item,) = post(lower, *first.entries).open_items
    assert item.endswith("the deal now has 9000.44: collect 120.00.")
    assert post(amended(data, "2026-03-20"), *first.entries).open_items == ()


def test_an_amendment_names_a_lenders_money_for_a_contract_that_is_gone() -> None:
    data = case("G01")
    data["fundings"] = [{"funding_id": "F1", "amount": data["finance"]["amount_financed"], "date": "2026-03-18"}]
    first = post(data)
    gone = amended(data, "2026-03-20", finance=None, fundings=[])
    (item,) = post(gone, *first.entries).open_items
    assert item.startswith("A lender paid 29000.00 USD, and the deal is no longer financed")


def test_an_amended_foreign_sale_posts_money_of_the_sale_day_at_its_rate() -> None:
    data = case("G24")
    del data["payments"][0]["fx_rate"]
    data["payments"][0]["date"] = data["dates"]["delivery"]
    data["dates"]["accounting"] = "2026-12-01"
    later = post(amended(data, "2026-12-01"))
    (receipt,) = [one for one in later.new if one.event == "payment.received"]
    assert str(receipt.fx_rate) == data["fx_rate"]
