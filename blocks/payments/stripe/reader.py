"""Stripe: a payment is a payment intent; a charge or a checkout leads to it.

Source: stripe/openapi (payment intents, charges, checkout sessions). Amounts are in the currency's minor unit; Stripe
counts some currencies otherwise than ISO 4217 does (docs.stripe.com/currencies).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from blocks.payments.reader import ODD, ApiPayments, deal_ref_of, refuse_nothing
from dealbooks.errors import StopConnection
from dealbooks.payments import Payment, State, UnreadablePayment, from_minor

# Counted in hundredths, or not at all, whatever ISO 4217 says [recalled].
_OTHERWISE: Mapping[str, int] = {"ISK": 2, "UGX": 2, "MGA": 0}
_METHODS: Mapping[str, str] = {
    "bacs_debit": "direct_debit", "sepa_debit": "direct_debit", "acss_debit": "direct_debit",
    "au_becs_debit": "direct_debit", "us_bank_account": "direct_debit", "nz_bank_account": "direct_debit",
    "customer_balance": "bank_transfer", "pay_by_bank": "bank_transfer", "sofort": "bank_transfer",
    "ideal": "bank_transfer", "bancontact": "bank_transfer",
}  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9_]{3,255}")
_EXPAND = {"expand[]": "latest_charge"}


class StripePayments(ApiPayments):
    """Reads payments of one account."""

    provider = "Stripe"

    def payment(self, payment_id: str) -> Payment | None:
        """See `PaymentReader`. Takes ids of payment intents (pi_), checkout sessions (cs_) and charges (ch_, py_)."""
        if not _ID.fullmatch(payment_id):
            return None
        if payment_id.startswith("cs_"):
            return self._of_checkout(payment_id)
        if payment_id.startswith(("ch_", "py_")):
            charge = self._read(f"/v1/charges/{payment_id}", f"read charge {payment_id}")
            intent = _id(charge.get("payment_intent")) if charge is not None else ""
            if intent:
                return self._of_intent(intent, "")
            return None if charge is None else self._made(charge, charge, "")
        return self._of_intent(payment_id, "")

    def problems(self) -> list[str]:
        """Asks for one payment intent."""
        try:
            self._read("/v1/payment_intents", "list payments", {"limit": "1"})
        except (StopConnection, UnreadablePayment) as error:
            return [error.words]
        return []

    def _of_checkout(self, session_id: str) -> Payment | None:
        """What a checkout says of the deal counts where its payment says nothing: it is not copied to it."""
        session = self._read(f"/v1/checkout/sessions/{session_id}", f"read checkout {session_id}")
        intent = _id(session.get("payment_intent")) if session is not None else ""
        if session is None or not intent:
            return None
        try:
            named = deal_ref_of(session.get("metadata")) or str(session.get("client_reference_id") or "")
        except ODD as error:
            raise self._unreadable(f"read checkout {session_id}") from error
        return self._of_intent(intent, named)

    def _of_intent(self, intent_id: str, deal_ref: str) -> Payment | None:
        path = f"/v1/payment_intents/{quote(intent_id, safe='')}"
        intent = self._read(path, f"read payment {intent_id}", _EXPAND)
        if intent is None:
            return None
        if intent.get("id") != intent_id:
            raise self._unreadable(f"read payment {intent_id}")
        charge = intent.get("latest_charge")
        return self._made(intent, charge if isinstance(charge, dict) else {}, deal_ref)

    def _made(self, about: Mapping[str, Any], charge: Mapping[str, Any], deal_ref: str) -> Payment:
        """From a payment intent and its charge, or from a charge alone."""
        number = about.get("id")
        try:
            state, why = _state(about, charge)
            received = about.get("amount_received", charge.get("amount_captured"))
            amount = received if state == "confirmed" or received else about["amount"]
            currency = str(about["currency"]).upper()
            moment = int(charge.get("created") or about["created"])
            details = charge.get("payment_method_details") or {}
            if not isinstance(amount, int) or isinstance(amount, bool) or not isinstance(number, str):
                raise TypeError("no whole number of minor units")
            value = from_minor(amount, currency, _OTHERWISE)
            if state == "confirmed":
                refuse_nothing(value)
            return Payment(
                id=number, amount=value, currency=currency,
                paid=datetime.fromtimestamp(moment, UTC), state=state,
                method=_METHODS.get(str(details.get("type")), "card"), live=about["livemode"] is True,
                deal_ref=deal_ref_of(about.get("metadata")) or deal_ref, why=why,
            )  # fmt: skip
        except ODD as error:
            raise self._unreadable(f"read payment {number}") from error


def _state(about: Mapping[str, Any], charge: Mapping[str, Any]) -> tuple[State, str]:
    status = about["status"]
    if charge.get("disputed") is True:
        return "lost", "it is disputed"
    if charge.get("refunded") is True:
        return "lost", "it was refunded in full"
    if status == "succeeded":
        return "confirmed", ""
    if status in ("canceled", "failed"):
        return "lost", "it was cancelled" if status == "canceled" else "it failed"
    return "pending", ""


def _id(value: Any) -> str:
    """The id of an object that may stand there whole."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""
