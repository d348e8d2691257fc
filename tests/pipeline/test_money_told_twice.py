"""The same money, told in other ways, by other names, for other deals: it is booked once, or a person is asked; and
what a person says can be said otherwise afterwards."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from payments_support import PaidShop, by_card, providers, unpaid
from pipeline_support import Dealership, financed, sale, vin_of, void

from blocks.payments.stripe.reader import StripePayments
from dealbooks.errors import UsageError
from dealbooks.payments import Payment
from dealbooks.pipeline import dropped
from dealbooks.pipeline.events_shown import attach, ignore
from dealbooks.pipeline.facts_decided import settle, withdraw
from dealbooks.pipeline.facts_entered import Entered, enter
from dealbooks.pipeline.quarantine import fix, release
from dealbooks.pipeline.status import status

ANN = {"who": "Ann Lee", "why": "I looked at the card slip"}
TWO_PARTS = {"vehicle_price": "20000.00", "total": "20000.00", "balance_due": "10000.00"}


@pytest.fixture
def paid_shop(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> PaidShop:
    return PaidShop(shop, monkeypatch, providers())


def _enter(shop: Dealership, amount: str, reference: str, **more: Any) -> str:
    given: dict[str, Any] = {"deal": "N-1", "kind": "payment", "day": date(2026, 9, 12), "method": "card"} | more
    with shop.open() as house:
        return enter(house, Entered(amount=Decimal(amount), reference=reference, **given), **ANN).state


def _receipts(shop: Dealership, number: int = 1) -> list[str]:
    return [name for name in shop.entry_ids(number) if name.startswith("receipt")]


def _owed(shop: Dealership) -> Decimal:
    return sum((amount for name, amount in shop.balances().items() if "Customer-accounts" in name), Decimal(0))


def _states(shop: Dealership) -> dict[str, str]:
    return {row["subject"]: row["state"] for row in shop.rows("facts")}


def test_a_payment_that_events_give_to_two_deals_is_booked_on_one(paid_shop: PaidShop) -> None:
    shop, hand = paid_shop.shop, paid_shop.at.stripe.hand
    shop.sales(11, unpaid(1), unpaid(2))
    shop.sync()
    session = hand.check_out(1_000_000, client_reference_id="N-2")
    intent = paid_shop.at.stripe.objects[session]["payment_intent"]
    told = hand.event("payment_intent.succeeded", intent)
    told["data"]["object"]["description"] = f"Balance for {vin_of(1)}"
    paid_shop.tell("stripe", told)
    paid_shop.tell("stripe", hand.event("checkout.session.completed", session))
    assert shop.sync().exit_code == 3
    assert (_receipts(shop, 1), _receipts(shop, 2)) == ([f"receipt-{intent}"], [])
    state, note = paid_shop.events()[1]
    assert state == "review"
    assert "taken for deal N-1 already" in note
    # It was the other deal's: as the note says.
    with shop.open() as house:
        withdraw(house, "N-1", intent, **ANN)
    assert _enter(shop, "10000.00", intent, deal="N-2", day=date(2026, 9, 11)) == "waiting"
    with shop.open() as house:
        ignore(house, 2, **ANN)
    assert shop.sync().exit_code == 0
    assert _receipts(shop, 1) == [f"receipt-{intent}", f"receipt-{intent}-r1"]
    assert _receipts(shop, 2) == [f"receipt-{intent}"]
    shop.sound()


def test_a_file_cannot_give_a_provider_s_payment_to_another_deal(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid(1), unpaid(2))
    intent = paid_shop.paid(400_000)
    shop.sync()
    shop.events(12, ("N-2", "paid", "4000.00", intent, ""))
    assert shop.sync().exit_code == 3
    assert shop.reasons() == {"N-2": ["S024"]}
    assert _receipts(shop, 2) == []


def test_capitals_of_a_reference_make_no_second_receipt_or_refund(shop: Dealership) -> None:
    shop.sales(11, unpaid())
    shop.sync()
    _enter(shop, "4000.00", "rcpt-77")
    shop.sync()
    shop.sales(
        13, unpaid(card_paid="4000.00", payment_date="2026-09-12", payment_ref="RCPT-77", balance_due="6000.00")
    )  # fmt: skip
    assert shop.sync().exit_code == 0
    assert (_receipts(shop), _owed(shop)) == (["receipt-rcpt-77"], Decimal("6000.00"))
    shop.sound()


def test_a_reference_like_a_correction_of_another_is_money_of_its_own(shop: Dealership) -> None:
    shop.sales(11, unpaid())
    shop.sync()
    _enter(shop, "4000.00", "R1")
    _enter(shop, "3000.00", "R1-v2", day=date(2026, 9, 14))
    shop.sync()
    for day, name in ((13, "Harriet Smith"), (14, "Harriet S. Smith")):
        shop.sales(day, unpaid(customer_name=name))
        assert shop.sync().exit_code == 0
    assert (_receipts(shop), _owed(shop)) == (["receipt-R1", "receipt-R1-v2"], Decimal("3000.00"))
    shop.sound()


def test_a_lender_does_not_pay_more_than_it_finances(shop: Dealership) -> None:
    shop.sales(11, financed(finance_commission="300.00"))
    shop.sync()
    lent: dict[str, Any] = {"kind": "funding", "method": ""}
    with pytest.raises(UsageError, match=r"finances 9000\.00"):
        _enter(shop, "90000.00", "F9", **lent)
    _enter(shop, "8950.00", "F1", **lent)  # it keeps a fee
    assert shop.sync().exit_code == 0
    shop.events(12, ("N-1", "funded", "9000.00", "BACS 77", ""))
    assert shop.sync().exit_code == 3
    assert _states(shop) == {"F1": "applied", "BACS 77": "conflict"}
    with shop.open() as house:
        assert withdraw(house, "N-1", "BACS 77", **ANN).state == "withdrawn"
    assert shop.sync().exit_code == 0
    with pytest.raises(UsageError, match="only payments are booked back") as caught, shop.open() as house:
        withdraw(house, "N-1", "F1", **ANN)
    assert "funding-F1" in caught.value.message
    fix = caught.value.fix
    assert "turns it round: credit 1200 Bank account 8950.00; debit " in fix and "N-1 and funding-F1" in fix


@pytest.mark.parametrize("stock_no", ["", "u1p"])
def test_a_settlement_that_is_booked_is_not_withdrawn_by_itself(shop: Dealership, stock_no: str) -> None:
    shop.sales(11, financed(1))
    shop.sync()
    _enter(shop, "3000.00", "", kind="payoff", method="bank_transfer", stock_no=stock_no)
    assert shop.sync().exit_code == 0
    assert "payoff-U1P" in shop.entry_ids(1)
    with pytest.raises(UsageError, match=r"is booked \(payoff-U1P\)"), shop.open() as house:
        withdraw(house, "N-1", stock_no, **ANN)


def test_a_refund_that_is_booked_is_taken_back_as_a_payment(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    _enter(shop, "250.00", "RF1", kind="refund")
    assert shop.sync().exit_code == 0
    with pytest.raises(UsageError, match="only payments") as caught, shop.open() as house:
        withdraw(house, "N-1", "RF1", **ANN)
    assert "dealbooks event add N-1 --kind payment --amount 250.00" in caught.value.fix


def test_a_number_of_a_funding_is_never_that_of_a_reserve(shop: Dealership) -> None:
    shop.sales(11, financed())
    shop.sync()
    _enter(shop, "100.00", "reserve-R3", kind="funding", method="")
    shop.events(12, ("N-1", "reserve_received", "40.00", "R3", ""))
    result = shop.sync()
    assert result.exit_code == 3
    assert "under the number reserve-R3" in result.transformed[0].held[0][1]


def test_payments_that_a_bank_feed_booked_stay_so_when_the_setting_changes(shop: Dealership) -> None:
    shop.book["receipts"] = "match"
    shop.write_config()
    shop.sales(11, sale())
    shop.sync()
    shop.book["receipts"] = "post"
    shop.write_config()
    shop.sales(12, sale(customer_name="Harriet Smith"))
    assert shop.sync().exit_code == 0
    _enter(shop, "20.00", "R2")
    shop.sync()
    assert _receipts(shop) == []
    shop.sales(13, sale(customer_name="Harriet Smith", bank_transfer_paid="9000.00", balance_due="1000.00"))
    result = shop.sync()
    assert (result.exit_code, _receipts(shop)) == (3, [])
    assert "nobody can know who books the difference" in result.transformed[0].held[-1][1]


@pytest.mark.parametrize("before", [False, True])
def test_a_deposit_that_others_book_under_its_reference(paid_shop: PaidShop, before: bool) -> None:
    shop, hand = paid_shop.shop, paid_shop.at.stripe.hand
    shop.settings["payments"]["cards"]["receipts"] = "match"
    shop.write_config()
    intent = hand.pay(100_000, deal_ref="N-1")
    shop.sales(11, unpaid(deposit="1000.00", deposit_date="2026-09-11", deposit_ref=intent, balance_due="9000.00"))
    if before:
        shop.sync()
    paid_shop.tell("stripe", hand.event("payment_intent.succeeded", intent))
    if not before:
        assert shop.sync().exit_code == 0
        assert (_receipts(shop), _owed(shop)) == ([], Decimal("10000.00"))
    else:
        assert shop.sync().exit_code == 3  # booked by us and, as it says, by others: a person takes one out
        with shop.open() as house:
            withdraw(house, "N-1", intent, **ANN)
        assert shop.sync().exit_code == 0
        assert (_receipts(shop), _owed(shop)) == ([f"receipt-{intent}"], Decimal("9000.00"))
    shop.sound()


@pytest.mark.parametrize("first", ["event", "record"])
def test_as_much_within_some_days_is_asked_about_by_whatever_method(paid_shop: PaidShop, first: str) -> None:
    shop = paid_shop.shop
    stated = unpaid(cash_paid="4000.00", payment_date="2026-09-15", balance_due="6000.00")
    shop.sales(11, stated if first == "record" else unpaid())
    shop.sync()
    intent = paid_shop.paid(400_000)
    held = shop.sync()
    if first == "event":
        shop.sales(13, stated)
        held = shop.sync()
    assert held.exit_code == 3
    assert f"dealbooks event settle N-1 {intent} --same-as" in held.transformed[0].held[0][1]
    assert len(_receipts(shop)) == 1
    with shop.open() as house:
        settle(house, "N-1", intent, same_as="P-CASH", **ANN)
    assert shop.sync().exit_code == 0
    assert (len(_receipts(shop)), _owed(shop)) == (1, Decimal("6000.00"))


def test_as_much_told_by_a_person_and_by_a_provider_is_asked_about(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, unpaid())
    intent = paid_shop.paid(400_000)
    shop.sync()
    _enter(shop, "4000.00", "SLIP-7")
    assert shop.sync().exit_code == 3
    assert _receipts(shop) == [f"receipt-{intent}"]
    with shop.open() as house:
        withdraw(house, "N-1", "SLIP-7", **ANN)
    assert shop.sync().exit_code == 0
    with pytest.raises(UsageError, match="was withdrawn"):
        _enter(shop, "4000.00", "SLIP-7")


def test_the_last_word_of_a_person_counts_and_what_was_booked_is_booked_back(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, by_card(**TWO_PARTS, card_paid="10000.00"))
    shop.sync()
    intent = paid_shop.paid(1_000_000)
    shop.sync()
    for same_as, owed in (("P-CARD", "10000.00"), ("", "0.00"), ("P-CARD", "10000.00"), ("", "0.00")):
        with shop.open() as house:
            settle(house, "N-1", intent, same_as=same_as, **ANN)
        assert shop.sync().exit_code == 0
        assert _owed(shop) == Decimal(owed)
        assert _states(shop) == {intent: "applied"}
    own = f"receipt-{intent}"
    assert _receipts(shop) == ["receipt-P-CARD", own, f"{own}-r1", f"{own}-r2"]
    with shop.open() as house:
        withdraw(house, "N-1", intent, **ANN)
    assert shop.sync().exit_code == 0
    assert (_owed(shop), _states(shop)) == (Decimal("10000.00"), {intent: "withdrawn"})
    shop.sales(13, by_card(**TWO_PARTS, card_paid="10000.00", customer_name="Harriet Smith"))
    assert shop.sync().exit_code == 0
    assert _owed(shop) == Decimal("10000.00")
    shop.sound()


def test_a_receipt_is_one_payment_of_its_own_amount(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.sales(11, by_card(**TWO_PARTS, card_paid="10000.00"))
    first, second, less = paid_shop.paid(1_000_000), paid_shop.paid(1_000_000), paid_shop.paid(40_000)
    result = shop.sync()
    assert {deal for deal, _ in result.transformed[0].held} == {"N-1"}
    assert _states(shop) == {first: "conflict", second: "conflict", less: "applied"}  # none is called applied unposted
    with shop.open() as house:
        settle(house, "N-1", first, same_as="P-CARD", **ANN)
        with pytest.raises(UsageError, match=f"is payment {first} already"):
            settle(house, "N-1", second, same_as="P-CARD", **ANN)
        with pytest.raises(UsageError, match="not the same money"):
            settle(house, "N-1", less, same_as="P-CARD", **ANN)


def test_money_of_a_sale_that_was_taken_back_is_booked_and_can_be_given_back(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.book["post_when"] = {"all": ["completed", "paid_in_full"]}
    shop.write_config()
    shop.sales(11, unpaid())
    intent = paid_shop.paid(500_000)
    shop.sync()
    shop.sales(20, void())
    assert shop.sync().exit_code == 0
    assert (_receipts(shop), _owed(shop)) == ([f"receipt-{intent}"], Decimal("-5000.00"))
    _enter(shop, "5000.00", "RF1", kind="refund", day=date(2026, 9, 22))
    assert shop.sync().exit_code == 0
    assert _owed(shop) == 0


def test_a_refund_of_money_that_others_book_is_posted_after_the_sale_was_taken_back(paid_shop: PaidShop) -> None:
    shop = paid_shop.shop
    shop.settings["payments"]["cards"]["receipts"] = "match"
    shop.write_config()
    shop.sales(11, unpaid())
    paid_shop.paid(1_000_000)
    shop.sync()
    shop.sales(20, void())
    shop.sync()
    _enter(shop, "10000.00", "RF1", kind="refund", day=date(2026, 9, 22))
    assert shop.sync().exit_code == 0
    assert "refund-RF1" in shop.entry_ids(1)


def test_money_that_no_deal_takes_is_shown_with_what_to_do(shop: Dealership) -> None:
    shop.book["post_from"] = "2026-09-15"
    shop.write_config()
    shop.events(10, ("N-1", "paid", "500.00", "X1", ""), ("N-999", "paid", "700.00", "Q1", ""))
    shop.sales(11, unpaid())
    result = shop.sync()
    assert result.exit_code == 3
    assert [deal for deal, _ in result.transformed[0].held] == ["N-1"]
    assert "dealbooks event withdraw N-1" in result.transformed[0].held[0][1]
    with shop.open() as house:
        book = status(house).books[0]
    assert book.needs_person == 1
    assert {(one.deal, one.state) for one in book.attention} == {("N-1", "held"), ("N-999", "waiting")}
    shop.clock.forward(15 * 86_400)
    held = shop.sync().transformed[0].held
    assert "has waited 14 days for deal N-999" in dict(held)["N-999"]
    with shop.open() as house:
        for deal, reference in (("N-1", "X1"), ("N-999", "Q1")):
            withdraw(house, deal, reference, **ANN)
    assert shop.sync().exit_code == 0


@pytest.mark.parametrize("same", [True, False])
def test_as_much_on_one_day_without_a_reference_is_asked_about(shop: Dealership, same: bool) -> None:
    shop.sales(11, unpaid())
    row = {
        "deal_number": "N-1", "store_code": "LEEDS", "date": "2026-09-15", "event": "paid", "amount": "500.00",
        "method": "cash",
    }  # fmt: skip
    for day in (16, 17):
        shop.drop(f"DealEvents_202609{day}.csv", [row, row | {"amount": f"{day}.00", "reference": f"R{day}"}])
        result = shop.sync()
    assert result.exit_code == 3
    assert shop.reasons() == {"N-1": ["S024"]}
    with shop.open() as house:
        if same:
            release(house, "N-1", **ANN)
        else:
            fix(house, "N-1", "reference", "TILL-2", **ANN)
    assert shop.sync().exit_code == 0
    assert len(_receipts(shop)) == (3 if same else 4)
    assert shop.reasons() == {}


def _cash(**more: str) -> dict[str, str]:
    return {
        "deal_number": "N-1", "store_code": "LEEDS", "date": "2026-09-15", "event": "paid", "amount": "500.00",
        "method": "cash",
    } | more  # fmt: skip


def test_a_copy_of_a_file_is_known_by_references_and_asked_about_without_them(shop: Dealership) -> None:
    shop.sales(11, unpaid())
    rows = [_cash(), _cash(amount="16.00", reference="R1")]
    first = shop.drop("DealEvents_20260916.csv", rows)
    assert shop.sync().exit_code == 0
    copy = shop.drop("DealEvents_20260917.csv", rows)
    assert copy.read_bytes() == first.read_bytes()
    result = shop.sync()
    assert (result.exit_code, shop.reasons()) == (3, {"N-1": ["S024"]})
    assert len(_receipts(shop)) == 2
    with shop.open() as house:
        fix(house, "N-1", "reference", "TILL-2", **ANN)
    assert shop.sync().exit_code == 0
    assert len(_receipts(shop)) == 3
    shop.sound()


def test_the_same_file_sent_again_asks_nothing(shop: Dealership) -> None:
    shop.sales(11, unpaid())
    name = shop.drop("DealEvents_20260916.csv", [_cash()])
    shop.sync()
    os.utime(name, (1_790_000_000, 1_790_000_000))
    result = shop.sync()
    assert [one.state for one in result.extracted[0].files] == ["duplicate"]
    assert (result.exit_code, len(_receipts(shop))) == (0, 1)


def test_a_copy_that_is_killed_half_way_is_taken_once(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.sales(11, unpaid())
    rows = [_cash(amount="16.00", reference="R1"), _cash()]
    shop.drop("DealEvents_20260916.csv", rows)
    shop.sync()
    shop.drop("DealEvents_20260917.csv", rows)
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(dropped, "_take_rows", _killed)
        shop.sync()
    assert shop.sync().exit_code == 3
    assert (shop.reasons(), len(shop.rows("inbox"))) == ({"N-1": ["S024"]}, 5)


def _killed(*_: object) -> int:
    raise RuntimeError("killed")


@pytest.mark.parametrize("reference", ["", "R1"])
def test_the_same_row_twice_in_a_file_is_one_only_by_its_reference(shop: Dealership, reference: str) -> None:
    shop.sales(11, unpaid())
    shop.drop("DealEvents_20260916.csv", [_cash(reference=reference)] * 2)
    result = shop.sync()
    assert len(_receipts(shop)) == 1
    assert (result.exit_code, shop.reasons()) == ((0, {}) if reference else (3, {"N-1": ["S024"]}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reference", "R" * 65),
        ("reference", "A\x85B"),
        ("amount", "99999999999999.99"),
        ("date", "2031-01-01"),
        ("date", "1970-01-01"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_fact_waits_in_quarantine_and_all_else_goes_on(
    shop: Dealership, field: str, value: str
) -> None:
    shop.sales(11, unpaid(1), sale(2))
    row = {"deal_number": "N-1", "store_code": "LEEDS", "date": "2026-09-15", "event": "paid", "amount": "100.00"}
    shop.drop("DealEvents_20260916.csv", [row | {"reference": "R1"} | {field: value}])
    assert shop.sync().exit_code == 3
    assert shop.reasons() == {"N-1": ["S024"]}
    assert {deal["state"] for deal in shop.deals().values()} == {"posted"}
    given = {"reference": "R1", "amount": "100.00", "date": "2026-09-15"} | {field: value}
    with pytest.raises(UsageError, match=f"--{field}"):
        _enter(shop, given["amount"], given["reference"], day=date.fromisoformat(given["date"]))


def test_a_payment_that_cannot_be_read_stops_no_other_and_ends_with_a_person(paid_shop: PaidShop) -> None:
    shop, objects = paid_shop.shop, paid_shop.at.stripe.objects
    shop.sales(11, unpaid(1), unpaid(2))
    odd = paid_shop.paid(1_000_000)
    objects[odd]["metadata"] = ["x"]
    good = paid_shop.paid(1_000_000, "N-2")
    for _ in range(5):
        result = shop.sync()
        assert result.exit_code == 3
        assert "dealbooks events ignore 1" in result.failures[0]
        assert _receipts(shop, 2) == [f"receipt-{good}"]
    assert [state for state, _ in paid_shop.events()] == ["review", "matched"]
    objects[odd]["metadata"] = {"deal_ref": "N-1"}
    with shop.open() as house:
        attach(house, 1, "N-1", **ANN)
    assert shop.sync().exit_code == 0
    assert _receipts(shop, 1) == [f"receipt-{odd}"]


@pytest.mark.parametrize("how", ["ignore", "attach"])
def test_what_a_person_decides_while_a_payment_is_read_counts(
    paid_shop: PaidShop, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    shop, read = paid_shop.shop, StripePayments.payment
    shop.sales(11, unpaid(1), unpaid(2))
    shop.sync()
    intent = paid_shop.paid(1_000_000)

    def meanwhile(reader: StripePayments, payment_id: str) -> Payment | None:
        with shop.open() as house:
            ignore(house, 1, **ANN) if how == "ignore" else attach(house, 1, "N-2", **ANN)
        return read(reader, payment_id)

    with monkeypatch.context() as patch:
        patch.setattr(StripePayments, "payment", meanwhile)
        shop.sync()
    assert shop.rows("facts") == []
    shop.sync()
    assert _receipts(shop, 1) == []
    assert _receipts(shop, 2) == ([] if how == "ignore" else [f"receipt-{intent}"])


def test_an_event_in_review_can_be_ignored_or_attached(paid_shop: PaidShop) -> None:
    shop, hand = paid_shop.shop, paid_shop.at.stripe.hand
    shop.sales(11, unpaid(1), unpaid(2))
    intent = hand.pay(1_000_000, deal_ref="N-2")
    told = hand.event("payment_intent.succeeded", intent)
    told["data"]["object"]["metadata"] = {"deal_ref": "N-1"}
    paid_shop.tell("stripe", told)
    assert shop.sync().exit_code == 3
    with shop.open() as house:
        attach(house, 1, "N-2", **ANN)
    assert shop.sync().exit_code == 0
    assert _receipts(shop, 2) == [f"receipt-{intent}"]
