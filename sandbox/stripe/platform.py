"""The Stripe sandbox: keys, the paths by which payments are read, errors as Stripe words them, and a person's deeds."""

from __future__ import annotations

import base64
import random
import string
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, Platform, as_json

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Settings:
    """The account. `rights` are those of the restricted key."""

    seed: int = 0
    api_key: str = "rk_live_51SandboxReadOnly0000"
    account: str = "acct_1SandboxNorthgate"
    livemode: bool = True
    per_second: int = 100  # 25 in test mode
    rights: frozenset[str] = frozenset(("payment_intents", "charges", "checkout"))


class StripeSandbox(Platform):
    """One account. Paths: `/v1/payment_intents`, `/v1/charges`, `/v1/checkout/sessions`."""

    name = "stripe"

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, faults: FaultPlan | None = None
    ) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings or Settings()
        self.hand = Hand(self)
        self.objects: dict[str, dict[str, Any]] = {}
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
        if parts[:1] != ["v1"] or call.method != "GET":
            return _error(404, "invalid_request_error", f"Unrecognized request URL ({call.method}: {call.path}).")
        kinds = {"payment_intents": "payment_intent", "charges": "charge", "checkout": "checkout.session"}
        kind, rest = kinds.get(parts[1], ""), parts[3:] if parts[1] == "checkout" else parts[2:]
        if not kind or len(rest) > 1 or (parts[1] == "checkout" and parts[2:3] != ["sessions"]):
            return _error(404, "invalid_request_error", f"Unrecognized request URL (GET: {call.path}).")
        if parts[1] not in self.settings.rights:
            return _error(
                403, "invalid_request_error", f"The provided key '{self.settings.api_key[:8]}***' does not have the "
                "required permissions for this endpoint."
            )  # fmt: skip
        expand = [one for name in ("expand[]", "expand[0]") for one in call.every.get(name, ())]
        if not rest:
            return self._list(call, kind)
        found = self.objects.get(rest[0])
        if found is None or found["object"] != kind:
            text = f"No such {kind.replace('.', ' ')}: '{rest[0]}'"
            return _error(404, "invalid_request_error", text, code="resource_missing", param="intent")
        return self._shown(found, expand)

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """Stripe's own answer to a fault."""
        if fault is Fault.SERVER_ERROR:
            return _error(500, "api_error", "An unknown error occurred")
        if fault is Fault.LIMIT_SECOND:
            return _error(429, "invalid_request_error", "Request rate limit exceeded.", code="rate_limit")
        return None

    def _gate(self, call: Call) -> Answer | None:
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":  # the key as the name of a user, as Stripe takes it too
            key = base64.b64decode(key).decode().rstrip(":")
        if not key or scheme.lower() not in ("bearer", "basic"):
            return _error(401, "invalid_request_error", "You did not provide an API key.")
        if key != self.settings.api_key:
            return _error(401, "invalid_request_error", f"Invalid API Key provided: {key[:8]}***")
        asked = call.headers.get("stripe-account", "")
        if asked and asked != self.settings.account:
            return _error(403, "invalid_request_error", f"The provided key does not have access to account '{asked}'.")
        now = self.clock.now()
        self._calls = [one for one in self._calls if (now - one).total_seconds() < 1] + [now]
        if len(self._calls) > self.settings.per_second:
            return _error(429, "invalid_request_error", "Request rate limit exceeded.", code="rate_limit")
        return None

    def _list(self, call: Call, kind: str) -> Answer:
        limit = call.query.get("limit", "10")
        if not limit.isdigit() or not 1 <= int(limit) <= 100:
            return _error(400, "invalid_request_error", f"Invalid integer: {limit}", param="limit")
        found = [one for one in reversed(self.objects.values()) if one["object"] == kind]
        data = found[: int(limit)]
        more = len(found) > len(data)
        return as_json({"object": "list", "data": data, "has_more": more, "url": call.path})

    def _shown(self, found: dict[str, Any], expand: list[str]) -> Answer:
        shown = dict(found)
        for name in expand:
            if name not in shown:
                return _error(400, "invalid_request_error", f"This property cannot be expanded ({name}).")
            if isinstance(shown[name], str):
                shown[name] = self.objects[shown[name]]
        return as_json(shown)


