"""Facts that come beside a deal, and opening balances: once, in any order; another amount is for a person to settle."""

from __future__ import annotations

from decimal import Decimal

from pipeline_support import Dealership, financed, sale, void

FUNDED = ("N-1", "funded", "9000.00", "F1", "")
PAID = ("N-1", "payoff_paid", "3000.00", "", "U1P")


def _stock(shop: Dealership, day: int, *rows: tuple[str, str]) -> None:
    shop.drop(
        f"OpeningStock_202609{day:02d}.csv",
        [
            {
                "stock_number": stock, "account_role": "inventory.used_vehicle", "amount": amount,
                "date": "2026-08-31", "store_code": "LEEDS", "department": "used",
            }
            for stock, amount in rows
        ],
    )  # fmt: skip


def _states(shop: Dealership, table: str = "facts") -> list[str]:
    return [row["state"] for row in shop.rows(table)]


def test_money_that_comes_before_its_deal_waits_for_it(any_shop: Dealership) -> None:
    shop = any_shop
    shop.events(15, FUNDED, PAID)
    shop.sync()
    assert _states(shop) == ["waiting", "waiting"]
    assert shop.files() == {}
    shop.sales(16, financed(1))
    result = shop.sync()
    assert result.exit_code == 0
    assert _states(shop) == ["applied", "applied"]
    assert shop.entry_ids(1) == ["funding-F1", "payoff-U1P", "sale-v1"]
    assert shop.deals()["N-1"]["state"] == "posted"
    shop.sound()


