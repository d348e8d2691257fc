"""Facts that come beside a deal, and opening balances: once, in any order; another amount is for a person to settle."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pipeline_support import Dealership, financed, sale, void

from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.periods import move
from dealbooks.pipeline.quarantine import fix, retry, waiting

FUNDED = ("N-1", "funded", "9000.00", "F1", "")
PAID = ("N-1", "payoff_paid", "3000.00", "", "U1P")


def _stock(shop: Dealership, day: int, *rows: tuple[str, str], **columns: str) -> None:
    told = [
        {
            "stock_number": stock, "account_role": "inventory.used_vehicle", "amount": amount,
            "date": "2026-08-31", "store_code": "LEEDS", "department": "used",
        }
        for stock, amount in rows
    ]  # fmt: skip
    shop.drop(f"OpeningStock_202609{day:02d}.csv", [row | columns for row in told])


def _event(shop: Dealership, day: int, **columns: str) -> None:
    """A file with one event: the lender paid 9000.00 under reference F1, unless told otherwise."""
    row = {
        "deal_number": "N-1", "event": "funded", "amount": "9000.00", "reference": "F1", "date": "2026-09-15",
        "store_code": "LEEDS",
    }  # fmt: skip
    shop.drop(f"DealEvents_202609{day:02d}.csv", [row | columns])


def _messages(shop: Dealership) -> list[str]:
    """What waits in quarantine, in words."""
    with shop.open() as house:
        return [one.message for item in waiting(house) for one in item.errors]


def _closed(shop: Dealership, period: str) -> None:
    with shop.open() as house, house.store.transaction("Ann Lee", "close") as tx:
        for state in (PeriodState.CLOSING, PeriodState.LOCKED):
            move(tx, "northgate", Period.parse(period), state, who="Ann Lee")


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
    result = shop.sync()
    assert (result.facts, result.refused_facts, result.exit_code) == (0, 1, 3)
    assert (result.as_json()["refused_facts"], result.as_json()["refused_opening"]) == (1, 0)
    assert list(shop.reasons().values()) == [["S013"]]
    (words,) = _messages(shop)
    assert "amount 9000.00" in words
    assert "amount 8999.00" in words
    assert "2026-09-15" not in words
    assert shop.sync().exit_code == 0  # it waits in quarantine; this run saw nothing of it
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
    rows, audited = shop.rows("facts"), len(shop.rows("audit"))
    again = shop.sync()
    assert again.exit_code == 3  # for as long as it does not fit
    assert [number for number, _ in again.transformed[0].held] == ["N-1"]
    assert (shop.rows("facts"), len(shop.rows("audit"))) == (rows, audited)
    assert shop.deals()["N-1"]["state"] == "posted"
    shop.sound()


def test_a_settlement_is_applied_once_the_deal_is_corrected(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    shop.events(15, ("N-1", "payoff_paid", "2990.00", "", "u1p"))
    assert shop.sync().exit_code == 3
    assert _states(shop) == ["conflict"]
    shop.sales(16, financed(1, trade1_payoff="2990.00", finance_amount="8990.00"))
    assert shop.sync().exit_code == 0
    assert [(row["state"], row["note"]) for row in shop.rows("facts")] == [("applied", "")]
    assert "payoff-U1P" in shop.entry_ids(1)
    assert shop.sync().exit_code == 0
    shop.sound()


def test_another_day_of_the_same_money_is_a_conflict_that_names_the_day(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    _event(shop, 15)
    shop.sync()
    _event(shop, 16, date="2026-09-16")
    assert shop.sync().refused_facts == 1
    (words,) = _messages(shop)
    assert "date 2026-09-15, and is now told with date 2026-09-16" in words
    assert "9000" not in words


def test_the_spelling_of_a_reference_makes_no_second_fact(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    _event(shop, 15, reference="Ref-1a", method="bank_transfer")
    shop.sync()
    books = shop.files()
    _event(shop, 16, reference=" REF-1A ", amount="9000.0", method="")
    result = shop.sync()
    assert (result.facts, result.refused_facts) == (0, 0)
    assert shop.files() == books
    assert len(shop.rows("facts")) == 1


@pytest.mark.parametrize("deal_first", [True, False])
@pytest.mark.parametrize("stores", [("", "LEEDS"), ("LEEDS", "")])
def test_a_fact_with_and_without_its_store_is_one(
    shop: Dealership, stores: tuple[str, str], *, deal_first: bool
) -> None:
    shop.settings["events"] = {"store_numbers": False}
    shop.write_config()
    if deal_first:
        shop.sales(11, financed(1))
        shop.sync()
    for day, store in zip((15, 16), stores, strict=True):
        _event(shop, day, store_code=store)
        shop.sync()
    if not deal_first:
        shop.sales(17, financed(1))
        shop.sync()
    (fact,) = shop.rows("facts")
    assert (fact["state"], fact["location"]) == ("applied", "LEEDS")
    assert shop.entry_ids(1) == ["funding-F1", "sale-v1"]
    shop.sound()


@pytest.mark.parametrize("deal_first", [True, False])
def test_money_of_a_bare_number_is_for_a_person_where_there_are_several_stores(
    shop: Dealership, *, deal_first: bool
) -> None:
    if deal_first:
        shop.sales(11, financed(1))
    _event(shop, 15, store_code="")
    shop.sync()
    if not deal_first:
        shop.sales(17, financed(1))
        shop.sync()
    (row,) = (one for one in shop.rows("quarantine") if one["state"] == "open")
    assert row["reasons"] and "LEEDS, YORK" in row["reasons"] and "store_code" in row["reasons"]
    assert shop.entry_ids(1) == ["sale-v1"]
    with shop.open() as house:
        fix(house, str(row["id"]), "store_code", "LEEDS", who="Ann Lee", why="it is a car of Leeds")
    shop.sync()
    assert shop.entry_ids(1) == ["funding-F1", "sale-v1"]
    shop.sound()


def test_the_same_number_in_two_stores_has_facts_of_its_own(shop: Dealership) -> None:
    shop.sales(11, financed(1), financed(2, deal_number="N-1", store_code="YORK"))
    for day, store in ((15, "LEEDS"), (16, "YORK"), (17, "LEEDS")):
        _event(shop, day, store_code=store)
        shop.sync()
    assert sorted((row["location"], row["state"]) for row in shop.rows("facts")) == [
        ("LEEDS", "applied"),
        ("YORK", "applied"),
    ]
    shop.sound()


@pytest.mark.parametrize(
    ("columns", "code"),
    [({"currency": "EUR"}, "S018"), ({"amount": "0.00"}, "S019"), ({"amount": "-9000.00"}, "S019")],
)
def test_money_that_cannot_be_booked_as_told_is_refused(shop: Dealership, columns: dict[str, str], code: str) -> None:
    shop.sales(11, financed(1))
    _event(shop, 15, **columns)
    result = shop.sync()
    assert (result.exit_code, result.refused_facts) == (3, 1)
    assert shop.reasons() == {"N-1": [code]}
    assert shop.rows("facts") == []


def test_money_in_the_currency_of_the_book_is_taken(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    _event(shop, 15, currency="gbp")
    assert shop.sync().exit_code == 0
    assert _states(shop) == ["applied"]


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
    result = shop.sync()
    assert (result.exit_code, result.refused_openings, result.as_json()["refused_opening"]) == (3, 1, 1)
    assert list(shop.reasons().values()) == [["S016"]]
    assert shop.files() == books


@pytest.mark.parametrize(
    ("amount", "columns", "words"),
    [
        ("-8000.00", {}, "amount 8000.00, and is now told with amount -8000.00"),
        ("8000.00", {"date": "2026-08-30"}, "date 2026-08-31, and is now told with date 2026-08-30"),
        ("8000.00", {"department": "new"}, "department used, and is now told with department new"),
    ],
)
def test_an_opening_balance_is_the_same_only_with_the_same_entry(
    shop: Dealership, amount: str, columns: dict[str, str], words: str
) -> None:
    _stock(shop, 1, ("U1", "8000.00"))
    shop.sync()
    _stock(shop, 2, ("U1", amount), **columns)
    assert shop.sync().refused_openings == 1
    assert list(shop.reasons().values()) == [["S016"]]
    assert words in _messages(shop)[0]
    assert len(shop.files()) == 1


def test_an_opening_balance_in_a_closed_period_is_refused(shop: Dealership) -> None:
    _stock(shop, 1, ("U1", "8000.00"))
    shop.sync()
    _closed(shop, "2026-08")
    _stock(shop, 2, ("U1", "8000.00"), ("U2", "7000.00"))
    result = shop.sync()
    assert (result.openings, result.refused_openings, result.exit_code) == (0, 1, 3)  # U1 was taken before the close
    assert list(shop.reasons().values()) == [["S020"]]
    assert "closed through 2026-08-31" in _messages(shop)[0]
    _stock(shop, 3, ("U3", "6000.00"), date="2026-09-01")
    assert shop.sync().openings == 1


def test_an_opening_balance_is_dated_a_week_ahead_at_most(shop: Dealership) -> None:
    shop.clock.now = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
    _stock(shop, 1, ("U1", "8000.00"), date="2026-09-08")
    _stock(shop, 2, ("U2", "8000.00"), date="2026-09-09")
    result = shop.sync()
    assert (result.openings, result.refused_openings) == (1, 1)
    assert list(shop.reasons().values()) == [["S021"]]


def test_an_opening_balance_in_another_currency_is_refused(shop: Dealership) -> None:
    _stock(shop, 1, ("U1", "8000.00"), currency="EUR")
    result = shop.sync()
    assert (result.openings, result.refused_openings, result.exit_code) == (0, 1, 3)
    assert list(shop.reasons().values()) == [["S018"]]
    assert "kept in GBP" in _messages(shop)[0]


def test_a_stock_number_in_two_stores_is_two_balances(shop: Dealership) -> None:
    _stock(shop, 1, ("U1", "8000.00"))
    _stock(shop, 2, ("U1", "7000.00"), store_code="YORK")
    result = shop.sync()
    assert (result.openings, result.exit_code) == (2, 0)
    assert len(shop.files()) == 2
    assert sum(shop.balances().values()) == 0
    assert Decimal("15000.00") in shop.balances().values()


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
