"""What a platform's token endpoint gives for a code, a refresh token, or the client's own secret. Authlib speaks it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import httpx

from dealbooks.errors import StopConnection

with warnings.catch_warnings():  # Authlib says at every import that it prefers httpx's successor
    import_module("authlib.deprecate")  # which first makes sure that it is heard
    warnings.simplefilter("ignore")
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import OAuth2Client

# RFC 6749 section 5.2: answers after which the same grant never works again, and those to a wrong id or secret.
_DEAD = frozenset({"invalid_grant", "unauthorized_client"})
_NOT_US = frozenset({"invalid_client"})
_CODE = re.compile(r"[a-z_]{1,40}")
_DEFAULT_LIFE = 1800
_AGAIN = "Nothing is lost; it is tried again by the next run."


class DeadGrant(StopConnection):
    """The consent behind a connection has ended: a person must give it anew. It is not tried again."""


@dataclass(frozen=True, slots=True)
class Token:
    """What authorises calls, until when, and what gets the next one. Never shown."""

    access: str = field(repr=False)
    expires_at: datetime
    refresh: str = field(default="", repr=False)
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    def holds(self, now: datetime, margin: float) -> bool:
        """Whether it will still hold so many seconds from now."""
        return now + timedelta(seconds=margin) < self.expires_at


@dataclass(frozen=True, slots=True)
class Client:
    """Our registration with a platform. `name` is the connection, for messages."""

    name: str
    client_id: str
    client_secret: str = field(repr=False)
    token_url: str
    authorize_url: str = ""
    scope: str = ""
    auth_method: str = "client_secret_basic"
    transport: httpx.BaseTransport | None = None
    timeout: float = 30.0

    def consent_address(self, redirect_uri: str) -> tuple[str, str]:
        """Where a person gives consent, and the `state` that must come back with it (RFC 6749 section 4.1.1)."""
        with self._session(redirect_uri=redirect_uri) as session:
            address, state = session.create_authorization_url(self.authorize_url)
        return address, state

    def by_code(self, code: str, redirect_uri: str, now: datetime) -> Token:
        """The first token, for the code that the consent brought.

        Raises:
            DeadGrant: the code is used up or was not for us.
            StopConnection: the platform does not answer.
        """
        return self._asked(
            lambda session: session.fetch_token(self.token_url, code=code, grant_type="authorization_code"),
            now, redirect_uri=redirect_uri,
        )  # fmt: skip

    def by_refresh(self, refresh: str, now: datetime) -> Token:
        """The next token. An answer without a new refresh token means that the old one goes on.

        Raises:
            DeadGrant: the refresh token is not good any more.
            StopConnection: the platform does not answer; the old refresh token may have been used up meanwhile.
        """
        return self._asked(lambda session: session.refresh_token(self.token_url, refresh_token=refresh), now)

    def by_secret(self, now: datetime) -> Token:
        """A token for ourselves (client credentials).

        Raises:
            StopConnection: the platform does not know the client or its secret, or does not answer.
        """
        return self._asked(
            lambda session: session.fetch_token(self.token_url, grant_type="client_credentials", scope=self.scope), now
        )

    def _session(self, **more: Any) -> OAuth2Client:
        return OAuth2Client(
            self.client_id,
            self.client_secret,
            token_endpoint_auth_method=self.auth_method,
            scope=self.scope or None,
            transport=self.transport,
            timeout=self.timeout,
            **more,
        )

    def _asked(self, ask: Callable[[OAuth2Client], Mapping[str, Any]], now: datetime, **more: Any) -> Token:
        # Raised outside of the except clauses: the errors of the libraries hold the request, and with it the secret.
        problem: StopConnection | None = None
        given: object = None
        try:
            with self._session(**more) as session:
                given = ask(session)
        except OAuthError as error:
            problem = self._refusal(_code(error.error))
        except httpx.HTTPError as error:
            problem = StopConnection(f"{self.name} gives no token: {_why(error)}.", fix=_AGAIN)
        except ValueError:  # what came is not JSON
            problem = StopConnection(f"{self.name} gives no token: the answer cannot be read.", fix=_AGAIN)
        if problem is not None:
            raise problem
        return _token(self.name, given, now)

    def _refusal(self, code: str) -> StopConnection:
        if code in _NOT_US:
            return StopConnection(
                f"{self.name} refuses us authorisation: it does not know our app, or not with this secret ({code}).",
                fix="Correct client_id and client_secret in the settings of the ledger.",
            )
        if code in _DEAD:
            return DeadGrant(
                f"{self.name} does not accept our authorisation any more ({code}).",
                fix=f"Reconnect it: dealbooks connect {self.name}",
            )
        return StopConnection(
            f"{self.name} refused to give a token ({code}).", fix="It is tried again by the next run."
        )


def _code(text: object) -> str:
    """An error code of RFC 6749, and nothing that is none: some platforms repeat the request there."""
    return text if isinstance(text, str) and _CODE.fullmatch(text) else "no reason that can be shown"


def _why(error: httpx.HTTPError) -> str:
    """Without the request, whose body holds the secret."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return "no answer came"


def _token(name: str, given: object, now: datetime) -> Token:
    if not isinstance(given, Mapping) or not given.get("access_token"):
        raise StopConnection(f"{name}: the platform answered without a token.", fix=_AGAIN)
    known = ("access_token", "refresh_token", "expires_in", "expires_at", "token_type", "id_token")
    extra = {key: str(value) for key, value in given.items() if key not in known}
    life = str(given.get("expires_in") or "")
    seconds = int(life) if life.isdigit() else _DEFAULT_LIFE
    return Token(
        str(given["access_token"]), now + timedelta(seconds=seconds), str(given.get("refresh_token") or ""), extra
    )