def test_in_the_other_order_the_books_are_the_same(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    shop.sync()
    shop.events(15, FUNDED, PAID)
    shop.sync()
    assert shop.entry_ids(1) == ["funding-F1", "payoff-U1P", "sale-v1"]
    other = Dealership(shop.folder / "other", f"sqlite:///{shop.folder / 'other.db'}")
    other.events(15, FUNDED, PAID)
    other.sales(16, financed(1))
    other.sync()
    assert shop.balances() == other.balances()
    other.close()


def test_a_fact_that_is_told_twice_counts_once(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    shop.events(15, FUNDED)
    shop.sync()
    books = shop.files()
    shop.events(16, FUNDED, ("N-2", "funded", "1.00", "F2", ""))
    shop.sync()
    assert shop.files() == books
    assert shop.inbox_states()["unchanged"] == 1
    shop.sound()


def test_a_fact_with_another_amount_is_a_conflict(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    shop.events(15, FUNDED)
    shop.sync()
    books = shop.files()
    shop.events(16, ("N-1", "funded", "8999.00", "F1", ""))
    assert shop.sync().facts == 0
    assert list(shop.reasons().values()) == [["S013"]]
    assert shop.files() == books
    shop.sound()


def test_a_settlement_that_differs_is_a_conflict_and_the_deal_stays_posted(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    shop.sync()
    shop.events(15, ("N-1", "payoff_paid", "2990.00", "", "U1P"))
    result = shop.sync()
    assert result.exit_code == 3
    assert _states(shop) == ["conflict"]
    assert "2990.00" in shop.rows("facts")[0]["note"]
    assert shop.deals()["N-1"]["state"] == "posted"
    assert shop.sync().exit_code == 0  # told once
    assert shop.deals()["N-1"]["state"] == "posted"
    shop.sound()


def test_a_lender_that_pays_for_a_cash_deal_is_a_conflict(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.events(15, FUNDED)
    shop.sync()
    assert _states(shop) == ["conflict"]
    assert shop.entry_ids(1) == ["receipt-P-BANK", "sale-v1"]
    assert shop.deals()["N-1"]["state"] == "posted"


def test_facts_of_a_deal_in_quarantine_wait_until_it_is_taken(shop: Dealership) -> None:
    shop.sales(11, financed(1, vehicle_cost=""))
    shop.events(15, FUNDED)
    shop.sync()
    assert (shop.reasons(), _states(shop)) == ({"N-1": ["R007"]}, ["waiting"])
    shop.sales(12, financed(1))
    shop.sync()
    assert _states(shop) == ["applied"]
    assert shop.entry_ids(1) == ["funding-F1", "sale-v1"]


def test_money_that_came_stays_when_the_deal_is_amended(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    shop.events(15, FUNDED, PAID)
    shop.sync()
    before = shop.balances()
    shop.sales(16, financed(1, vehicle_cost="8100.00", stock_book_price="8000.00"))
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == ["funding-F1", "payoff-U1P", "reversal-v1", "sale-v1", "sale-v2"]
    moved = {name: amount - before.get(name, Decimal(0)) for name, amount in shop.balances().items()}
    assert sum(moved.values()) == 0
    assert {Decimal("-100.00"), Decimal("100.00")} <= set(moved.values())  # the cost, and nothing of the money
    assert not any(amount for name, amount in moved.items() if "Receivable" in name or "Undeposited" in name)


def test_an_event_that_cannot_be_read_waits_and_can_be_corrected(shop: Dealership) -> None:
    from dealbooks.pipeline.quarantine import fix, retry, waiting

    shop.sales(11, financed(1))
    shop.events(
        15, ("N-1", "funded", "9000,00.1", "F1", ""), *((f"X-{n}", "funded", "1.00", f"X{n}", "") for n in range(30))
    )
    shop.sync()
    with shop.open() as house:
        (item,) = waiting(house)
        assert [one.code for one in item.errors] == ["F104"]
        refused = fix(house, str(item.id), "amount", "nine thousand", who="Ann Lee", why="typing error")
        assert (refused.accepted, refused.quarantined) == (0, 1)
        (item,) = waiting(house)
        assert [one.code for one in item.errors] == ["S010"]
        again = retry(house, who="Ann Lee")
        assert again[0].quarantined == 1
        (item,) = waiting(house)
        taken = fix(house, str(item.id), "amount", "9000.00", who="Ann Lee", why="typing error")
        assert (taken.accepted, taken.quarantined) == (1, 0)
        assert waiting(house) == []
    shop.sync()
    assert shop.entry_ids(1) == ["funding-F1", "sale-v1"]
    shop.sound()


def test_an_event_of_a_shop_that_is_not_mapped_waits(shop: Dealership) -> None:
    shop.drop(
        "DealEvents_20260915.csv",
        [{"deal_number": "N-1", "store_code": "HULL", "event": "funded", "amount": "1.00", "date": "2026-09-15"}],
    )
    shop.sync()
    assert shop.reasons() == {"N-1": ["S017"]}
    shop.sound()


def test_opening_balances_are_taken_once(shop: Dealership) -> None:
    _stock(shop, 1, ("U1", "8000.00"), ("U2", "7000.00"))
    first = shop.sync()
    assert (first.openings, first.loaded[0].posted) == (2, 2)
    books = shop.files()
    _stock(shop, 2, ("U1", "8000.00"), ("U3", "10.00"))
    assert shop.sync().openings == 1
    assert set(books.items()) < set(shop.files().items())
    assert len(shop.files()) == 3
    shop.sound()


def test_an_opening_balance_that_changed_is_refused(shop: Dealership) -> None:
    _stock(shop, 1, ("U1", "8000.00"))
    shop.sync()
    books = shop.files()
    _stock(shop, 2, ("U1", "8001.00"))
    shop.sync()
    assert list(shop.reasons().values()) == [["S016"]]
    assert shop.files() == books


def test_an_opening_balance_that_is_not_right_waits_and_the_others_are_taken(shop: Dealership) -> None:
    _stock(shop, 1, ("U1", "8000.00"), ("U2", "8e3"), *((f"U{n}", "5.00") for n in range(10, 40)))
    assert shop.sync().openings == 31
    assert list(shop.reasons().values()) == [["F104"]]
    shop.sound()


def test_a_sold_car_leaves_no_stock_behind(shop: Dealership) -> None:
    _stock(shop, 1, ("U1", "8000.00"))
    shop.sales(11, sale(1))
    shop.sync()
    stock = {name: amount for name, amount in shop.balances().items() if "Inventory" in name or "Stock" in name}
    assert stock == {}
    shop.sales(20, void(1))
    shop.sync()
    assert sum(amount for name, amount in shop.balances().items() if amount == Decimal(8000)) == Decimal(8000)
