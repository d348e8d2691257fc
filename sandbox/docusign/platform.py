"""The DocuSign sandbox: tokens, user info, envelopes, DocuSign's own errors, and what becomes of envelopes.

Shapes as in docusign/OpenAPI-Specifications (eSignature v2.1) and "User info endpoint"; statuses and codes of errors
are [R].
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.docusign.identity import Identity
from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, Platform, as_json

_TOKEN, _USER = "/oauth/token", "/oauth/userinfo"
_PARTS = {"custom_fields": "customFields", "recipients": "recipients"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The account, and the app that reads it."""

    public_key: str
    account_id: str = "624e3e00-2c0b-4d3a-9f0e-000000000001"
    client_id: str = "7c2b8d7e-83c3-4940-af5e-cda8a50dd73f"
    user_id: str = "4799e5e9-4f3a-4c55-9d0e-cf4713bbcacc"
    audience: str = "account.docusign.com"
    base_uri: str = "https://www.docusign.net"
    per_hour: int = 3000
    seed: int = 1


class DocuSignSandbox(Platform):
    """One account. Paths: `/oauth/token`, `/oauth/userinfo`, `/restapi/v2.1/accounts/{a}/envelopes/{e}`."""

    name = "docusign"

    def __init__(self, settings: Settings, *, clock: Clock | None = None, faults: FaultPlan | None = None) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings
        self.identity = Identity(settings, self.clock)
        self.base_uri = settings.base_uri
        self.envelopes: dict[str, dict[str, Any]] = {}
        self.hand = Hand(self)
        self._calls: list[datetime] = []

    def served_at(self, address: str) -> None:
        """The account is kept at the address of the sandbox."""
        self.base_uri = address

    def kind_of(self, call: Call) -> str:
        """Only reads and tokens are asked for here."""
        return "token" if call.path == _TOKEN else "read" if call.method == "GET" else "write"

    def perform(self, call: Call) -> Answer:
        """Do what the call asks for."""
        if call.path == _TOKEN:
            return self.identity.perform(call)
        if not self.identity.holds(call):
            return _error(
                401, "AUTHORIZATION_INVALID_TOKEN", "The access token provided is expired, revoked or malformed."
            )
        if call.path == _USER:
            account = {
                "account_id": self.settings.account_id, "is_default": True, "account_name": "Northgate Motors",
                "base_uri": self.base_uri,
            }  # fmt: skip
            return as_json({"sub": self.settings.user_id, "name": "Contracts", "accounts": [account]})
        now = self.clock.now()
        self._calls = [one for one in self._calls if now - one < timedelta(hours=1)] + [now]
        if len(self._calls) > self.settings.per_hour:
            return _too_many()
        parts = call.path.strip("/").split("/")
        if call.method != "GET" or parts[:3] != ["restapi", "v2.1", "accounts"] or parts[4:5] != ["envelopes"]:
            return _error(404, "RESOURCE_NOT_FOUND", "There is no such resource.")
        if parts[3] != self.settings.account_id:
            return _error(401, "USER_LACKS_MEMBERSHIP", "The UserID does not have a valid membership in this Account.")
        found = self.envelopes.get(parts[5].lower()) if len(parts) == 6 else None
        if found is None:
            return _error(
                404,
                "ENVELOPE_DOES_NOT_EXIST",
                "The envelope specified either does not exist or you have no rights to it.",
            )
        asked = {_PARTS[one] for one in call.query.get("include", "").split(",") if one in _PARTS}
        hidden = set(_PARTS.values()) - asked
        return as_json({name: value for name, value in found.items() if name not in hidden})

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """DocuSign's own answer to a fault."""
        if fault is Fault.SERVER_ERROR:
            return _error(500, "UNSPECIFIED_ERROR", "An error occurred.")
        if fault is Fault.TOKEN_EXPIRED:
            self.identity.revoke()
            return None
        return _too_many() if fault is Fault.LIMIT_MINUTE else None


class Hand:
    """What becomes of envelopes."""

    def __init__(self, box: DocuSignSandbox) -> None:
        self._box = box
        self._numbers = itertools.count(1)

    def send(self, *signers: str, deal_ref: str = "", subject: str = "Order form", copies: int = 0, **more: Any) -> str:
        """A contract goes out to some people, and a copy to others; the id of the envelope."""
        number = f"5d0c9b1e-3a77-4c55-9d0e-{next(self._numbers):012x}"
        field = {"fieldId": "1", "name": "deal_ref", "value": deal_ref, "show": "false", "required": "false"}
        people = signers or (() if copies else ("Harriet Thackray",))
        self._box.envelopes[number] = {
            "envelopeId": number, "status": "sent", "emailSubject": subject, "sentDateTime": self._now(),
            "statusChangedDateTime": self._now(), "purgeState": "unpurged",
            "customFields": {"textCustomFields": [field] if deal_ref else [], "listCustomFields": []},
            "recipients": {
                "signers": [
                    {"recipientId": str(index), "name": name, "email": f"s{index}@customers.example", "status": "sent"}
                    for index, name in enumerate(people, 1)
                ],
                "carbonCopies": [
                    {"recipientId": f"{90 + index}", "name": "Copy", "email": f"c{index}@northgate.example"}
                    for index in range(copies)
                ],
                "recipientCount": str(len(people) + copies),
            },
        } | more  # fmt: skip
        return number

    def sign(self, number: str, people: int | None = None) -> None:
        """So many of the people sign, or all; when all have, the envelope is completed."""
        envelope = self._box.envelopes[number]
        for one in envelope["recipients"]["signers"][:people]:
            one |= {"status": "completed", "signedDateTime": self._now()}
        if all("signedDateTime" in one for one in envelope["recipients"]["signers"]):
            envelope |= {"status": "completed", "completedDateTime": self._now()}

    def become(self, number: str, status: str) -> None:
        """An envelope is declined or voided."""
        self._box.envelopes[number] |= {"status": status, f"{status}DateTime": self._now()}

    def event(self, number: str, kind: str = "envelope-completed") -> dict[str, Any]:
        """What DocuSign Connect sends in JSON (SIM)."""
        account = self._box.settings.account_id
        return {
            "event": kind, "apiVersion": "v2.1", "uri": f"/restapi/v2.1/accounts/{account}/envelopes/{number}",
            "retryCount": 0, "configurationId": 104233, "generatedDateTime": self._now(),
            "data": {
                "accountId": account, "userId": self._box.settings.user_id, "envelopeId": number,
                "envelopeSummary": dict(self._box.envelopes[number]),
            },
        }  # fmt: skip

    def _now(self) -> str:
        return self._box.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def _error(status: int, code: str, text: str) -> Answer:
    return as_json({"errorCode": code, "message": text}, status)


def _too_many() -> Answer:
    return _error(
        429, "HOURLY_APIINVOCATION_LIMIT_EXCEEDED", "The maximum number of hourly API calls has been exceeded."
    )
