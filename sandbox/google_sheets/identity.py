"""Tokens of a service account, for an assertion signed with RS256, and what they let a caller do."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.google_sheets.settings import Settings
from sandbox.google_sheets.wire import Refusal
from sandbox.kit import Answer, Call, Clock, as_json, claims_of

PATH = "/token"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SCOPE = "https://www.googleapis.com/auth/"
_READS = frozenset(("drive", "drive.file", "drive.readonly", "spreadsheets", "spreadsheets.readonly"))
_WRITES = frozenset(("drive", "drive.file", "spreadsheets"))
_DRIVE = frozenset(("drive", "drive.file", "drive.readonly", "drive.metadata", "drive.metadata.readonly"))
SCOPES = {"read": _READS, "write": _WRITES, "drive": _DRIVE}


@dataclass(frozen=True, slots=True)
class _Grant:
    user: str
    scopes: frozenset[str]
    until: datetime


class Identity:
    """The token endpoint, and the tokens that hold."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._dice = random.Random(settings.seed)
        self._grants: dict[str, _Grant] = {}
        self.issued = 0

    def perform(self, call: Call) -> Answer:
        """Take a call to the token endpoint."""
        if call.method != "POST":
            return _error("invalid_request", "Only POST is supported.", 405)
        form = call.form()
        if form.get("grant_type") != _GRANT:
            return _error("unsupported_grant_type", "Invalid grant_type: " + form.get("grant_type", ""))
        try:
            claims = claims_of(form.get("assertion", ""), self._settings.public_key)
        except (ValueError, TypeError):
            return _error("invalid_grant", "Invalid JWT Signature.")
        wrong = self._wrong(claims)
        return wrong or as_json(self._given(str(claims["iss"]), str(claims["scope"])))

    def check(self, call: Call, need: str) -> str:
        """Who makes the call, where the token may do this (`read`, `write`, `drive`).

        Raises:
            Refusal: it has none that holds, or it is for something else, or the file is not shared with its holder.
        """
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        grant = self._grants.get(token) if scheme.lower() == "bearer" else None
        if grant is None or grant.until <= self._clock.now():
            raise Refusal(
                401, "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
                "other valid authentication credential.",
            )  # fmt: skip
        if grant.scopes.isdisjoint(SCOPES[need]):
            raise Refusal(403, "Request had insufficient authentication scopes.")
        return grant.user

    def allow(self, user: str, need: str) -> None:
        """Whether the file is shared with a user. Raises Refusal."""
        role = self._settings.shared.get(user)
        if role is None or (need == "write" and role != "writer"):
            raise Refusal(403, "The caller does not have permission")

    def revoke(self) -> None:
        """No token holds any more."""
        self._grants.clear()

    def _wrong(self, claims: dict[str, Any]) -> Answer | None:
        now, settings = self._clock.now().timestamp(), self._settings
        if claims.get("iss") != settings.client_email:
            return _error("invalid_grant", "Invalid grant: account not found")
        if claims.get("aud") != settings.audience:
            return _error("invalid_grant", "Invalid JWT: Failed audience check.")
        begun, ends = int(claims.get("iat", 0)), int(claims.get("exp", 0))
        if not (begun - settings.skew <= now <= ends + settings.skew) or ends - begun > settings.assertion_life:
            return _error(
                "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                "timeframe. Check your iat and exp values in the JWT claim.",
            )  # fmt: skip
        if not str(claims.get("scope", "")).strip():
            return _error("invalid_scope", "Empty or missing scope not allowed.")
        return None

    def _given(self, user: str, scope: str) -> dict[str, Any]:
        self.issued += 1
        token = f"ya29.c.{self._dice.getrandbits(256):064x}"
        scopes = frozenset(one.removeprefix(_SCOPE) for one in scope.split())
        until = self._clock.now() + timedelta(seconds=self._settings.token_life)
        self._grants[token] = _Grant(user, scopes, until)
        return {"access_token": token, "expires_in": self._settings.token_life, "token_type": "Bearer"}


def _error(code: str, text: str, status: int = 400) -> Answer:
    return as_json({"error": code, "error_description": text}, status)
