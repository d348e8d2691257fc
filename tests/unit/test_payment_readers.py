"""Payments are read at their provider with our own key, exactly; the vendor's client judges the sandbox."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import stripe
import yaml
from payments_support import Providers, providers

from blocks.payments.gocardless.factory import build as build_gocardless
from blocks.payments.stripe.block import Stripe
from blocks.payments.stripe.factory import build as build_stripe
from dealbooks.config import Config
from dealbooks.config_told import HookConfig, PaymentsConfig
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.payments import UnreadablePayment, from_minor
from sandbox.kit import Fault
from sandbox.kit.server import serving


@pytest.fixture
def at() -> Providers:
    return providers()


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [
        (1_000_050, "GBP", "10000.50"), (1, "USD", "0.01"), (3_300_000, "JPY", "3300000"),
        (9_500_125, "KWD", "9500.125"), (0, "EUR", "0.00"), (10**15 + 1, "USD", "10000000000000.01"),
    ],
)  # fmt: skip
def test_minor_units_are_those_of_iso_4217(minor: int, currency: str, amount: str) -> None:
    assert format(from_minor(minor, currency), "f") == amount


def test_a_currency_that_a_provider_counts_otherwise() -> None:
    assert format(from_minor(50_000, "UGX", {"UGX": 2}), "f") == "500"
    assert format(from_minor(50_050, "UGX", {"UGX": 2}), "f") == "500.50"  # no whole shilling: it is not rounded away


@pytest.mark.parametrize(
    ("minor", "currency", "amount"), [(3_300_000, "jpy", "3300000"), (9_500_125, "kwd", "9500.125")]
)
def test_a_payment_at_stripe(at: Providers, minor: int, currency: str, amount: str) -> None:
    moment = datetime(2026, 9, 30, 23, 30, tzinfo=UTC)
    intent = at.stripe.hand.pay(minor, currency, deal_ref="drop:N-1", at=moment)
    payment = at.stripe_reader().payment(intent)
    assert payment is not None
    assert (payment.id, format(payment.amount, "f"), payment.currency) == (intent, amount, currency.upper())
    assert (payment.state, payment.method, payment.live, payment.deal_ref) == ("confirmed", "card", True, "drop:N-1")
    assert payment.day(ZoneInfo("Europe/London")) == date(2026, 10, 1)
    assert payment.day(ZoneInfo("America/New_York")) == date(2026, 9, 30)


def test_a_charge_and_a_checkout_lead_to_their_payment(at: Providers) -> None:
    session = at.stripe.hand.check_out(500_000, client_reference_id="N-7")
    intent = at.stripe.objects[session]["payment_intent"]
    reader = at.stripe_reader()
    by_session, by_charge = reader.payment(session), reader.payment(at.stripe.objects[intent]["latest_charge"])
    assert by_session is not None
    assert by_charge is not None
    assert by_session.id == by_charge.id == intent
    assert (by_session.deal_ref, by_charge.deal_ref) == ("N-7", "")


def test_what_became_of_a_payment(at: Providers) -> None:
    hand, reader = at.stripe.hand, at.stripe_reader()
    refunded, partly, disputed = (hand.pay(500_000) for _ in range(3))
    waiting, cancelled = hand.pay(500_000, status="processing"), hand.pay(500_000, status="canceled")
    hand.refund(refunded)
    hand.refund(partly, 100)
    hand.dispute(disputed)
    found = {name: reader.payment(name) for name in (refunded, partly, disputed, waiting, cancelled)}
    assert [one.state for one in found.values() if one] == ["lost", "confirmed", "lost", "pending", "lost"]
    hand.confirm(waiting)
    again = reader.payment(waiting)
    assert again is not None
    assert (again.state, again.amount) == ("confirmed", Decimal("5000.00"))


def test_a_payment_that_there_is_not_and_what_is_no_id(at: Providers) -> None:
    assert at.stripe_reader().payment("pi_forged") is None
    assert at.stripe_reader().payment("../v1/customers") is None
    assert at.gocardless_reader().payment("PM404") is None
    assert at.gocardless_reader().payment("PM1/../../") is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("confirmed", "confirmed"), ("paid_out", "confirmed"), ("submitted", "pending"), ("failed", "lost"),
        ("charged_back", "lost"), ("pending_customer_approval", "pending"), ("a status of tomorrow", "pending"),
    ],
)  # fmt: skip
def test_a_payment_at_gocardless(at: Providers, status: str, state: str) -> None:
    number = at.gocardless.hand.collect(125_050, deal_ref="N-1", status=status, day="2026-09-30")
    payment = at.gocardless_reader().payment(number)
    assert payment is not None
    assert (payment.state, payment.amount, payment.method) == (state, Decimal("1250.50"), "direct_debit")
    assert payment.day(ZoneInfo("Asia/Tokyo")) == date(2026, 9, 30)
    assert payment.deal_ref == "N-1"


def test_a_payment_at_gocardless_that_was_given_back_in_full_is_lost(at: Providers) -> None:
    whole, part = (at.gocardless.hand.collect(500, amount_refunded=back) for back in (500, 499))
    found = [at.gocardless_reader().payment(one) for one in (whole, part)]
    assert [one.state for one in found if one] == ["lost", "confirmed"]


def test_gocardless_says_by_its_address_whether_it_is_live(at: Providers) -> None:
    number = at.gocardless.hand.collect(100)
    test = at.gocardless_reader(base_url="https://api-sandbox.gocardless.com").payment(number)
    assert test is not None
    assert test.live is False
    assert at.gocardless_reader(live=False).payment(number) != at.gocardless_reader().payment(number)


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.TIMEOUT_BEFORE, Fault.REFUSED, Fault.RESET])
def test_a_provider_that_is_down_stops_the_connection(at: Providers, fault: Fault) -> None:
    intent, number = at.stripe.hand.pay(100), at.gocardless.hand.collect(100)
    at.faults.order([fault] * 50, "read")
    for reader, name in ((at.stripe_reader(), intent), (at.gocardless_reader(), number)):
        with pytest.raises(StopConnection):
            reader.payment(name)
    at.faults.calm()
    assert at.stripe_reader().payment(intent) is not None


def test_a_blip_is_not_told_to_anybody(at: Providers) -> None:
    intent = at.stripe.hand.pay(100)
    at.faults.order([Fault.SERVER_ERROR, Fault.RESET], "read")
    assert at.stripe_reader().payment(intent) is not None


def test_a_key_that_is_wrong_or_may_not_read_says_what_to_do(at: Providers) -> None:
    reader = at.stripe_reader()
    intent = at.stripe.hand.pay(100)
    at.stripe.hand.rename("rk_live_another")
    with pytest.raises(StopConnection) as raised:
        reader.payment(intent)
    assert "api_key" in raised.value.fix
    assert len(reader.problems()) == 1
    limited = providers(rights=frozenset())
    assert "right" in limited.stripe_reader().problems()[0]
    said = [exchange for exchange in reader.exchanges() if "rk_live_51" in f"{exchange}"]
    assert said == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_received": 10.5},
        {"amount_received": -1},
        {"amount_received": 10**18},
        {"currency": "pounds"},
        {"livemode": None},
        {"status": 1},
        {"metadata": ["x"]},
        {"metadata": {"deal_ref": {}}},
        {"id": "pi_another"},
        {"latest_charge": {"created": 10**18}},
        {"latest_charge": {"created": 1, "payment_method_details": "card"}},
    ],
)
def test_an_answer_that_is_not_understood_is_never_a_payment(at: Providers, wrong: dict[str, Any]) -> None:
    intent = at.stripe.hand.pay(100)
    at.stripe.objects[intent] |= wrong
    try:
        payment = at.stripe_reader().payment(intent)
    except UnreadablePayment:
        return
    assert payment is not None
    assert payment.state != "confirmed" or payment.live is False


def test_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match="no api_key, or it is blank"):
        build_stripe("cards", {})
    with pytest.raises(ConfigError, match=r"payments\.debits: token is not known"):
        build_gocardless("debits", {"token": "x"})
    assert "api_key" in Stripe().check()[0]


def test_an_entry_names_a_hook_of_its_own_scheme() -> None:
    hooks = {"stripe": HookConfig(scheme="stripe", secrets=("whsec_test_stripe",))}
    for hook in ("nowhere", "stripe"):
        entries = {"debits": PaymentsConfig(platform="gocardless", hook=hook)}
        with pytest.raises(ValueError, match="no hook"):
            Config(books={}, sources={}, hooks=hooks, payments=entries)
    twice = {name: PaymentsConfig(platform="stripe", hook="stripe") for name in ("cards", "more")}
    with pytest.raises(ValueError, match="same hook"):
        Config(books={}, sources={}, hooks=hooks, payments=twice)


def test_stripes_own_client_reads_the_sandbox(at: Providers) -> None:
    intent = at.stripe.hand.pay(1_000_050, deal_ref="N-1")
    with serving(at.stripe) as address:
        client = stripe.StripeClient(
            at.stripe.settings.api_key, base_addresses={"api": address}, max_network_retries=0
        )  # fmt: skip
        found = client.v1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]})
        assert (found.amount_received, found.currency, found.status) == (1_000_050, "gbp", "succeeded")
        assert found.latest_charge.captured is True
        with pytest.raises(stripe.InvalidRequestError) as raised:
            client.v1.payment_intents.retrieve("pi_forged")
        assert raised.value.code == "resource_missing"
        wrong = stripe.StripeClient("rk_live_wrong", base_addresses={"api": address}, max_network_retries=0)
        with pytest.raises(stripe.AuthenticationError):
            wrong.v1.payment_intents.list()


def test_the_examples_of_the_manual_are_settings() -> None:
    text = (Path(__file__).parents[2] / "docs" / "payments.md").read_text(encoding="utf-8")
    first, second = (yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    for payments in (first["payments"], second["payments"]):
        config = Config.model_validate({"books": {}, "sources": {}, "hooks": first["hooks"], "payments": payments})
        for name, entry in config.payments.items():
            assert {"stripe": build_stripe, "gocardless": build_gocardless}[entry.platform](name, entry.settings)
