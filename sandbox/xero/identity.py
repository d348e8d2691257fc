"""Xero's identity service: consent, tokens that rotate, and which organisations an app may reach."""

from __future__ import annotations

import base64
import binascii
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sandbox.kit import Answer, Call, Clock, as_json
from sandbox.xero.settings import ALL_SCOPES, OPEN_SCOPES, Settings
from sandbox.xero.wire import Doc, problem

TOKEN_PATHS = ("/connect/token", "/connect/revocation", "/identity/connect/authorize")


@dataclass(slots=True)
class App:
    """An app that was registered with Xero. `custom`: it is for one organisation, and gets tokens by its own secret."""

    client_id: str
    secret: str
    scopes: frozenset[str] = ALL_SCOPES
    custom: bool = False
    tenant: str = ""


@dataclass(slots=True)
class Grant:
    """A person's consent to an app."""

    app: App
    scopes: frozenset[str]
    tenants: set[str]
    revoked: bool = False


@dataclass(slots=True)
class Access:
    """An access token."""

    grant: Grant
    until: datetime


@dataclass(slots=True)
class _Refresh:
    grant: Grant
    issued: datetime
    used: datetime | None = None


@dataclass(slots=True)
class Connection:
    """That an app may reach an organisation."""

    id: str
    tenant: str
    name: str
    created: datetime


class _Error(Exception):
    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.answer = as_json({"error": code}, status)