class Hand:
    """What customers, banks and the dealership do at Stripe."""

    def __init__(self, box: StripeSandbox) -> None:
        self._box = box
        self._dice = random.Random(box.settings.seed)

    def pay(
        self, amount: int, currency: str = "gbp", *, deal_ref: str = "", method: str = "card",
        status: str = "succeeded", at: datetime | None = None, **metadata: str,
    ) -> str:  # fmt: skip
        """A customer pays, in minor units; the id of the payment intent."""
        intent, created = self._id("pi"), int((at or self._box.clock.now()).timestamp())
        done = status == "succeeded"
        charge = self._id("ch") if done else None
        common = {
            "amount": amount, "currency": currency, "created": created, "livemode": self._box.settings.livemode,
            "metadata": ({"deal_ref": deal_ref} if deal_ref else {}) | metadata, "description": None,
        }  # fmt: skip
        self._box.objects[intent] = {
            "id": intent, "object": "payment_intent", **common, "amount_received": amount if done else 0,
            "amount_capturable": 0, "latest_charge": charge, "status": status, "payment_method_types": [method],
            "client_secret": f"{intent}_secret_sandbox", "customer": None,
        }  # fmt: skip
        if charge:
            self._box.objects[charge] = {
                "id": charge, "object": "charge", **common, "amount_captured": amount, "amount_refunded": 0,
                "captured": True, "disputed": False, "paid": True, "payment_intent": intent, "refunded": False,
                "payment_method_details": {"type": method, method: {}}, "status": "succeeded",
            }  # fmt: skip
        return intent

    def check_out(self, amount: int, currency: str = "gbp", *, client_reference_id: str = "") -> str:
        """A customer pays at a checkout, whose metadata are not copied to the payment; the id of the session."""
        session, intent = self._id("cs_live"), self.pay(amount, currency)
        self._box.objects[session] = {
            "id": session, "object": "checkout.session", "amount_total": amount, "currency": currency, "metadata": {},
            "client_reference_id": client_reference_id or None, "payment_intent": intent, "payment_status": "paid",
            "status": "complete", "livemode": self._box.settings.livemode, "mode": "payment",
        }  # fmt: skip
        return session

    def refund(self, intent: str, amount: int | None = None) -> None:
        """Money is given back, by default all of it."""
        charge = self._box.objects[self._box.objects[intent]["latest_charge"]]
        charge["amount_refunded"] += charge["amount_captured"] if amount is None else amount
        charge["refunded"] = charge["amount_refunded"] >= charge["amount_captured"]

    def dispute(self, intent: str) -> None:
        """The customer's bank disputes it."""
        self._box.objects[self._box.objects[intent]["latest_charge"]]["disputed"] = True

    def confirm(self, intent: str) -> None:
        """A payment that was processing succeeds."""
        old = self._box.objects.pop(intent)
        paid = self.pay(old["amount"], old["currency"], **old["metadata"])
        made = self._box.objects.pop(paid)
        self._box.objects[intent] = made | {"id": intent, "created": old["created"]}
        self._box.objects[made["latest_charge"]]["payment_intent"] = intent

    def rename(self, key: str) -> None:
        """The key is rolled."""
        self._box.settings = replace(self._box.settings, api_key=key)

    def event(self, kind: str, about: str) -> dict[str, Any]:
        """What Stripe sends about an object."""
        created = int(self._box.clock.now().replace(tzinfo=UTC).timestamp())
        return {
            "id": self._id("evt"), "object": "event", "type": kind, "created": created, "account": None,
            "livemode": self._box.settings.livemode, "data": {"object": dict(self._box.objects[about])},
        }  # fmt: skip

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{''.join(self._dice.choices(_LETTERS, k=24))}"


def _error(status: int, kind: str, message: str, **more: str) -> Answer:
    body = {"error": {"type": kind, "message": message, **more}}
    return as_json(body, status, {"request-id": "req_sandbox00000001"})
