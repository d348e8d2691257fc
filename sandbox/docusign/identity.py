"""Tokens for an assertion that an app signs with RS256, for a user who has given it consent."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.kit import Answer, Call, Clock, as_json, claims_of

if TYPE_CHECKING:
    from sandbox.docusign.platform import Settings

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = 3600


class Identity:
    """The token endpoint, and the tokens that hold."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._dice = random.Random(settings.seed)
        self._tokens: dict[str, datetime] = {}
        self.consent = True
        self.issued = 0

    def perform(self, call: Call) -> Answer:
        """Take a call to the token endpoint."""
        form = call.form()
        if call.method != "POST" or form.get("grant_type") != _GRANT:
            return as_json({"error": "unsupported_grant_type"}, 400)
        try:
            claims = claims_of(form.get("assertion", ""), self._settings.public_key)
        except (ValueError, TypeError):
            return _refused("invalid_grant", "no_valid_keys_or_signatures")
        return self._wrong(claims) or as_json(self._given())

    def holds(self, call: Call) -> bool:
        """Whether a call has a token that holds."""
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        until = self._tokens.get(token)
        return kind.lower() == "bearer" and until is not None and self._clock.now() < until

    def revoke(self) -> None:
        """No token holds any more."""
        self._tokens.clear()

    def _wrong(self, claims: dict[str, Any]) -> Answer | None:
        if claims.get("iss") != self._settings.client_id:
            return _refused("invalid_grant", "issuer_not_found")
        if claims.get("sub") != self._settings.user_id:
            return _refused("invalid_grant", "user_not_found")
        if claims.get("aud") != self._settings.audience:
            return _refused("invalid_grant", "invalid_audience")
        if not int(claims.get("iat", 0)) - 300 <= self._clock.now().timestamp() < int(claims.get("exp", 0)):
            return _refused("invalid_grant", "expired_assertion")
        if not self.consent or not {"signature", "impersonation"} <= set(str(claims.get("scope", "")).split()):
            return _refused("consent_required", "")
        return None

    def _given(self) -> dict[str, Any]:
        self.issued += 1
        token = f"eyJ0eXAiOiJNVCIsImFsZyI6IlJTMjU2In0.{self._dice.getrandbits(256):064x}"
        self._tokens[token] = self._clock.now() + timedelta(seconds=_LIFE)
        return {
            "access_token": token, "token_type": "Bearer", "expires_in": _LIFE, "scope": "signature impersonation",
        }  # fmt: skip


def _refused(code: str, why: str) -> Answer:
    return as_json({"error": code, "error_description": why} if why else {"error": code}, 400)
