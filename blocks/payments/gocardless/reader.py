"""GoCardless: payments (PM...), in pence or cents.

Source: gocardless/gocardless-pro-python (payments.json). A payment does not say whether it is of the test mode: the
address of the API does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from blocks.payments.reader import ODD, ApiPayments, deal_ref_of, refuse_nothing
from dealbooks.errors import StopConnection
from dealbooks.http import Connection
from dealbooks.payments import Payment, State, UnreadablePayment, from_minor

_CONFIRMED = ("confirmed", "paid_out")
_LOST: Mapping[str, str] = {
    "cancelled": "it was cancelled", "customer_approval_denied": "the customer did not approve it",
    "failed": "it failed", "charged_back": "the customer's bank charged it back",
}  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9]{3,255}")


class GoCardlessPayments(ApiPayments):
    """Reads payments of one organisation."""

    provider = "GoCardless"

    def __init__(self, connection: Connection, *, live: bool) -> None:
        super().__init__(connection)
        self._live = live

    def payment(self, payment_id: str) -> Payment | None:
        """See `PaymentReader`."""
        if not _ID.fullmatch(payment_id):
            return None
        what = f"read payment {payment_id}"
        body = self._read(f"/payments/{payment_id}", what)
        if body is None:
            return None
        try:
            found = _payment(body["payments"], live=self._live)
            if found.id != payment_id:
                raise ValueError("another payment than was asked for")
            return found
        except ODD as error:
            raise self._unreadable(what) from error

    def problems(self) -> list[str]:
        """Asks for one payment."""
        try:
            self._read("/payments", "list payments", {"limit": "1"})
        except (StopConnection, UnreadablePayment) as error:
            return [error.words]
        return []


def _payment(about: Mapping[str, Any], *, live: bool) -> Payment:
    currency, amount, status = str(about["currency"]), about["amount"], str(about["status"])
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise TypeError("no whole number of minor units")
    state: State = "confirmed" if status in _CONFIRMED else "lost" if status in _LOST else "pending"
    why = _LOST.get(status, "")
    if state == "confirmed" and amount and int(about.get("amount_refunded") or 0) >= amount:
        state, why = "lost", "it was refunded in full"
    day = str(about.get("charge_date") or str(about["created_at"])[:10])
    value = from_minor(amount, currency)
    if state == "confirmed":
        refuse_nothing(value)
    return Payment(
        id=str(about["id"]), amount=value, currency=currency, paid=date.fromisoformat(day),
        state=state, method="direct_debit", live=live,
        deal_ref=deal_ref_of(about.get("metadata")), why=why,
    )  # fmt: skip
