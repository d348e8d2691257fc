"""The Dropbox Sign sandbox: key, signature requests, Dropbox Sign's own errors, and what becomes of requests.

Shapes as in the documents of the vendor's clients (SignatureRequestResponse, SignatureRequestResponseSignatures) and
"Warnings and Errors"; 100 calls a minute, and 10 for requests of the test mode.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, Platform, as_json

_PREFIX = "/v3/signature_request/"


@dataclass(frozen=True, slots=True)
class Settings:
    """The account."""

    api_key: str = "5a6b7c8d9e0fsandboxdropboxsignapikey0000"
    email: str = "contracts@northgate.example"
    per_minute: int = 100
    test_per_minute: int = 10


class DropboxSignSandbox(Platform):
    """One account. Paths: `/v3/account`, `/v3/signature_request/{id}`."""

    name = "dropbox_sign"

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, faults: FaultPlan | None = None
    ) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings or Settings()
        self.requests: dict[str, dict[str, Any]] = {}
        self.cancelled: set[str] = set()
        self.hand = Hand(self)
        self._calls: dict[str, list[datetime]] = {}

    def kind_of(self, call: Call) -> str:
        """Only reads are made here."""
        return "read" if call.method == "GET" else "write"

    def perform(self, call: Call) -> Answer:
        """Do what the call asks for."""
        pair = base64.b64encode(f"{self.settings.api_key}:".encode()).decode()
        if call.headers.get("authorization") != f"Basic {pair}":
            return _error(401, "unauthorized", "Unauthorized api key")
        if call.method != "GET":
            return _error(400, "bad_request", "This sandbox is only read")
        if call.path == "/v3/account":
            account = {"account_id": "5008b25c7f67153e57d5a357b1687968068fb465", "email_address": self.settings.email}
            return self._counted("live", self.settings.per_minute) or as_json({"account": account})
        number = call.path.removeprefix(_PREFIX)
        if not call.path.startswith(_PREFIX) or "/" in number:
            return _error(404, "not_found", "Not found")
        found = self.requests.get(number)
        test = found is not None and bool(found["test_mode"])
        most = self.settings.test_per_minute if test else self.settings.per_minute
        refused = self._counted("test" if test else "live", most)
        if refused is not None:
            return refused
        if number in self.cancelled:
            return _error(410, "deleted", "This signature request has been cancelled")
        return _error(404, "not_found", "Not found") if found is None else as_json({"signature_request": found})

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """Dropbox Sign's own answer to a fault."""
        if fault is Fault.SERVER_ERROR:
            return _error(500, "unknown", "Something went wrong")
        return _too_many() if fault is Fault.LIMIT_MINUTE else None

    def _counted(self, kind: str, most: int) -> Answer | None:
        now = self.clock.now()
        recent = [one for one in self._calls.get(kind, []) if now - one < timedelta(minutes=1)]
        self._calls[kind] = [*recent, now]
        return _too_many() if len(recent) >= most else None


class Hand:
    """What becomes of signature requests."""

    def __init__(self, box: DropboxSignSandbox) -> None:
        self._box = box
        self._numbers = itertools.count(1)

    def send(
        self, *signers: str, deal_ref: str = "", title: str = "Order form", test_mode: bool = False, **more: Any
    ) -> str:
        """A contract goes out to some people; the id of the request."""
        number = f"fa5c8a0b0f492d768749333ad6fcc214c111e{next(self._numbers):03d}"
        self._box.requests[number] = {
            "signature_request_id": number, "test_mode": test_mode, "title": title, "original_title": title,
            "subject": title, "message": None, "requester_email_address": self._box.settings.email,
            "metadata": {"deal_ref": deal_ref} if deal_ref else {},
            "created_at": int(self._box.clock.now().timestamp()), "expires_at": None, "is_complete": False,
            "is_declined": False, "has_error": False, "custom_fields": [], "response_data": [], "attachments": [],
            "signing_url": None, "signing_redirect_url": None, "template_ids": None, "cc_email_addresses": [],
            "details_url": f"https://app.hellosign.com/home/manage?guid={number}",
            "files_url": f"https://api.hellosign.com/v3/signature_request/files/{number}",
            "signatures": [
                {
                    "signature_id": f"{number[-8:]}{index:024d}", "signer_name": name, "signer_role": None,
                    "signer_email_address": f"signer{index}@customers.example", "order": None,
                    "status_code": "awaiting_signature", "signed_at": None, "decline_reason": None, "error": None,
                    "last_viewed_at": None, "last_reminded_at": None, "has_pin": False,
                }
                for index, name in enumerate(signers or ("Harriet Thackray",))
            ],
        } | more  # fmt: skip
        return number

    def sign(self, number: str, who: int | None = None) -> None:
        """One of the people signs, or all."""
        request = self._box.requests[number]
        for index, one in enumerate(request["signatures"]):
            if who is None or index == who:
                one |= {"status_code": "signed", "signed_at": int(self._box.clock.now().timestamp())}
        request["is_complete"] = all(one["status_code"] == "signed" for one in request["signatures"])

    def decline(self, number: str) -> None:
        """The first of the people declines."""
        request = self._box.requests[number]
        request["signatures"][0] |= {"status_code": "declined", "decline_reason": "another colour was ordered"}
        request["is_declined"] = True

    def cancel(self, number: str) -> None:
        """The sender takes it back."""
        self._box.cancelled.add(number)

    def event(self, number: str, kind: str = "signature_request_all_signed") -> dict[str, Any]:
        """What Dropbox Sign sends, as it stands in the field `json` of its form."""
        at = str(int(self._box.clock.now().timestamp()))
        proof = hmac.new(self._box.settings.api_key.encode(), f"{at}{kind}".encode(), hashlib.sha256).hexdigest()
        return {
            "event": {"event_type": kind, "event_time": at, "event_hash": proof, "event_metadata": {}},
            "account_guid": "5008b25c7f67153e57d5a357b1687968068fb465", "client_id": None,
            "signature_request": dict(self._box.requests[number]),
        }  # fmt: skip


def _error(status: int, name: str, text: str) -> Answer:
    return as_json({"error": {"error_msg": text, "error_name": name}}, status)


def _too_many() -> Answer:
    return _error(429, "exceeded_rate", "Too many requests")
