"""The GoCardless sandbox: token and version, payments, GoCardless's own errors, and what becomes of payments."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, Platform, as_json

_STATES = (
    "pending_customer_approval", "pending_submission", "submitted", "confirmed", "paid_out", "cancelled",
    "customer_approval_denied", "failed", "charged_back",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """The organisation."""

    token: str = "live_SandboxReadOnlyToken0000"
    version: str = "2015-07-06"
    organisation: str = "OR000SANDBOX"
    per_minute: int = 1000  # [R]


class GoCardlessSandbox(Platform):
    """One organisation. Paths: `/payments`, `/payments/{id}`."""

    name = "gocardless"

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, faults: FaultPlan | None = None
    ) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings or Settings()
        self.payments: dict[str, dict[str, Any]] = {}
        self.hand = Hand(self)
        self._calls: list[datetime] = []

    def kind_of(self, call: Call) -> str:
        """Only reads are made here."""
        return "read" if call.method == "GET" else "write"

    def perform(self, call: Call) -> Answer:
        """Do what the call asks for."""
        refused = self._gate(call)
        if refused is not None:
            return refused
        parts = call.path.strip("/").split("/")
        if call.method != "GET" or parts[0] != "payments" or len(parts) > 2:
            return _error(404, "resource_not_found", "Resource not found")
        if len(parts) == 1:
            limit = call.query.get("limit", "50")
            if not limit.isdigit() or not 1 <= int(limit) <= 500:
                return _error(422, "validation_failed", "limit must be between 1 and 500")
            found = list(reversed(self.payments.values()))[: int(limit)]
            cursors = {"before": None, "after": None}
            return as_json({"payments": found, "meta": {"cursors": cursors, "limit": int(limit)}})
        if parts[1] not in self.payments:
            return _error(404, "resource_not_found", "Resource not found")
        return as_json({"payments": self.payments[parts[1]]})

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """GoCardless's own answer to a fault."""
        if fault is Fault.SERVER_ERROR:
            return _error(500, "internal_error", "Uh-oh!", kind="gocardless")
        if fault is Fault.LIMIT_MINUTE:
            return _too_many()
        return None

    def _gate(self, call: Call) -> Answer | None:
        if call.headers.get("authorization") != f"Bearer {self.settings.token}":
            return _error(401, "unauthorized", "Unauthorized")
        version = call.headers.get("gocardless-version", "")
        if version != self.settings.version:
            reason = "missing_version_header" if not version else "version_not_found"
            return _error(400, reason, "Version not found" if version else "Missing version header")
        now = self.clock.now()
        self._calls = [one for one in self._calls if now - one < timedelta(minutes=1)] + [now]
        return _too_many() if len(self._calls) > self.settings.per_minute else None


class Hand:
    """What becomes of payments."""

    def __init__(self, box: GoCardlessSandbox) -> None:
        self._box = box
        self._numbers = itertools.count(1)

    def collect(
        self, amount: int, currency: str = "GBP", *, deal_ref: str = "", status: str = "confirmed", day: str = "",
        **more: Any,
    ) -> str:  # fmt: skip
        """A direct debit, in minor units; the id of the payment."""
        number = f"PM{next(self._numbers):010d}"
        now = self._box.clock.now()
        self._box.payments[number] = {
            "id": number, "amount": amount, "amount_refunded": 0, "currency": currency, "status": status,
            "charge_date": day or now.date().isoformat(), "created_at": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "description": None, "metadata": {"deal_ref": deal_ref} if deal_ref else {}, "reference": None,
            "links": {"creditor": "CR123", "mandate": "MD123"}, "retry_if_possible": False, "scheme": "bacs",
        } | more  # fmt: skip
        return number

    def become(self, number: str, status: str) -> None:
        """A payment goes on to another status."""
        if status not in _STATES:
            raise ValueError(f"there is no status {status}")
        self._box.payments[number]["status"] = status

    def event(self, action: str, *numbers: str) -> dict[str, Any]:
        """What GoCardless sends: one delivery with an event for each payment."""
        now = self._box.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return {
            "events": [
                {
                    "id": f"EV{next(self._numbers):010d}", "created_at": now, "resource_type": "payments",
                    "action": action, "links": {"payment": one, "organisation": self._box.settings.organisation},
                    "details": {"origin": "gocardless", "cause": f"payment_{action}", "description": ""},
                    "metadata": {},
                }
                for one in numbers
            ],
            "meta": {"webhook_id": f"WB{next(self._numbers):010d}"},
        }  # fmt: skip


def _error(status: int, reason: str, message: str, *, kind: str = "invalid_api_usage") -> Answer:
    error: dict[str, Any] = {
        "message": message, "type": kind, "code": status, "request_id": "HARDCODED_REQUEST_ID",
        "documentation_url": f"https://developer.gocardless.com/api-reference#{reason}",
    }  # fmt: skip
    if kind == "invalid_api_usage":
        error["errors"] = [{"reason": reason, "message": message}]
    return as_json({"error": error}, status)


def _too_many() -> Answer:
    return _error(429, "rate_limit_exceeded", "Rate limit exceeded")
