"""Tokens: client credentials and JWT bearer. Neither says how long a token holds."""

from __future__ import annotations

import base64
import binascii
import random
from datetime import datetime, timedelta
from typing import Any

from sandbox.kit import Answer, Call, Clock, as_json, claims_of
from sandbox.salesforce.settings import Settings
from sandbox.salesforce.wire import Refusal, record_id

PATH = "/services/oauth2/token"
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Identity:
    """The org's own token service, and the sessions that hold."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._dice = random.Random(settings.seed)
        self._sessions: dict[str, datetime] = {}
        self.issued = 0

    def perform(self, call: Call) -> Answer:
        """Take a call to the token endpoint."""
        if call.method != "POST":
            return _error("invalid_request", "must use HTTP POST")
        form = call.form()
        kind = form.get("grant_type", "")
        if kind == "client_credentials":
            wrong = self._by_secret(call, form)
        elif kind == _JWT:
            wrong = self._by_assertion(form.get("assertion", ""))
        else:
            wrong = _error("unsupported_grant_type", "grant type not supported")
        return wrong or as_json(self._given())

    def token(self) -> str:
        """A session, without asking for it over the wire."""
        return str(self._given()["access_token"])

    def revoke(self) -> None:
        """Every session ends."""
        self._sessions.clear()

    def check(self, call: Call) -> None:
        """Whether the call has a session that holds.

        Raises:
            Refusal: it has none.
        """
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        until = self._sessions.get(token) if scheme.lower() in ("bearer", "oauth") else None
        if until is None or until <= self._clock.now():
            raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def _given(self) -> dict[str, Any]:
        self.issued += 1
        token = f"{self._settings.organization[:15]}!{self._dice.getrandbits(256):064x}"
        now = self._clock.now()
        self._sessions[token] = now + timedelta(seconds=self._settings.token_life)
        user = record_id("005", 1)
        return {
            "access_token": token,
            "signature": "c2FuZGJveA==",
            "scope": "api",
            "instance_url": self._settings.domain,
            "id": f"https://login.salesforce.com/id/{self._settings.organization}/{user}",
            "token_type": "Bearer",
            "issued_at": str(int(now.timestamp() * 1000)),
        }

    def _by_secret(self, call: Call, form: dict[str, str]) -> Answer | None:
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return _error("invalid_client", "invalid client credentials")
        host = call.headers.get("host", "")
        if host in ("login.salesforce.com", "test.salesforce.com"):
            return _error("invalid_grant", "request not supported on this domain")
        if name != self._settings.client_id:
            return _error("invalid_client_id", "client identifier invalid")
        if secret != self._settings.client_secret:
            return _error("invalid_client", "invalid client credentials")
        if not self._settings.client_credentials:
            return _error("invalid_grant", "no client credentials user enabled")
        return None

    def _by_assertion(self, assertion: str) -> Answer | None:
        try:
            claims = claims_of(assertion, self._settings.public_key)
        except (ValueError, TypeError):
            return _error("invalid_grant", "invalid assertion")
        if claims.get("iss") != self._settings.client_id:
            return _error("invalid_client_id", "client identifier invalid")
        if claims.get("aud") not in self._settings.audiences:
            return _error("invalid_grant", "audience is invalid")
        left = int(claims.get("exp", 0)) - self._clock.now().timestamp()
        if left <= 0:
            return _error("invalid_grant", "expired authorization code")
        if left > self._settings.assertion_life + 5:
            return _error("invalid_grant", "assertion expires too late")
        if claims.get("sub") != self._settings.username:
            return _error("invalid_grant", "user hasn't approved this consumer")
        return None


def _error(code: str, text: str) -> Answer:
    """The token endpoint's errors are an object."""
    return as_json({"error": code, "error_description": text}, 400)
