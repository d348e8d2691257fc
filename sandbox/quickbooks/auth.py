"""Consent and tokens: authorization code, refresh with a refresh token that changes every day, dead grants.

Sources: Intuit's OAuth documents and SDKs; RFC 6749 for the shape of refusals.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.kit import Answer, Call, as_json
from sandbox.quickbooks.settings import Settings


@dataclass(slots=True)
class _Grant:
    """What a person consented to: this app, this company."""

    client: str
    realm: str
    given: datetime
    refresh: str
    refresh_made: datetime
    used: datetime
    former: str = ""
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """An access token that was given out."""

    client: str
    realm: str
    until: datetime


class Grants:
    """Codes, refresh tokens and access tokens of all companies. Tokens are made from a counter: the same every run."""

    def __init__(self, clients: Mapping[str, str], settings: Settings, now: Callable[[], datetime]) -> None:
        self._clients = dict(clients)
        self._settings = settings
        self._now = now
        self._count = itertools.count(1)
        self._codes: dict[str, tuple[str, str, str, datetime]] = {}
        self._grants: list[_Grant] = []
        self._access: dict[str, Access] = {}

    def code(self, client: str, realm: str, redirect_uri: str) -> str:
        """The code that a person's consent sends back to the app."""
        made = self._made("code")
        self._codes[made] = (client, realm, redirect_uri, self._now())
        return made

    def granted(self, client: str, realm: str) -> dict[str, Any]:
        """A new consent and its first tokens."""
        now = self._now()
        grant = _Grant(client, realm, now, self._made("RT1"), now, now)
        self._grants.append(grant)
        return self._answer(grant)

    def end(self, realm: str) -> None:
        """Somebody disconnects the app from a company: every token of it is dead."""
        for grant in self._grants:
            grant.dead = grant.dead or grant.realm == realm
        self._access = {token: access for token, access in self._access.items() if access.realm != realm}

    def access(self, header: str) -> Access | None:
        """What an `Authorization: Bearer` header opens; None: it opens nothing, or does so no more."""
        found = self._access.get(header.removeprefix("Bearer ").strip())
        return found if found is not None and self._now() < found.until else None

    def expire(self, header: str) -> None:
        """An access token ends before its time."""
        self._access.pop(header.removeprefix("Bearer ").strip(), None)

    def token(self, call: Call) -> Answer:
        """The token endpoint."""
        client = self._client(call)
        if client is None:
            return _refused("invalid_client", 401)
        form = call.form()
        wanted = form.get("grant_type", "")
        if wanted == "authorization_code":
            return self._by_code(client, form)
        if wanted == "refresh_token":
            return self._by_refresh(client, form.get("refresh_token", ""))
        return _refused("unsupported_grant_type")

    def revoke(self, call: Call) -> Answer:
        """The revocation endpoint."""
        if self._client(call) is None:
            return _refused("invalid_client", 401)
        try:
            token = call.json() if "json" in call.headers.get("content-type", "") else call.form()
        except ValueError:
            return _refused("invalid_request")
        given = str(token.get("token", "")) if isinstance(token, Mapping) else ""
        access = self._access.get(given)
        for grant in self._grants:
            if given in (grant.refresh, grant.former) or (access is not None and access.realm == grant.realm):
                self.end(grant.realm)
                return Answer(200)
        return _refused("invalid_request")

    def _by_code(self, client: str, form: Mapping[str, str]) -> Answer:
        known = self._codes.pop(form.get("code", ""), None)
        late = known is not None and self._now() > known[3] + timedelta(seconds=self._settings.code_life)
        if known is None or late or known[0] != client or known[2] != form.get("redirect_uri", ""):
            return _refused("invalid_grant")
        return as_json(self.granted(client, known[1]))

    def _by_refresh(self, client: str, token: str) -> Answer:
        now, settings = self._now(), self._settings
        grant = next((one for one in self._grants if token and token in (one.refresh, one.former)), None)
        if grant is None or grant.dead or grant.client != client:
            return _refused("invalid_grant")
        over = now - grant.given > timedelta(seconds=settings.consent_life)
        idle = now - grant.used > timedelta(seconds=settings.refresh_life)
        grace = timedelta(seconds=settings.old_refresh_grace)
        former = token == grant.former and now - grant.refresh_made >= grace
        if over or idle or former:
            return _refused("invalid_grant")
        grant.used = now
        if now - grant.refresh_made >= timedelta(seconds=settings.rotation):
            grant.former, grant.refresh, grant.refresh_made = grant.refresh, self._made("RT1"), now
        return as_json(self._answer(grant))

    def _answer(self, grant: _Grant) -> dict[str, Any]:
        settings, now = self._settings, self._now()
        token = self._made("AT")
        self._access[token] = Access(grant.client, grant.realm, now + timedelta(seconds=settings.access_life))
        left = grant.used + timedelta(seconds=settings.refresh_life) - now
        return {
            "token_type": "bearer",
            "access_token": token,
            "expires_in": int(settings.access_life),
            "refresh_token": grant.refresh,
            "x_refresh_token_expires_in": int(left.total_seconds()),
        }

    def _client(self, call: Call) -> str | None:
        kind, _, given = call.headers.get("authorization", "").partition(" ")
        try:
            name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
        except ValueError:
            return None
        return name if kind == "Basic" and secret and self._clients.get(name) == secret else None

    def _made(self, kind: str) -> str:
        number = next(self._count)
        return f"{kind}-{number}-{hashlib.sha256(f'{kind}/{number}'.encode()).hexdigest()}"


def _refused(error: str, status: int = 400) -> Answer:
    return as_json({"error": error}, status)
