"""Tokens: of a private app, which hold until they are changed, and of a public app, for half an hour."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sandbox.hubspot.settings import Settings
from sandbox.hubspot.wire import Refusal
from sandbox.kit import Answer, Call, Clock, as_json

PATH = "/oauth/v1/token"
CONSENT = "/oauth/authorize"


class Identity:
    """Who may call."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._dice = random.Random(settings.seed)
        self._codes: dict[str, str] = {}
        self._refresh: set[str] = set()
        self._access: dict[str, datetime] = {}

    def code(self, redirect_uri: str) -> str:
        """A person gave consent: the code that comes back."""
        code = f"code-{self._dice.getrandbits(128):032x}"
        self._codes[code] = redirect_uri
        return code

    def consent(self, call: Call) -> Answer:
        """The page on which a person gives consent: here one who always does."""
        asked = call.query
        if asked.get("client_id") != self._settings.client_id or not asked.get("redirect_uri"):
            return _error("BAD_CLIENT_ID", "missing or unknown client id", "invalid_client")
        given = urlencode({"code": self.code(asked["redirect_uri"]), "state": asked.get("state", "")})
        return Answer(302, b"", {"location": f"{asked['redirect_uri']}?{given}"})

    def revoke_access(self) -> None:
        """Every access token of the public app ends."""
        self._access.clear()

    def check(self, call: Call, scope: str) -> bool:
        """Whether the call may be made; answers whether it is of the private app.

        Raises:
            Refusal: it may not.
        """
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        private = token == self._settings.private_token
        known = private or self._access.get(token, self._clock.now()) > self._clock.now()
        if scheme.lower() != "bearer" or not known:
            raise Refusal(
                401,
                "INVALID_AUTHENTICATION",
                "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find "
                "more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
            )
        if scope and scope not in self._settings.scopes:
            raise Refusal(
                403,
                "MISSING_SCOPES",
                "This app hasn't been granted all required scopes to make this call.",
                errors=[{"message": "One or more of the following scopes are required.",
                         "context": {"requiredGranularScopes": [scope]}}],
            )  # fmt: skip
        return private

    def perform(self, call: Call) -> Answer:
        """Take a call to the token endpoint."""
        form = call.form()
        if (form.get("client_id"), form.get("client_secret")) != (
            self._settings.client_id, self._settings.client_secret,
        ):  # fmt: skip
            return _error("BAD_CLIENT_ID", "missing or unknown client id", "invalid_client")
        kind = form.get("grant_type")
        if kind == "authorization_code":
            if self._codes.pop(form.get("code", ""), None) != form.get("redirect_uri"):
                return _error("BAD_AUTH_CODE", "missing or unknown auth code", "invalid_grant")
            refresh = f"na1-{self._dice.getrandbits(128):032x}"
            self._refresh.add(refresh)
        elif kind == "refresh_token":
            refresh = form.get("refresh_token", "")
            if refresh not in self._refresh:
                return _error("BAD_REFRESH_TOKEN", "missing or unknown refresh token", "invalid_grant")
        else:
            return _error("BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type")
        access = f"CN{self._dice.getrandbits(192):048x}"
        self._access[access] = self._clock.now() + timedelta(seconds=self._settings.access_life)
        life = int(self._settings.access_life)
        return as_json(
            {"token_type": "bearer", "refresh_token": refresh, "access_token": access, "expires_in": life}
        )  # fmt: skip


def _error(status: str, text: str, code: str) -> Answer:
    return as_json({"status": status, "message": text, "error": code, "error_description": text}, 400)
