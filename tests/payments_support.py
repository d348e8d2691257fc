"""A dealership whose customers pay through Stripe and GoCardless: their stand-ins, and a gateway that is told of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pipeline_support import Dealership, sale

from blocks.payments.gocardless.factory import connect as gocardless
from blocks.payments.gocardless.reader import GoCardlessPayments
from blocks.payments.gocardless.settings import GoCardlessSettings
from blocks.payments.stripe.factory import connect as stripe
from blocks.payments.stripe.reader import StripePayments
from blocks.payments.stripe.settings import StripeSettings
from dealbooks.config import load_config
from dealbooks.house import House
from gateway.app import create_app
from gateway.schemes import SCHEMES
from sandbox.gocardless import GoCardlessSandbox
from sandbox.kit import FaultPlan, SandboxTransport, VirtualClock
from sandbox.stripe import Settings, StripeSandbox

START = datetime(2026, 9, 11, 10, tzinfo=UTC)


@dataclass
class Providers:
    """The stand-ins, at which time is `clock`."""

    clock: VirtualClock
    faults: FaultPlan
    stripe: StripeSandbox
    gocardless: GoCardlessSandbox

    def stripe_reader(self, **settings: Any) -> StripePayments:
        """A new process's reader."""
        given = StripeSettings(api_key=self.stripe.settings.api_key, **settings)
        return stripe("cards", given, self.clock, transport=SandboxTransport(self.stripe))

    def gocardless_reader(self, **settings: Any) -> GoCardlessPayments:
        """A new process's reader."""
        given = GoCardlessSettings(api_key=self.gocardless.settings.token, **settings)
        return gocardless("debits", given, self.clock, transport=SandboxTransport(self.gocardless))


def providers(**settings: Any) -> Providers:
    """New ones; settings are those of the Stripe sandbox."""
    clock, faults = VirtualClock(START), FaultPlan()
    return Providers(
        clock, faults, StripeSandbox(Settings(**settings), clock=clock, faults=faults),
        GoCardlessSandbox(clock=clock, faults=faults),
    )  # fmt: skip


class PaidShop:
    """The dealership, with the providers behind it."""

    def __init__(self, shop: Dealership, patch: pytest.MonkeyPatch, at: Providers) -> None:
        self.shop, self.at = shop, at
        shop.settings["events"] = {"store_numbers": False}  # no two stores of it give the same number
        shop.settings["hooks"] = {
            "stripe": {"scheme": "stripe", "secrets": ["whsec_test_stripe"]},
            "gocardless": {"scheme": "gocardless", "secrets": ["gocardless-secret"]},
        }
        shop.settings["payments"] = {
            "cards": {"platform": "stripe", "api_key": "not used", "hook": "stripe"},
            "debits": {"platform": "gocardless", "api_key": "not used", "hook": "gocardless"},
        }
        shop.write_config()
        readers = {"cards": at.stripe_reader(), "debits": at.gocardless_reader()}
        patch.setattr(House, "payments", lambda _house, name: readers[name])

    def tell(self, hook: str, body: dict[str, Any]) -> None:
        """A webhook arrives at the gateway."""
        with self.shop.open():
            config = load_config(self.shop.config_file)
        sent, given = json.dumps(body).encode(), config.hooks[hook]
        headers = SCHEMES[hook].sign(sent, given, given.secrets[0], datetime.now(UTC))
        with TestClient(create_app(config)) as client:
            answer = client.post(f"/hooks/{hook}", content=sent, headers={"Content-Type": "application/json"} | headers)
        assert answer.status_code < 300, answer.text

    def paid(self, amount: int, deal: str = "N-1", kind: str = "payment_intent.succeeded", **more: Any) -> str:
        """A customer pays by card, and Stripe tells of it; the payment's id."""
        intent = self.at.stripe.hand.pay(amount, deal_ref=deal, **more)
        self.tell("stripe", self.at.stripe.hand.event(kind, intent))
        return intent

    def events(self) -> list[tuple[str, str]]:
        """State and note of every event."""
        return [(row["state"], row["note"]) for row in self.shop.rows("events")]


def unpaid(number: int = 1, **changes: str) -> dict[str, str]:
    """A sale of 10,000.00 of which nothing is paid, as its record says."""
    return sale(number) | {"bank_transfer_paid": "", "payment_date": "", "balance_due": "10000.00"} | changes


def by_card(number: int = 1, **changes: str) -> dict[str, str]:
    """The same, paid by card on the day of the payments here."""
    return sale(number) | {"bank_transfer_paid": "", "card_paid": "10000.00", "payment_date": "2026-09-11"} | changes
