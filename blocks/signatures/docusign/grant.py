"""How our app gets into DocuSign: a token for an assertion that it signs with its own key, for a user who has given it
consent (RFC 7523). Source: developers.docusign.com, "How to get an access token with JWT Grant".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from dealbooks.errors import StopConnection
from dealbooks.oauth import Client, Token

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SCOPE = "signature impersonation"
_ASSERTION_SECONDS = 600
_MARGIN = 60.0  # seconds before its end at which a token is not used any more


@dataclass(frozen=True, slots=True)
class DocuSignClient(Client):
    """Our app; `user_id` is the user whom it reads as, `account_url` where tokens are given."""

    account_url: str = ""
    user_id: str = ""
    private_key: str = field(default="", repr=False)

    def asked(self, now: datetime) -> Token:
        """A token.

        Raises:
            StopConnection: the private key is none, DocuSign does not know the app or the user, the user has not given
                consent, or DocuSign does not answer.
        """
        assertion = self._assertion(now)
        return self._asked(
            lambda session: session.fetch_token(self.token_url, grant_type=_GRANT, assertion=assertion), now
        )

    def _assertion(self, now: datetime) -> str:
        issued = int(now.timestamp())
        claims: dict[str, Any] = {"iss": self.client_id, "sub": self.user_id, "scope": _SCOPE}
        claims |= {"aud": urlsplit(self.account_url).netloc, "iat": issued, "exp": issued + _ASSERTION_SECONDS}
        try:
            return jwt.encode({"alg": "RS256", "typ": "JWT"}, claims, RSAKey.import_key(self.private_key))
        except (JoseError, ValueError, TypeError):
            wrong = StopConnection(
                f"signatures.{self.name}: the private key cannot be read.",
                fix="Give a whole RSA key in PEM, from -----BEGIN to -----END, without a password.",
            )
        raise wrong  # outside of the except clause: the library's error may hold the key

    def _refusal(self, code: str) -> StopConnection:
        fix = "Check client_id, user_id, private_key and account_url, and that this machine's clock is right."
        if code == "consent_required":
            asked = urlencode({"response_type": "code", "scope": _SCOPE, "client_id": self.client_id})
            fix = (
                "Have that user open this address once, with a redirect address of your app at its end: "
                f"{self.account_url}/oauth/auth?{asked}&redirect_uri="
            )
        return StopConnection(f"{self.name}: DocuSign gives our app no token ({code}).", fix=fix)


class Session:
    """The token of this process. Safe for several threads."""

    def __init__(self, client: DocuSignClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._token: Token | None = None
        self._seen: dict[str, None] = {}
        self._alone = threading.RLock()

    def headers(self) -> Mapping[str, str]:
        """The header that authorises a call. Raises as `DocuSignClient.asked`."""
        with self._alone:
            if self._token is None or not self._token.holds(self._now(), _MARGIN):
                self._token = self._client.asked(self._now())
                self._seen[self._token.access] = None
            return {"authorization": f"Bearer {self._token.access}"}

    def renew(self) -> None:
        """The token was refused: get another. Raises as `DocuSignClient.asked`."""
        with self._alone:
            self._token = None
            self.headers()

    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return tuple(one for one in (self._client.private_key, *self._seen) if one)
