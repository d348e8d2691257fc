"""The token of a connection: handed out while it holds, renewed by one process at a time, never lost in between.

A new refresh token is durable before it is used: it is written in the transaction that gives back the refresh lease.
If an answer was lost on its way, the old refresh token is tried again; most platforms accept it for a while.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import select

from dealbooks.errors import ConfigError, StopConnection
from dealbooks.http import Pace
from dealbooks.oauth.grant import Client, DeadGrant, Token
from dealbooks.oauth.seal import Seal
from dealbooks.store import Store
from dealbooks.store.leases import Lease
from dealbooks.store.tables import tokens

_MARGIN = 120.0  # seconds before its end at which a token is renewed
_WAITS, _WAIT = 120, 0.5


@dataclass(frozen=True, slots=True)
class TokenState:
    """What the store keeps of a connection: whether its grant is dead, until when its last token holds, and when that
    was got (as the store writes moments)."""

    dead: bool
    until: datetime
    renewed_at: str


class TokenSource:
    """Hands out the authorisation of one connection. `grant` is `code` (a person gave consent) or `secret`; `seal` is
    asked for when something is first written or read."""

    def __init__(
        self, store: Store, seal: Callable[[], Seal], client: Client, pace: Pace, *, grant: str, seconds: float = 60.0
    ) -> None:
        self._store = store
        self._found = seal
        self._client = client
        self._pace = pace
        self._grant = grant
        self._seconds = seconds
        self._token: Token | None = None
        self._seen: dict[str, None] = {}

    def headers(self) -> Mapping[str, str]:
        """The header that authorises a call.

        Raises:
            DeadGrant: a person must reconnect.
            StopConnection: no token can be had now.
        """
        return {"authorization": f"Bearer {self.token().access}"}

    def token(self) -> Token:
        """A token that holds. Raises as `headers` does."""
        if self._token is not None and self._token.holds(self._pace.now(), _MARGIN):
            return self._token
        return self._renewed(refused="")

    def renew(self) -> None:
        """The platform refused the token before its time: get another, unless another process has. Raises as
        `headers` does."""
        self._renewed(refused=self._token.access if self._token is not None else "")

    def consent(self, redirect_uri: str) -> tuple[str, str]:
        """The address where a person gives consent, and the `state` that must come back with the answer.

        Raises:
            ConfigError: this connection needs nobody's consent, or the key that seals its token is not right.
        """
        if self._grant != "code":
            raise ConfigError(
                f"{self._client.name} needs no consent: it has a secret of its own.", fix="There is nothing to do."
            )
        self._seal.sealed("")  # the key that the token will need is there before anybody consents
        return self._client.consent_address(redirect_uri)

    def consented(self, code: str, redirect_uri: str, extra: Mapping[str, str]) -> None:
        """Keep the first token of a consent; `extra` is what came with the answer (the company's id at QuickBooks).
        Raises as `headers` does."""
        token = self._client.by_code(code, redirect_uri, self._pace.now())
        self.keep(Token(token.access, token.expires_at, token.refresh, {**token.extra, **extra}))

    def keep(self, token: Token) -> None:
        """Keep a token that did not come by renewal."""
        self._save(token, None)

    def secrets(self) -> tuple[str, ...]:
        """What must not be shown: the app's secret, and every token that this process has had."""
        return (self._client.client_secret, *self._seen)

    def state(self) -> TokenState | None:
        """What the store keeps, without asking anybody; None: nothing.

        Raises:
            ConfigError: it was sealed with another key.
        """
        row = self._row()
        if row is None:
            return None
        token = _read(self._seal.opened(row["sealed"]))
        return TokenState(row["state"] == "dead", token.expires_at, row["renewed_at"])

    @property
    def needs_person(self) -> bool:
        """Whether the authorisation rests on a person's consent."""
        return self._grant == "code"

    def _hold(self, token: Token) -> None:
        self._token = token
        self._seen |= dict.fromkeys(secret for secret in (token.access, token.refresh) if secret)

    @cached_property
    def _seal(self) -> Seal:
        return self._found()

    # -- renewing ----------------------------------------------------------------------------------------

    def _renewed(self, *, refused: str) -> Token:
        lease = Lease(self._store, f"token:{self._client.name}", seconds=self._seconds)
        for _ in range(_WAITS):
            kept = self._kept()
            if kept is not None and kept.access != refused and kept.holds(self._pace.now(), _MARGIN):
                self._hold(kept)
                return kept
            if lease.acquire():
                return self._asked_for(lease, refused)
            self._pace.sleep(_WAIT)
        raise StopConnection(
            f"Another process has been renewing the token of {self._client.name} for too long.",
            fix="It is tried again by the next run.",
        )

    def _asked_for(self, lease: Lease, refused: str) -> Token:
        try:
            kept = self._kept()  # another may have been faster
            if kept is not None and kept.access != refused and kept.holds(self._pace.now(), _MARGIN):
                lease.release()
                self._hold(kept)
                return kept
            token = self._granted(kept)
        except DeadGrant:
            self._mark_dead(lease)
            raise
        except BaseException:
            lease.release()
            raise
        self._save(token, lease)
        return token

    def _granted(self, kept: Token | None) -> Token:
        now = self._pace.now()
        if self._grant == "secret":
            return self._client.by_secret(now)
        if kept is None or not kept.refresh:
            raise DeadGrant(
                f"{self._client.name} is not connected.", fix=f"Connect it: dealbooks connect {self._client.name}"
            )
        token = self._client.by_refresh(kept.refresh, now)
        return Token(token.access, token.expires_at, token.refresh or kept.refresh, {**kept.extra, **token.extra})

    # -- the store ---------------------------------------------------------------------------------------

    def _row(self) -> Mapping[str, str] | None:
        with self._store.read() as conn:
            row = conn.execute(select(tokens).where(tokens.c.connection == self._client.name)).mappings().first()
        return None if row is None else dict(row)

    def _kept(self) -> Token | None:
        row = self._row()
        if row is None:
            return None
        if row["state"] == "dead" and self._grant == "code":
            raise DeadGrant(
                f"{self._client.name} does not accept our authorisation any more.",
                fix=f"Reconnect it: dealbooks connect {self._client.name}",
            )
        return _read(self._seal.opened(row["sealed"]))

    def _save(self, token: Token, lease: Lease | None) -> None:
        with self._store.transaction("token", f"renew {self._client.name}") as tx:
            values = {"sealed": self._seal.sealed(_written(token)), "state": "live", "renewed_at": tx.at}
            chosen = tokens.c.connection == self._client.name
            if tx.conn.execute(tokens.update().where(chosen).values(**values)).rowcount == 0:
                tx.conn.execute(tokens.insert(), [{"connection": self._client.name} | values])
            if lease is not None:
                lease.release_in(tx)
        self._hold(token)

    def _mark_dead(self, lease: Lease) -> None:
        with self._store.transaction("token", f"{self._client.name} must be reconnected") as tx:
            chosen = tokens.c.connection == self._client.name
            tx.conn.execute(tokens.update().where(chosen).values(state="dead", renewed_at=tx.at))
            lease.release_in(tx)


def _written(token: Token) -> str:
    return json.dumps(
        {
            "access": token.access,
            "expires_at": token.expires_at.isoformat(),
            "refresh": token.refresh,
            "extra": dict(token.extra),
        }
    )


def _read(text: str) -> Token:
    data = json.loads(text)
    return Token(data["access"], datetime.fromisoformat(data["expires_at"]), data["refresh"], data["extra"])
