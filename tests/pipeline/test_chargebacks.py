"""A chargeback comes as an event of the drop folder, is booked once, and is held when it fits nothing of its deal."""

from __future__ import annotations

from pipeline_support import Dealership, financed

SOLD = financed(1) | {"finance_commission": "300.00"}


def _charged(shop: Dealership, day: int, **columns: str) -> None:
    row = {
        "deal_number": "N-1", "event": "charged_back", "amount": "120.00", "reference": "CB1", "date": "2026-09-15",
        "store_code": "LEEDS",
    }  # fmt: skip
    shop.drop(f"DealEvents_202609{day:02d}.csv", [row | columns])


def test_a_chargeback_is_booked_once_and_the_next_counts_it(shop: Dealership) -> None:
    shop.sales(11, SOLD)
    shop.sync()
    _charged(shop, 15)
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == ["chargeback-CB1", "sale-v1"]
    books = shop.files()
    _charged(shop, 16)
    assert shop.sync().exit_code == 0
    assert shop.files() == books
    _charged(shop, 17, reference="CB2", amount="180.01")
    assert shop.sync().exit_code == 3  # 300.01 of a reserve of 300.00
    assert shop.files() == books
    _charged(shop, 18, reference="CB3", amount="180.00")
    shop.sync()
    assert shop.entry_ids(1) == ["chargeback-CB1", "chargeback-CB3", "sale-v1"]
    shop.sound()


def test_a_chargeback_for_a_product_that_was_not_sold_is_held(shop: Dealership) -> None:
    shop.sales(11, SOLD)
    shop.sync()
    _charged(shop, 15, product="GAP waiver")
    result = shop.sync()
    assert result.exit_code == 3
    (fact,) = shop.rows("facts")
    assert fact["state"] == "conflict"
    assert "no finance and insurance product GAP waiver" in fact["note"]
    assert shop.entry_ids(1) == ["sale-v1"]


def test_the_same_chargeback_for_another_product_is_a_conflict(shop: Dealership) -> None:
    shop.sales(11, SOLD)
    shop.sync()
    _charged(shop, 15)
    shop.sync()
    _charged(shop, 16, product="GAP waiver")
    assert shop.sync().exit_code == 3
    assert list(shop.reasons().values()) == [["S013"]]
