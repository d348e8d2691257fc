"""How a service account gets into Google: a token for an assertion that it signs with its own key (RFC 7523)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from dealbooks.errors import StopConnection
from dealbooks.oauth import Client, Token

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS = 3600  # an hour at most [R]
_MARGIN = 60.0  # seconds before its end at which a token is not used any more


@dataclass(frozen=True, slots=True)
class ServiceAccount(Client):
    """A service account; `client_id` is its e-mail address."""

    private_key: str = field(default="", repr=False)
    key_id: str = ""

    def asked(self, now: datetime) -> Token:
        """A token.

        Raises:
            StopConnection: the private key is none, Google does not know the account or its key, or does not answer.
        """
        assertion = self._assertion(now)
        return self._asked(
            lambda session: session.fetch_token(self.token_url, grant_type=_GRANT, assertion=assertion), now
        )

    def _assertion(self, now: datetime) -> str:
        issued = int(now.timestamp())
        claims: dict[str, Any] = {"iss": self.client_id, "scope": self.scope, "aud": self.token_url}
        claims |= {"iat": issued, "exp": issued + _ASSERTION_SECONDS}
        header = {"alg": "RS256", "typ": "JWT"} | ({"kid": self.key_id} if self.key_id else {})
        try:
            return jwt.encode(header, claims, RSAKey.import_key(self.private_key))
        except (JoseError, ValueError, TypeError):
            wrong = StopConnection(
                f"sources.{self.name}: the private key of the service account cannot be read.",
                fix="Give the whole JSON file that Google gave, or its private_key from -----BEGIN to -----END.",
            )
        raise wrong  # outside of the except clause: the library's error may hold the key

    def _refusal(self, code: str) -> StopConnection:
        return StopConnection(
            f"{self.name}: Google gives the service account {self.client_id} no token ({code}).",
            fix="Check that the account and its key still exist, and that this machine's clock is right.",
        )


class Session:
    """The token of this process. Safe for several threads."""

    def __init__(self, account: ServiceAccount, now: Callable[[], datetime]) -> None:
        self.account = account
        self.now = now
        self._token: Token | None = None
        self._seen: dict[str, None] = {}
        self._alone = threading.RLock()

    def headers(self) -> Mapping[str, str]:
        """The header that authorises a call. Raises as `ready`."""
        return {"authorization": f"Bearer {self.ready().access}"}

    def ready(self) -> Token:
        """A token that holds. Raises as `ServiceAccount.asked`."""
        with self._alone:
            if self._token is None or not self._token.holds(self.now(), _MARGIN):
                self._token = self.account.asked(self.now())
                self._seen[self._token.access] = None
            return self._token

    def renew(self) -> None:
        """The token was refused: get another. Raises as `ready`."""
        with self._alone:
            self._token = None
            self.ready()

    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return tuple(one for one in (self.account.private_key, *self._seen) if one)
