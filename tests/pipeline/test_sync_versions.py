"""Files in, books out: once, to the cent, and nothing twice, whatever is sent again, corrected, late or taken back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest
import yaml
from pipeline_support import Dealership, sale, void

from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.periods import move


def test_sales_are_posted_once_and_read_back(any_shop: Dealership) -> None:
    shop = any_shop
    shop.sales(11, sale(1), sale(2, price="12345.67"))
    first = shop.sync()
    assert first.exit_code == 0
    assert {row["state"] for row in shop.rows("deals")} == {"posted"}
    assert {row["posted_version"] for row in shop.rows("deals")} == {1}
    assert shop.entry_ids(1) == ["receipt-P-BANK", "sale-v1"]
    assert shop.records() == 4
    books = shop.files()

    second = shop.sync()
    assert second.exit_code == 0
    assert second.loaded[0].posted == 0
    assert shop.files() == books
    shop.sound()


def test_the_ledger_shows_the_cash_the_vat_in_the_margin_and_the_cost(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    amounts = sorted(shop.balances().values())
    assert sum(amounts) == 0
    assert Decimal("10000.00") in amounts  # undeposited
    assert Decimal("-333.33") in amounts  # 2000.00 / 6
    assert Decimal("-9666.67") in amounts  # what is left of the price
    assert Decimal("-8000.00") in amounts  # out of stock


def test_the_same_file_under_another_name_is_no_news(shop: Dealership) -> None:
    content = shop.sales(11, sale(1)).read_bytes()
    shop.sync()
    before = shop.rows("inbox")
    shop.drop("CompletedSale_20260912.csv", content)
    result = shop.sync()
    assert [one.state for one in result.extracted[0].files] == ["duplicate"]
    assert shop.rows("inbox") == before
    assert [row["state"] for row in shop.rows("files")] == ["taken", "duplicate"]
    shop.sound()


def test_the_same_rows_written_otherwise_are_unchanged(shop: Dealership) -> None:
    shop.sales(11, sale(1), sale(2))
    shop.sync()
    shop.sales(12, sale(2, vehicle_price="10,000.00"), sale(1, vin=sale(1)["vin"].lower()))
    result = shop.sync()
    assert (result.validated[0].unchanged, result.validated[0].accepted) == (2, 0)
    assert {row["version"] for row in shop.rows("deals")} == {1}
    assert [row["body"] for row in shop.rows("inbox")][2:] == [None, None]
    shop.sound()


def test_a_corrected_file_yields_only_what_changed(shop: Dealership) -> None:
    shop.sales(11, *(sale(number) for number in range(1, 9)))
    shop.sync()
    shop.sales(11, *(sale(number, price="9000.00" if number == 3 else "10000.00") for number in range(1, 9)), again=2)
    result = shop.sync()
    assert (result.validated[0].unchanged, result.validated[0].accepted) == (7, 1)
    assert {row["deal_number"] for row in shop.rows("deals") if row["version"] == 2} == {"N-3"}
    assert shop.deals()["N-3"]["posted_version"] == 2
    shop.sound()


def test_an_older_file_that_arrives_late_changes_nothing(shop: Dealership) -> None:
    shop.sales(12, sale(1, price="9500.00"))
    shop.sync()
    books = shop.files()
    shop.sales(11, sale(1))
    result = shop.sync()
    assert result.validated[0].older == 1
    assert shop.files() == books
    assert shop.inbox_states() == {"accepted": 1, "superseded": 1}


def test_a_file_that_says_the_same_again_is_the_newest_word(shop: Dealership) -> None:
    """10th: A; 14th: A again; the 12th, with B, comes late: the 14th holds."""
    shop.sales(10, sale(1))
    shop.sync()
    shop.sales(14, sale(1), sale(2))
    shop.sync()
    shop.sales(12, sale(1, price="1.00"))
    shop.sync()
    assert shop.deals()["N-1"]["version"] == 1
    shop.sound()


def test_a_stated_revision_orders_rows_not_the_files_name(shop: Dealership) -> None:
    shop.sales(10, sale(1, revision="3", price="9300.00"))
    shop.sync()
    shop.sales(14, sale(1, revision="2", price="9200.00"))
    shop.sync()
    assert shop.deals()["N-1"]["version"] == 1
    shop.sales(12, sale(1, revision="4", price="9400.00"))
    shop.sync()
    assert shop.deals()["N-1"]["version"] == 2


def test_a_revision_that_is_stated_for_the_first_time_is_not_older(shop: Dealership) -> None:
    shop.sales(10, sale(1))
    shop.sync()
    shop.sales(11, sale(1, revision="2", price="9400.00"))
    shop.sync()
    assert shop.deals()["N-1"]["version"] == 2


def test_a_changed_rulebook_makes_no_version(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    (pinned,) = (row["config_hash"] for row in shop.rows("deal_versions"))
    rules = yaml.safe_load(files("dealbooks").joinpath("rulebooks", "uk.yaml").read_text("utf-8"))
    rules["defaults"][0]["rounding_tolerance"] = "0.04"
    (shop.folder / "rules.yaml").write_text(yaml.safe_dump(rules, sort_keys=False), encoding="utf-8")
    shop.book["rules"] = "rules.yaml"
    shop.write_config()
    shop.sales(12, sale(1), sale(2))
    result = shop.sync()
    assert (result.validated[0].unchanged, result.validated[0].accepted) == (1, 1)
    assert {row["deal_id"]: row["version"] for row in shop.rows("deal_versions")} == dict.fromkeys(
        (row["id"] for row in shop.rows("deals")), 1
    )
    assert [row["config_hash"] == pinned for row in shop.rows("deal_versions")].count(True) == 1


def test_amended_before_posting_the_first_version_is_never_sent(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync(post=False)
    shop.sales(12, sale(1, price="9000.00"))
    shop.sync()
    assert [row["state"] for row in shop.rows("deal_versions")] == ["superseded", "posted"]
    assert shop.entry_ids(1) == ["receipt-P-BANK", "receipt-P-BANK-v2", "sale-v2"]
    sold = shop.entry("sale-v2")
    assert sold.accounting_date == date(2026, 9, 11)  # never posted before, so dated as the sale
    plain = Dealership(shop.folder / "plain", f"sqlite:///{shop.folder / 'plain.db'}")
    plain.sales(11, sale(1, price="9000.00"))
    plain.sync()
    assert shop.balances() == plain.balances()
    shop.sound()


def test_amended_after_posting_the_first_version_is_mirrored(any_shop: Dealership) -> None:
    shop = any_shop
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(15, sale(1, price="9000.00"))
    result = shop.sync()
    assert (result.exit_code, result.transformed[0].amended) == (0, 1)
    assert shop.entry_ids(1) == ["receipt-P-BANK", "receipt-P-BANK-v2", "reversal-v1", "sale-v1", "sale-v2"]
    sold, mirror, again = shop.entry("sale-v1"), shop.entry("reversal-v1"), shop.entry("sale-v2")
    assert mirror.lines == tuple(line.mirrored() for line in sold.lines)
    assert (mirror.reverses, mirror.accounting_date) == ("sale-v1", date(2026, 9, 15))
    assert (sold.accounting_date, again.accounting_date) == (date(2026, 9, 11), date(2026, 9, 15))
    shop.sound()


def test_amended_and_amended_back_nets_to_zero(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    before = shop.balances()
    shop.sales(12, sale(1, price="9000.00"))
    shop.sync()
    assert shop.balances() != before
    shop.sales(13, sale(1), void(99))  # not the bytes of the first file, which would be no news
    shop.sync()
    assert shop.deals()["N-1"]["posted_version"] == 3
    assert shop.balances() == before


def test_money_that_came_by_another_method_after_all(shop: Dealership) -> None:
    """A file states sums by method: one that is left out did not come, and its receipt is booked back."""
    shop.sales(11, sale(1))
    shop.sync()
    before = shop.balances()
    shop.sales(12, sale(1, bank_transfer_paid="", card_paid="10000.00"))
    shop.sync()
    assert shop.entry_ids(1).count("receipt-P-CARD") == 1
    assert shop.balances() == before  # both methods wait for the bank in one account
    back = shop.entry("receipt-P-BANK-v2")
    assert {line.dimensions["method"] for line in back.lines if line.role.startswith("cash.")} == {"bank_transfer"}
    assert sum(line.credit - line.debit for line in back.lines if line.role.startswith("cash.")) == Decimal(10000)
    shop.sales(13, sale(1), void(99))
    shop.sync()
    assert shop.balances() == before
    shop.sound()


def test_a_deposit_that_was_never_taken_is_booked_back(shop: Dealership) -> None:
    shop.sales(11, sale(1, deposit="500.00", deposit_date="2026-09-10", bank_transfer_paid="9500.00"))
    shop.sync()
    shop.sales(12, sale(1))
    shop.sync()
    plain = Dealership(shop.folder / "plain", f"sqlite:///{shop.folder / 'plain.db'}")
    plain.sales(11, sale(1))
    plain.sync()
    assert shop.balances() == plain.balances()


def test_void_after_posting_unwinds_exactly(any_shop: Dealership) -> None:
    shop = any_shop
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(20, void(1))
    result = shop.sync()
    assert result.exit_code == 0
    assert shop.deals()["N-1"]["state"] == "unwound"
    assert shop.entry("unwind-v1").lines == tuple(line.mirrored() for line in shop.entry("sale-v1").lines)
    assert shop.entry("unwind-v1").accounting_date == date(2026, 9, 20)
    assert sorted(shop.balances().values()) == [Decimal(-10000), Decimal(10000)]  # the customer's money, to be refunded
    shop.sound()


def test_void_before_posting_posts_no_sale_and_no_mirror(shop: Dealership) -> None:
    shop.sales(11, sale(1, bank_transfer_paid="", balance_due="10000.00"), sale(2))
    shop.sync(post=False)
    shop.sales(20, void(1), void(2))
    result = shop.sync()
    assert result.exit_code == 0
    assert shop.entry_ids() == ["receipt-P-BANK"]  # money that came is money that came
    assert shop.deals()["N-1"]["state"] == "cancelled"
    assert shop.deals()["N-2"]["state"] == "unwound"
    assert {row["posted_version"] for row in shop.rows("deals") if row["deal_number"] == "N-1"} == {0}
    shop.sound()


def test_sold_again_after_a_void(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(20, void(1))
    shop.sync()
    shop.sales(25, sale(1), void(99))
    shop.sync()
    assert shop.deals()["N-1"]["state"] == "posted"
    assert shop.entry_ids(1) == ["receipt-P-BANK", "sale-v1", "sale-v3", "unwind-v1"]


def test_a_void_that_is_told_again_changes_nothing(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(20, void(1))
    shop.sync()
    books = shop.files()
    shop.sales(21, void(1, void_reason="misdescribed"))
    shop.sync()
    assert shop.files() == books
    assert shop.deals()["N-1"]["state"] == "unwound"


def test_void_of_an_unknown_deal_is_told_and_remembered(shop: Dealership) -> None:
    shop.sales(20, void(1))
    result = shop.sync()
    assert result.exit_code == 0
    assert any("never taken" in notice for notice in result.validated[0].notices)
    assert shop.rows("deals") == []
    shop.sales(11, sale(1))  # its sale comes late: it was taken back already
    shop.sync()
    assert (shop.rows("deals"), shop.files()) == ([], {})
    assert shop.inbox_states() == {"ignored": 1, "superseded": 1}
    shop.sound()


def test_a_void_closes_what_waits_in_quarantine(shop: Dealership) -> None:
    shop.sales(11, sale(1, vehicle_cost=""), sale(2))
    shop.sync()
    assert shop.reasons() == {"N-1": ["R007"]}
    shop.sales(20, void(1))
    shop.sync()
    assert shop.reasons() == {}
    assert {row["state"] for row in shop.rows("quarantine")} == {"superseded"}


def test_a_void_without_a_date_waits(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(20, void(1, void_date=""))
    assert shop.sync().exit_code == 3
    assert "S012" in shop.reasons()["N-1"]
    assert shop.deals()["N-1"]["state"] == "posted"


def test_more_amendments_than_allowed_wait_for_approval(any_shop: Dealership) -> None:
    shop = any_shop
    numbers = range(1, 9)
    shop.sales(11, *(sale(number) for number in numbers))
    shop.sync()
    books = shop.files()
    shop.sales(12, *(sale(number, price="9000.00") for number in (1, 2, 3, 4, 5, 6)), sale(9))
    result = shop.sync()
    assert result.exit_code == 3
    assert {deal for deal, _ in result.transformed[0].held} == {f"N-{number}" for number in (1, 2, 3, 4, 5, 6)}
    assert shop.entry_ids(9) == ["receipt-P-BANK", "sale-v1"]  # what amends nothing goes on
    assert set(books.items()) <= set(shop.files().items())
    assert shop.sync().transformed[0].amended == 0  # and they stay held

    ids = {number: shop.deals()[f"N-{number}"]["id"] for number in numbers}
    part = shop.sync(approve={ids[1], ids[2]})
    assert part.transformed[0].amended == 2  # the four others are within the limit, and were not approved
    assert {row["posted_version"] for name, row in shop.deals().items() if name in ("N-3", "N-4", "N-5", "N-6")} == {1}
    rest = shop.sync(approve=set(ids.values()))
    assert rest.transformed[0].amended == 4
    assert {shop.deals()[f"N-{number}"]["posted_version"] for number in (1, 2, 3, 4, 5, 6)} == {2}
    shop.sound()


def test_as_many_amendments_as_allowed_are_posted(shop: Dealership) -> None:
    shop.sales(11, *(sale(number) for number in range(1, 6)))
    shop.sync()
    shop.sales(12, *(sale(number, price="9000.00") for number in range(1, 6)))
    result = shop.sync()
    assert (result.exit_code, result.transformed[0].amended) == (0, 5)


def test_before_go_live_is_listed_and_never_posted(shop: Dealership) -> None:
    shop.book["post_from"] = date(2026, 9, 12)
    shop.write_config()
    shop.sales(13, sale(1), sale(2, delivery_date="2026-09-12"))
    result = shop.sync()
    assert result.transformed[0].before_go_live == 1
    assert {name: row["state"] for name, row in shop.deals().items()} == {"N-1": "before_go_live", "N-2": "posted"}
    shop.sales(25, sale(1, price="9000.00"))  # corrected after go-live: still a sale from before
    shop.sync()
    assert shop.deals()["N-1"]["state"] == "before_go_live"
    assert shop.entry_ids(1) == []
    shop.sound()


def test_a_shop_that_is_not_mapped_quarantines(shop: Dealership) -> None:
    shop.sales(11, sale(1, store_code="HULL"), sale(2))
    assert shop.sync().exit_code == 3
    assert shop.reasons() == {"N-1": ["S017"]}
    assert list(shop.deals()) == ["N-2"]


def test_a_late_deal_goes_to_the_next_open_day_with_a_note(shop: Dealership) -> None:
    with shop.open() as house:
        for state in (PeriodState.CLOSING, PeriodState.LOCKED):
            with house.store.transaction("test", "close") as tx:
                move(tx, "northgate", Period.parse("2026-09"), state, who="Ann Lee")
    shop.sales(11, sale(1))
    assert shop.sync().exit_code == 0
    sold = shop.entry("sale-v1")
    assert (sold.accounting_date, sold.original_date) == (date(2026, 10, 1), date(2026, 9, 11))
    assert "closed through 2026-09-30" in sold.note
    shop.sound()


def test_a_version_that_the_ledger_refused_is_never_mirrored(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    from blocks.ledgers.beancount import BeancountLedger
    from dealbooks.ledger import Outcome, Verdict

    shop.sales(11, sale(1))
    with monkeypatch.context() as patch:
        refuse = [Outcome(Verdict.REFUSED, reason="no")]
        patch.setattr(BeancountLedger, "send", lambda _self, requests: refuse * len(requests))
        assert shop.sync().exit_code == 3
    assert shop.deals()["N-1"]["state"] == "refused"
    shop.sales(12, sale(1, price="9000.00"))
    shop.sync()
    assert "reversal-v1" not in shop.entry_ids()
    assert "sale-v2" in shop.entry_ids()


def test_two_sources_that_tell_of_one_deal_make_one(shop: Dealership) -> None:
    shop.settings["sources"]["second"] = shop.settings["sources"]["drop"] | {"path": "second"}
    shop.write_config()
    (shop.folder / "second").mkdir()
    shop.sales(11, sale(1))
    shop.sync(sources=["drop"])
    (shop.folder / "second" / "CompletedSale_20260912.csv").write_bytes(
        shop.sales(12, sale(1, price="9000.00")).read_bytes()
    )
    (shop.inbox / "CompletedSale_20260912.csv").unlink()
    result = shop.sync()
    assert result.failures == []
    assert {name: row["version"] for name, row in shop.deals().items()} == {"N-1": 1}
    assert shop.inbox_states() == {"accepted": 1, "ignored": 1}
    shop.sound()
