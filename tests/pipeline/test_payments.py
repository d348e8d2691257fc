"""Payments that webhooks tell about become receipts, once each, by what their provider says; never by the event."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from payments_support import PaidShop, by_card, providers, unpaid
from pipeline_support import Dealership, LightValidator, sale

from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.ledger import Record, RecordLine
from dealbooks.pipeline.events import take_events
from dealbooks.pipeline.extract import extract
from dealbooks.pipeline.facts_decided import settle
from dealbooks.pipeline.payments import take_payments
from dealbooks.pipeline.plan import plan
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.pipeline.sync import SyncResult, take_batches
from sandbox.kit import Fault


@pytest.fixture
def paid_shop(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> PaidShop:
    shop.book["post_when"] = {"all": ["completed", "paid_in_full"]}
    return PaidShop(shop, monkeypatch, providers())


def _facts(shop: Dealership) -> list[tuple[str, str, str]]:
    return [(row["kind"], row["subject"], row["state"]) for row in shop.rows("facts")]


def _settle(shop: Dealership, payment: str, same_as: str = "") -> None:
    with shop.open() as house:
        settle(house, "N-1", payment, same_as=same_as, who="Ann Lee", why="I looked at the card slip")


def test_a_payment_in_full_releases_its_deal_and_is_one_receipt_however_often_it_is_told(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    assert shop.sync().transformed[0].waiting
    assert shop.files() == {}
    intent = paid_shop.paid(1_000_000)
    for _ in range(3):
        paid_shop.tell("stripe", paid_shop.at.stripe.hand.event("payment_intent.succeeded", intent))
    result = shop.sync()
    assert (result.exit_code, result.payments.facts, result.payments.known) == (0, 1, 3)
    assert shop.entry_ids(1) == [f"receipt-{intent}", "sale-v1"]
    assert shop.entry(f"receipt-{intent}").accounting_date.isoformat() == "2026-09-11"
    books = shop.files()
    assert shop.sync().exit_code == 0
    assert shop.files() == books
    assert not [name for name in shop.balances() if "Receivable" in name and "Customer" in name]
    shop.sound()


def test_a_payment_that_comes_before_its_deal_waits_for_it(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    intent = paid_shop.paid(1_000_000)
    shop.sync()
    assert [state for state, _ in paid_shop.events()] == ["waiting"]
    shop.sales(12, unpaid())
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == [f"receipt-{intent}", "sale-v1"]
    shop.sound()


def test_parts_of_a_payment_release_the_deal_when_they_make_the_whole(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    first = paid_shop.paid(400_000)
    shop.sync()
    assert shop.files() == {}
    number = paid_shop.at.gocardless.hand.collect(600_000, deal_ref="N-1", day="2026-09-14")
    paid_shop.tell("gocardless", paid_shop.at.gocardless.hand.event("confirmed", number))
    assert shop.sync().exit_code == 0  # the event of GoCardless names no deal: the payment does
    assert shop.entry_ids(1) == [f"receipt-{number}", f"receipt-{first}", "sale-v1"]
    paid_shop.tell("gocardless", paid_shop.at.gocardless.hand.event("paid_out", number))
    assert shop.sync().exit_code == 0
    assert len(shop.entry_ids(1)) == 3
    shop.sound()


def test_the_record_states_it_under_the_same_reference_first(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    intent = paid_shop.at.stripe.hand.pay(1_000_000, deal_ref="N-1")
    shop.sales(11, by_card(payment_ref=intent))
    shop.sync()
    books = shop.files()
    paid_shop.tell("stripe", paid_shop.at.stripe.hand.event("payment_intent.succeeded", intent))
    assert shop.sync().exit_code == 0
    assert shop.files() == books
    assert _facts(shop) == [("payment", intent, "applied")]
    assert "states it as receipt" in shop.rows("facts")[0]["note"]


def test_the_event_comes_first_and_the_record_states_it_under_the_same_reference(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    intent = paid_shop.paid(1_000_000)
    shop.sync()
    shop.sales(13, by_card(payment_ref=intent, payment_date="2026-09-13"))  # the record names another day of it
    assert shop.sync().exit_code == 0
    assert [name for name in shop.entry_ids(1) if name.startswith("receipt")] == [f"receipt-{intent}"]
    assert shop.deals()["N-1"]["version"] == 2
    shop.sound()


@pytest.mark.parametrize("answer", ["P-CARD", ""])
def test_the_record_states_as_much_first_and_a_person_says_what_the_payment_is(
    paid_shop: PaidShop, answer: str
) -> None:
    shop = paid_shop.shop
    shop.sales(11, by_card())
    shop.sync()
    books = shop.files()
    intent = paid_shop.paid(1_000_000)
    result = shop.sync()
    assert (result.exit_code, shop.files()) == (3, books)
    (_, reason), *_ = result.transformed[0].held
    assert "receipt P-CARD" in reason
    assert f"dealbooks event settle N-1 {intent}" in reason
    _settle(shop, intent, answer)
    assert shop.sync().exit_code == 0
    receipts = [name for name in shop.entry_ids(1) if name.startswith("receipt")]
    assert receipts == (["receipt-P-CARD"] if answer else ["receipt-P-CARD", f"receipt-{intent}"])
    shop.sound()


@pytest.mark.parametrize("answer", ["P-CARD", ""])
def test_the_event_comes_first_and_the_record_states_as_much_under_another_name(
    paid_shop: PaidShop, answer: str
) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    intent = paid_shop.paid(1_000_000)
    shop.sync()
    books = shop.files()
    shop.sales(13, by_card())
    result = shop.sync()
    assert (result.exit_code, shop.files()) == (3, books)
    assert "receipt P-CARD" in result.transformed[0].held[0][1]
    _settle(shop, intent, answer)
    assert shop.sync().exit_code == 0
    receipts = [name for name in shop.entry_ids(1) if name.startswith("receipt")]
    assert receipts == ([f"receipt-{intent}"] if answer else ["receipt-P-CARD", f"receipt-{intent}"])
    shop.sync()
    assert [name for name in shop.entry_ids(1) if name.startswith("receipt")] == receipts
    shop.sound()


def test_both_come_at_once_and_parts_of_a_sum_are_never_booked_beside_it(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, by_card())  # paid by card, 10,000.00 in all
    paid_shop.paid(600_000)
    paid_shop.paid(400_000)
    result = shop.sync()
    assert result.exit_code == 3
    assert [state for _, _, state in _facts(shop)] == ["conflict", "conflict"]
    assert all("only 0" in row["note"] for row in shop.rows("facts"))
    assert [name for name in shop.entry_ids(1) if name.startswith("receipt")] == ["receipt-P-CARD"]


def test_a_sum_of_the_record_that_grows_by_a_payment_that_is_booked_is_held(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid(card_paid="6000.00", payment_date="2026-09-10", balance_due="4000.00"))
    intent = paid_shop.paid(400_000)
    assert shop.sync().exit_code == 0
    shop.sales(13, by_card())
    result = shop.sync()
    assert result.exit_code == 3
    assert "receipt P-CARD" in result.transformed[0].held[0][1]
    assert [name for name in shop.entry_ids(1) if name.startswith("receipt")] == ["receipt-P-CARD", f"receipt-{intent}"]
    assert shop.deals()["N-1"]["posted_version"] == 1


def test_more_than_is_due_is_for_a_person_and_shown_while_the_deal_waits(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    intent = paid_shop.paid(1_000_100)
    result = shop.sync()
    assert result.exit_code == 3
    assert shop.files() == {}
    assert "only 10000.00 are due" in result.transformed[0].held[0][1]
    with pytest.raises(UsageError, match="no receipt"):
        _settle(shop, intent, "P-CARD")


def test_a_provider_that_is_down_is_asked_again_and_nothing_is_lost(paid_shop: PaidShop) -> None:
    shop, at = paid_shop.shop, paid_shop.at
    shop.sales(11, unpaid())
    intent = paid_shop.paid(1_000_000)
    at.faults.order([Fault.SERVER_ERROR] * 20, "read")
    result = shop.sync()
    assert result.exit_code == 3
    assert "payments cards" in result.failures[0]
    assert _facts(shop) == []
    at.faults.calm()
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == [f"receipt-{intent}", "sale-v1"]
    shop.sound()


def test_an_event_of_a_payment_that_there_is_not_is_for_a_person(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    intent = paid_shop.at.stripe.hand.pay(1_000_000, deal_ref="N-1")
    forged = paid_shop.at.stripe.hand.event("payment_intent.succeeded", intent)
    forged["data"]["object"]["id"] = "pi_forged0000000000000000"
    forged["data"]["object"].pop("latest_charge")
    paid_shop.tell("stripe", forged)
    assert shop.sync().exit_code == 3
    ((state, note),) = paid_shop.events()
    assert state == "review"
    assert "no such payment" in note
    assert (_facts(shop), shop.files()) == ([], {})


def test_what_an_event_says_of_the_amount_is_not_believed(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    intent = paid_shop.at.stripe.hand.pay(100, deal_ref="N-1")
    told = paid_shop.at.stripe.hand.event("payment_intent.succeeded", intent)
    told["data"]["object"]["amount_received"] = 1_000_000
    paid_shop.tell("stripe", told)
    shop.sync()
    assert shop.files() == {}
    assert '"amount":"1.00"' in shop.rows("facts")[0]["body"]


def test_a_payment_of_the_test_mode_is_never_booked(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    test = PaidShop(shop, monkeypatch, providers(livemode=False))
    shop.settings["hooks"]["stripe"]["live"] = False
    shop.write_config()
    shop.sales(11, unpaid())
    test.paid(1_000_000)
    shop.sync()
    assert [state for state, _ in test.events()] == ["ignored"]
    assert _facts(shop) == []
    assert shop.entry_ids(1) == ["sale-v1"]


def test_a_test_payment_told_as_a_live_one_is_never_booked(paid_shop: PaidShop) -> None:
    shop, hand = paid_shop.shop, paid_shop.at.stripe.hand
    shop.sales(11, unpaid())
    intent = hand.pay(1_000_000, deal_ref="N-1")
    told = hand.event("payment_intent.succeeded", intent)
    paid_shop.at.stripe.objects[intent]["livemode"] = False
    paid_shop.tell("stripe", told)
    shop.sync()
    ((state, note),) = paid_shop.events()
    assert (state, "never booked" in note) == ("ignored", True)
    assert (_facts(shop), shop.files()) == ([], {})


def test_a_pending_payment_is_booked_when_it_is_confirmed(paid_shop: PaidShop) -> None:
    shop, hand = paid_shop.shop, paid_shop.at.gocardless.hand
    shop.sales(11, unpaid())
    number = hand.collect(1_000_000, deal_ref="N-1", status="submitted")
    paid_shop.tell("gocardless", hand.event("confirmed", number))  # it came early
    result = shop.sync()
    assert (result.payments.pending, shop.files()) == (1, {})
    hand.become(number, "confirmed")
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == [f"receipt-{number}", "sale-v1"]


def test_a_payment_that_is_lost_opens_a_review_and_reverses_nothing(paid_shop: PaidShop) -> None:
    shop, hand = paid_shop.shop, paid_shop.at.stripe.hand
    shop.sales(11, unpaid())
    intent = paid_shop.paid(1_000_000)
    shop.sync()
    books = shop.files()
    hand.dispute(intent)
    paid_shop.tell("stripe", hand.event("charge.dispute.created", paid_shop.at.stripe.objects[intent]["latest_charge"]))
    shop.sync()
    assert [state for state, _ in paid_shop.events()] == ["matched", "review"]
    assert shop.files() == books


def test_a_payment_that_was_given_back_before_it_was_read_is_for_a_person(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    intent = paid_shop.paid(1_000_000)
    paid_shop.at.stripe.hand.refund(intent)
    shop.sync()
    ((state, note),) = paid_shop.events()
    assert (state, "refunded in full" in note) == ("review", True)
    assert shop.files() == {}


@pytest.mark.parametrize("where", ["entry", "book"])
def test_where_the_bank_feed_books_payments_they_only_count(paid_shop: PaidShop, where: str) -> None:
    shop = paid_shop.shop
    if where == "book":
        shop.book["receipts"] = "match"
    else:
        shop.settings["payments"]["cards"]["receipts"] = "match"
    shop.write_config()
    shop.sales(11, unpaid())
    intent = paid_shop.paid(1_000_000)
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == ["sale-v1"]
    assert _facts(shop) == [("payment", intent, "applied")]
    shop.sales(13, by_card(payment_ref=intent))  # the record states it too: it is still booked by others
    assert shop.sync().exit_code == 0
    assert not [name for name in shop.entry_ids(1) if name.startswith("receipt")]
    assert Decimal("10000.00") in {abs(amount) for amount in shop.balances().values()}
    shop.sound()


def _reconciled(shop: Dealership, *typed: Record) -> Reconciliation:
    with shop.open() as house:
        ledger = house.ledger("northgate")
        listed = type(ledger).records
        ledger.records = lambda first, last: [*listed(ledger, first, last), *typed]  # type: ignore[method-assign]
        found = reconcile(house, "northgate", "2026-09")
    shop.close()
    return found


def test_a_receipt_that_the_bank_feed_books_is_matched_with_what_is_there(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.settings["payments"]["cards"]["receipts"] = "match"
    shop.write_config()
    shop.sales(11, unpaid())
    intent = paid_shop.paid(1_000_000)
    shop.sync()
    with shop.open() as house:
        chart = house.chart("northgate").roles
        bank, customers = chart["cash.bank"].number, chart["receivable.customer"].number
    before = _reconciled(shop)
    assert [(one.reference, one.ref) for one in before.receipts] == [(intent, "")]
    assert [one.code for one in before.open_items] == ["customer_balance"]  # the ledger does not have it yet
    amount = Decimal("10000.00")
    lines = (RecordLine(bank, amount, "GBP"), RecordLine(customers, -amount, "GBP"))
    booked = Record("FEED-7", "", date(2026, 9, 12), f"STRIPE {intent}", lines)
    after = _reconciled(shop, booked)
    assert [(one.deal, one.reference, one.ref) for one in after.receipts] == [("N-1", intent, "FEED-7")]
    assert not [one for one in after.exceptions if one.subject == "FEED-7"]
    other = Record("FEED-8", "", date(2026, 9, 12), "STRIPE payout", lines)
    assert [one.subject for one in _reconciled(shop, other).differences] == ["FEED-8"]


def test_what_others_booked_is_listed_still_when_the_book_posts_its_receipts_itself(shop: Dealership) -> None:
    shop.book["receipts"] = "match"
    shop.write_config()
    shop.sales(11, sale(1))
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == ["sale-v1"]
    before = [(one.deal, one.amount) for one in _reconciled(shop).receipts]
    assert before == [("N-1", Decimal("10000.00"))]
    shop.book["receipts"] = "post"
    shop.write_config()
    shop.sales(12, sale(2))
    assert shop.sync().exit_code == 0
    assert "sale-v1" in shop.entry_ids(2) and len(shop.entry_ids(2)) == 2  # of this one the receipt is ours
    assert [(one.deal, one.amount) for one in _reconciled(shop).receipts] == before


@pytest.mark.parametrize("receipts", ["match", "post"])
def test_a_receipt_that_a_payment_is_said_to_be_is_listed_once(paid_shop: PaidShop, receipts: str) -> None:
    shop = paid_shop.shop
    shop.book["receipts"] = receipts
    shop.write_config()
    shop.sales(11, unpaid())
    intent = paid_shop.paid(1_000_000)
    shop.sync()
    shop.sales(13, by_card())  # the record states it too, by a name of its own
    shop.sync()
    stated = json.loads(shop.rows("deal_versions")[-1]["deal"])["payments"][0]["receipt_id"]
    with shop.open() as house:
        settle(house, "N-1", intent, same_as=stated, who="Ann", why="the card slip")
    assert shop.sync().exit_code == 0
    listed = [one.reference for one in _reconciled(shop).receipts]
    assert listed == ([intent] if receipts == "match" else [])


def test_a_receipt_that_we_post_leaves_the_customers_account_as_it_should_be(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.book["post_when"] = {"all": ["completed"]}
    shop.write_config()
    shop.sales(11, unpaid())
    paid_shop.paid(400_000)
    assert shop.sync().exit_code == 0
    found = _reconciled(shop)
    assert found.agreed
    assert (found.open_items, found.receipts) == ((), ())  # 6,000.00 are due still, and are in the ledger


def test_a_payment_in_another_currency_waits_in_quarantine(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    paid_shop.paid(1_000_000, currency="eur")
    assert shop.sync().exit_code == 3
    assert (_facts(shop), shop.files()) == ([], {})
    assert shop.reasons() == {"N-1": ["S018"]}


def test_a_plan_reads_payments_and_keeps_nothing(paid_shop: PaidShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(House, "validator", LightValidator())  # of the house that a plan opens
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    shop.sync()
    intent = paid_shop.paid(1_000_000)
    with shop.open() as house:
        found = plan(house)
    assert sorted(one.entry for one in found.postings) == [f"receipt-{intent}", "sale-v1"]
    assert (_facts(shop), shop.files()) == ([], {})
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == [f"receipt-{intent}", "sale-v1"]


def test_a_run_that_ends_after_the_payment_was_stored_loses_and_doubles_nothing(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    intent = paid_shop.paid(1_000_000)
    with shop.open() as house:
        extract(house, "drop")
        take_batches(house, "drop", SyncResult())
        take_events(house)
        assert take_payments(house).facts == 1  # and the process ends here
    shop.close()
    assert shop.rows("events")[0]["read_at"]
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == [f"receipt-{intent}", "sale-v1"]
    shop.sound()


def test_a_payment_of_a_deal_that_is_posted_already_is_booked_beside_it(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.book["post_when"] = {"all": ["completed"]}
    shop.write_config()
    shop.sales(11, unpaid())
    shop.sync()
    first, second = paid_shop.paid(300_000), paid_shop.paid(700_000)
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == sorted(["sale-v1", f"receipt-{first}", f"receipt-{second}"])
    shop.sales(13, unpaid(vehicle_price="9500.00", total="9500.00", balance_due="9500.00"))
    assert shop.sync().exit_code == 0  # a new price: what was paid stays as it is
    assert [name for name in shop.entry_ids(1) if name.startswith("receipt")] == sorted(
        [f"receipt-{first}", f"receipt-{second}"]
    )
    shop.sound()


def test_an_event_that_gives_a_payment_to_another_deal_is_for_a_person(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid(1), unpaid(2))
    intent = paid_shop.at.stripe.hand.pay(1_000_000, deal_ref="N-2")
    told = paid_shop.at.stripe.hand.event("payment_intent.succeeded", intent)
    told["data"]["object"]["metadata"] = {"deal_ref": "N-1"}
    paid_shop.tell("stripe", told)
    assert shop.sync().exit_code == 3
    ((state, note),) = paid_shop.events()
    assert (state, "names deal N-1, the payment N-2" in note) == ("review", True)
    assert (_facts(shop), shop.files()) == ([], {})


def test_a_checkout_names_the_deal_that_its_payment_does_not(paid_shop: PaidShop) -> None:
    shop, hand = paid_shop.shop, paid_shop.at.stripe.hand
    shop.sales(11, unpaid())
    session = hand.check_out(1_000_000, client_reference_id="N-1")
    paid_shop.tell("stripe", hand.event("checkout.session.completed", session))
    intent = paid_shop.at.stripe.objects[session]["payment_intent"]
    paid_shop.tell("stripe", hand.event("payment_intent.succeeded", intent))  # it names no deal
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == [f"receipt-{intent}", "sale-v1"]
    assert [state for state, _ in paid_shop.events()] == ["matched", "matched"]
