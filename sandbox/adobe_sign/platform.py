"""The Adobe Sign sandbox: integration key, the place where the account is kept, agreements, and what becomes of them.

Shapes as in the vendor's clients (AgreementInfo, AgreementEvent) and in the samples of its webhooks; codes of errors
as in SdkErrorCodes. The status of INVALID_API_ACCESS_POINT and PERMISSION_DENIED is [R].
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, Platform, as_json

_ROOT = "/api/rest/v6/"


@dataclass(frozen=True, slots=True)
class Settings:
    """The account."""

    token: str = "3AAABLSandboxIntegrationKeyOfTheDealership0000"
    client_id: str = "CBJCHBCAABAAsandboxapplication"
    access_point: str = "https://api.na1.adobesign.com"
    scopes: frozenset[str] = field(default_factory=lambda: frozenset(("agreement_read",)))
    per_minute: int = 250  # [R]


class AdobeSignSandbox(Platform):
    """One account. Under `/api/rest/v6`: `baseUris`, `agreements`, `agreements/{id}`, `agreements/{id}/events`."""

    name = "adobe_sign"

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, faults: FaultPlan | None = None
    ) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings or Settings()
        self.access_point = self.settings.access_point
        self.agreements: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.hand = Hand(self)
        self._calls: list[datetime] = []

    def served_at(self, address: str) -> None:
        """The account is kept at the address of the sandbox."""
        self.access_point = address

    def kind_of(self, call: Call) -> str:
        """Only reads are made here."""
        return "read" if call.method == "GET" else "write"

    def perform(self, call: Call) -> Answer:
        """Do what the call asks for."""
        if call.headers.get("authorization") != f"Bearer {self.settings.token}":
            given = "authorization" in call.headers
            code = "INVALID_ACCESS_TOKEN" if given else "NO_ACCESS_TOKEN_HEADER"
            return _error(401, code, "Access token provided is invalid or has expired")
        now = self.clock.now()
        self._calls = [one for one in self._calls if now - one < timedelta(minutes=1)] + [now]
        if len(self._calls) > self.settings.per_minute:
            return _too_many()
        parts = call.path.removeprefix(_ROOT).split("/")
        if call.method != "GET" or not call.path.startswith(_ROOT):
            return _error(404, "NOT_FOUND", "There is no such resource")
        if parts == ["baseUris"]:
            web = self.access_point.replace("//api.", "//secure.")
            return as_json({"apiAccessPoint": f"{self.access_point}/", "webAccessPoint": f"{web}/"})
        if call.headers.get("host") != urlsplit(self.access_point).netloc:
            return _error(403, "INVALID_API_ACCESS_POINT", "Request must be made to correct API access point")
        if not any(one.startswith("agreement_read") for one in self.settings.scopes):
            return _error(403, "PERMISSION_DENIED", "The API caller does not have the permission to execute this")
        return self._agreements(parts)

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """Adobe's own answer to a fault."""
        if fault is Fault.SERVER_ERROR:
            return _error(500, "MISC_SERVER_ERROR", "Some miscellaneous error has occurred")
        return _too_many() if fault is Fault.LIMIT_MINUTE else None

    def _agreements(self, parts: list[str]) -> Answer:
        if parts == ["agreements"]:
            return as_json({"userAgreementList": list(self.agreements.values())[:1], "page": {}})
        if parts[0] != "agreements" or len(parts) > 3 or parts[2:] not in ([], ["events"]):
            return _error(404, "NOT_FOUND", "There is no such resource")
        number = parts[1]
        if number not in self.agreements:
            return _error(404, "INVALID_AGREEMENT_ID", "The Agreement ID specified is invalid")
        return as_json({"events": self.events[number]} if parts[2:] else self.agreements[number])


class Hand:
    """What becomes of agreements."""

    def __init__(self, box: AdobeSignSandbox) -> None:
        self._box = box
        self._numbers = itertools.count(1)

    def send(self, *signers: str, deal_ref: str = "", name: str = "Order form", **more: Any) -> str:
        """A contract goes out to some people; the id of the agreement."""
        number = f"CBJCHBCAABAA{next(self._numbers):020d}"
        self._box.agreements[number] = {
            "id": number, "name": name, "status": "OUT_FOR_SIGNATURE", "type": "AGREEMENT", "signatureType": "ESIGN",
            "senderEmail": "contracts@northgate.example", "createdDate": self._now(), "message": "", "locale": "en_GB",
            "participantSetsInfo": [
                {
                    "id": f"set{index}", "role": "SIGNER", "order": index + 1,
                    "memberInfos": [{"email": f"signer{index}@customers.example", "name": person}],
                }
                for index, person in enumerate(signers or ("Harriet Thackray",))
            ],
        } | ({"externalId": {"id": deal_ref}} if deal_ref else {}) | more  # fmt: skip
        self._box.events[number] = [{"type": "CREATED", "participantRole": "SENDER", "date": self._now()}]
        return number

    def sign(self, number: str, people: int | None = None) -> None:
        """So many of the people sign, or all; when all have, the agreement is signed."""
        agreement = self._box.agreements[number]
        sets = agreement["participantSetsInfo"]
        for one in sets[:people]:
            self._happens(number, "ACTION_COMPLETED", one["role"], one["memberInfos"][0]["email"])
        if people is None or people >= len(sets):
            agreement["status"] = "SIGNED"

    def become(self, number: str, status: str, kind: str = "RECALLED") -> None:
        """An agreement comes to an end without a signature."""
        self._happens(number, kind, "SENDER")
        self._box.agreements[number]["status"] = status

    def shared(self, number: str) -> None:
        """Somebody is shown it later."""
        self._happens(number, "SHARED", "SHARE")

    def event(self, number: str, kind: str = "AGREEMENT_WORKFLOW_COMPLETED") -> dict[str, Any]:
        """What Adobe sends."""
        return {
            "webhookId": "c52ba8d7", "webhookName": "contracts", "event": kind, "eventDate": self._now(),
            "webhookNotificationId": f"notification-{next(self._numbers)}", "eventResourceType": "agreement",
            "agreement": dict(self._box.agreements[number]),
        }  # fmt: skip

    def _happens(self, number: str, kind: str, role: str, email: str = "contracts@northgate.example") -> None:
        told = {"type": kind, "participantRole": role, "participantEmail": email, "date": self._now()}
        self._box.events[number].append(told)

    def _now(self) -> str:
        return self._box.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _error(status: int, code: str, text: str) -> Answer:
    return as_json({"code": code, "message": text}, status)


def _too_many() -> Answer:
    body = {"code": "THROTTLING_TOO_MANY_REQUESTS", "message": "Too many requests", "retryInSeconds": 20}
    return as_json(body, 429, {"retry-after": "20"})