@dataclass(slots=True)
class Identity:
    """Who holds which token. The first app is `sandbox-app`, the first custom connection `sandbox-custom`."""

    settings: Settings
    clock: Clock
    dice: random.Random
    apps: dict[str, App] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    refreshes: int = 0
    _codes: dict[str, tuple[Grant, str, datetime]] = field(default_factory=dict)
    _access: dict[str, Access] = field(default_factory=dict)
    _refresh: dict[str, _Refresh] = field(default_factory=dict)

    def register(self, app: App) -> App:
        """One more app."""
        self.apps[app.client_id] = app
        return app

    def connect(self, connection: Connection) -> None:
        """Open an organisation to the apps."""
        self.connections[connection.tenant] = connection

    def consent(
        self, client_id: str = "sandbox-app", scopes: Iterable[str] = ALL_SCOPES, tenants: Iterable[str] | None = None
    ) -> Grant:
        """A person's consent; by default to everything, for every organisation."""
        return Grant(self.apps[client_id], frozenset(scopes), set(self.connections if tenants is None else tenants))

    def code(self, grant: Grant, redirect_uri: str = "") -> str:
        """The code that a consent brings."""
        code = self._secret("code")
        self._codes[code] = (grant, redirect_uri, self.clock.now())
        return code

    def tokens(self, grant: Grant) -> Doc:
        """What the token endpoint answers for a grant, without asking for it over the wire."""
        access = self._secret("at")
        self._access[access] = Access(grant, self.clock.now() + timedelta(seconds=self.settings.access_token_life))
        given: Doc = {
            "access_token": access, "expires_in": int(self.settings.access_token_life), "token_type": "Bearer",
            "scope": " ".join(sorted(grant.scopes)),
        }  # fmt: skip
        if "offline_access" in grant.scopes and not grant.app.custom:
            given["refresh_token"] = self._secret("rt")
            self._refresh[given["refresh_token"]] = _Refresh(grant, self.clock.now())
        return given

    def expire(self, token: str) -> None:
        """An access token ends now."""
        if held := self._access.get(token):
            held.until = self.clock.now()

    def access(self, call: Call) -> Access:
        """The access token of a call.

        Raises:
            Refusal: there is none, or it is not good any more.
        """
        token = bearer(call)
        held = self._access.get(token)
        if held is None or held.grant.revoked:
            raise problem(401, "Unauthorized", "AuthenticationUnsuccessful")
        if held.until <= self.clock.now():
            raise problem(401, "Unauthorized", f"TokenExpired: token expired at {held.until:%m/%d/%Y %H:%M:%S}")
        return held

    def perform(self, call: Call) -> Answer:
        """Take a call to the identity service."""
        if call.path == TOKEN_PATHS[2]:
            return self._authorize(call)
        form = call.form()
        try:
            app = self._client(call, form)
            if call.path == TOKEN_PATHS[1]:
                if held := self._refresh.get(form.get("token", "")):
                    held.grant.revoked = True
                return Answer(200)
            return as_json(self.tokens(self._granted(app, form)), headers={"cache-control": "no-store"})
        except _Error as error:
            return error.answer

    def listed(self, access: Access) -> list[Doc]:
        """GET /connections."""
        found = []
        for tenant in sorted(access.grant.tenants & set(self.connections)):
            link = self.connections[tenant]
            moment = f"{link.created:%Y-%m-%dT%H:%M:%S.%f}0"
            found.append({
                "id": link.id, "authEventId": link.id, "tenantId": link.tenant, "tenantType": "ORGANISATION",
                "tenantName": link.name, "createdDateUtc": moment, "updatedDateUtc": moment,
            })  # fmt: skip
        return found

    def disconnect(self, access: Access, ref: str) -> bool:
        """DELETE /connections/{id}: whether there was one."""
        for tenant in list(access.grant.tenants):
            if tenant in self.connections and self.connections[tenant].id == ref:
                access.grant.tenants.discard(tenant)
                return True
        return False

    def _client(self, call: Call, form: dict[str, str]) -> App:
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise _Error("invalid_client", 401) from None
        app = self.apps.get(name)
        if app is None or app.secret != secret:
            raise _Error("invalid_client", 400)
        return app

    def _granted(self, app: App, form: dict[str, str]) -> Grant:
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return self._by_code(app, form)
        if kind == "refresh_token":
            return self._by_refresh(app, form)
        if kind == "client_credentials":
            return self._by_secret(app, form)
        raise _Error("unsupported_grant_type")

    def _by_code(self, app: App, form: dict[str, str]) -> Grant:
        grant, redirect_uri, made = self._codes.pop(form.get("code", ""), (None, "", self.clock.now()))
        late = self.clock.now() - made > timedelta(seconds=self.settings.code_life)
        if grant is None or late or grant.app is not app or redirect_uri not in ("", form.get("redirect_uri")):
            raise _Error("invalid_grant")
        return grant

    def _by_refresh(self, app: App, form: dict[str, str]) -> Grant:
        held = self._refresh.get(form.get("refresh_token", ""))
        now = self.clock.now()
        if held is None or held.grant.app is not app or held.grant.revoked:
            raise _Error("invalid_grant")
        if now - held.issued > timedelta(seconds=self.settings.refresh_token_life):
            raise _Error("invalid_grant")
        if held.used and now - held.used > timedelta(seconds=self.settings.refresh_grace):
            raise _Error("invalid_grant")
        held.used = held.used or now
        self.refreshes += 1
        return held.grant

    def _by_secret(self, app: App, form: dict[str, str]) -> Grant:
        if not app.custom:
            raise _Error("unauthorized_client")
        asked = frozenset(form.get("scope", "").split()) or app.scopes - OPEN_SCOPES
        if not asked <= app.scopes:
            raise _Error("invalid_scope")
        return Grant(app, asked, {app.tenant or next(iter(self.connections))})

    def _authorize(self, call: Call) -> Answer:
        """The consent page, where the person says yes at once."""
        app = self.apps.get(call.query.get("client_id", ""))
        asked = frozenset(call.query.get("scope", "").split())
        if app is None or app.custom or call.query.get("response_type") != "code":
            return as_json({"error": "unauthorized_client"}, 400)
        back = {"state": call.query.get("state", "")}
        if asked <= app.scopes:
            back["code"] = self.code(self.consent(app.client_id, asked), call.query.get("redirect_uri", ""))
        else:
            back["error"] = "invalid_scope"
        return Answer(302, b"", {"location": f"{call.query.get('redirect_uri', '')}?{urlencode(back)}"})

    def _secret(self, kind: str) -> str:
        return f"{kind}-{self.dice.getrandbits(160):040x}"


def bearer(call: Call) -> str:
    """The access token that a call carries, or nothing."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""
