"""How our app gets into a Salesforce org: tokens by client credentials or by a signed assertion.

Neither brings a refresh token or says how long a token holds: one is used until it is refused. So there is nothing to
keep, and a process asks for one of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from dealbooks.errors import StopConnection
from dealbooks.oauth import Client, Token

_ASSERTION_SECONDS = 150  # the assertion may hold three minutes [C simple_salesforce/login.py]
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SHORT_ID = 15


@dataclass(frozen=True, slots=True)
class SalesforceClient(Client):
    """Our app in an org. With `private_key` it signs assertions for `username`; without, it gives its secret."""

    username: str = ""
    audience: str = ""
    private_key: str = field(default="", repr=False)

    def asked(self, now: datetime) -> Token:
        """A token.

        Raises:
            StopConnection: the private key is none, the org does not know the app, or does not answer.
        """
        if not self.private_key:
            return self.by_secret(now)
        assertion = self._assertion(now)
        return self._asked(
            lambda session: session.fetch_token(self.token_url, grant_type=_GRANT, assertion=assertion), now
        )

    def _assertion(self, now: datetime) -> str:
        claims: dict[str, Any] = {"iss": self.client_id, "sub": self.username, "aud": self.audience}
        claims["exp"] = int(now.timestamp()) + _ASSERTION_SECONDS
        try:
            return jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(self.private_key))
        except (JoseError, ValueError, TypeError):
            wrong = StopConnection(
                f"sources.{self.name}: the private key cannot be read.",
                fix="Give a whole RSA key in PEM, from -----BEGIN to -----END, without a password.",
            )
        raise wrong  # outside of the except clause: the library's error may hold the key

    def _refusal(self, code: str) -> StopConnection:
        how = (
            "Check client_id, the private key, username and audience, and that the app lets this user in beforehand "
            "(Admin approved users)."
            if self.private_key
            else "Check url, client_id and client_secret, and that the app has the client credentials flow and a user "
            "to run as."
        )
        return StopConnection(f"{self.name}: Salesforce gives our app no token ({code}).", fix=how)


class Session:
    """The token of this process, and where it is good for calls. Safe for several threads."""

    def __init__(self, client: SalesforceClient, now: Callable[[], datetime], *, organization_id: str = "") -> None:
        self._client = client
        self._now = now
        self._wanted = organization_id
        self._token: Token | None = None
        self._seen: dict[str, None] = {}
        self._alone = threading.RLock()

    def headers(self) -> Mapping[str, str]:
        """The header that authorises a call. Raises as `token` does."""
        return {"authorization": f"Bearer {self.token().access}"}

    def token(self) -> Token:
        """The token.

        Raises:
            StopConnection: there is none to be had now, or it is for another org than the settings say.
        """
        with self._alone:
            if self._token is None:
                self._token = self._checked(self._client.asked(self._now()))
                self._seen[self._token.access] = None
            return self._token

    def renew(self) -> None:
        """The token was refused: get another. Raises as `token` does."""
        with self._alone:
            self._token = None
            self.token()

    def base(self) -> str:
        """Where calls go: the address that came with the token."""
        given = self.token().extra.get("instance_url", "")
        return given.rstrip("/")

    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return tuple(one for one in (self._client.client_secret, self._client.private_key, *self._seen) if one)

    def _checked(self, token: Token) -> Token:
        """The token's `id` is an address that ends in org and user."""
        parts = urlsplit(token.extra.get("id", "")).path.strip("/").split("/")
        org = parts[1] if len(parts) > 1 else ""
        if self._wanted and org[:_SHORT_ID] != self._wanted[:_SHORT_ID]:
            raise StopConnection(
                f"sources.{self._client.name} reaches the org {org}, and organization_id says {self._wanted}.",
                fix="Correct url, or organization_id.",
            )
        if not token.extra.get("instance_url", "").startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise StopConnection(
                f"{self._client.name}: Salesforce gave a token without an address for calls.",
                fix="Check url: it is the address of the org's own domain.",
            )
        return token
