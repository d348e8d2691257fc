"""The base of a ledger over HTTP. A platform's own module says what to call and what its answers mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from dealbooks.errors import StopConnection
from dealbooks.http import Call, Connection, Exchange, NoReply, Reply
from dealbooks.ledger import Capabilities, Outcome, Request, Verdict
from dealbooks.oauth import TokenSource

_UNAUTHORISED, _TOO_MANY = 401, 429


class ApiLedger(ABC):
    """Makes the calls of a platform. `tokens` are what authorises them, for `dealbooks connect`; `renew` gets a new
    authorisation when the old one is refused; `together` is how many calls may be on their way at once."""

    def __init__(
        self,
        connection: Connection,
        *,
        tokens: TokenSource | None = None,
        renew: Callable[[], None] | None = None,
        together: int = 1,
    ) -> None:
        self.connection = connection
        self.tokens = tokens
        self._renew = renew or (tokens.renew if tokens is not None else None)
        self._together = together

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """See `dealbooks.ledger.Ledger`."""

    @abstractmethod
    def write(self, request: Request) -> Outcome:
        """Make the call, or the few calls, of one effect, and say how it ended."""

    def get_ready(self) -> None:
        """Have a token that holds. A platform that has lists to look up adds them."""
        if self.tokens is not None:
            self.tokens.token()

    def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """Make the calls of several effects, in order or some at once; one outcome each."""
        if self._together == 1 or len(requests) == 1:
            return [self.write(request) for request in requests]
        with ThreadPoolExecutor(min(self._together, len(requests))) as pool:
            return list(pool.map(self.write, requests))

    def call(self, call: Call, *, effect: str = "") -> Reply | Outcome:
        """Make one call that writes. What the platform answered, unless its end is clear without reading it: no answer,
        not authorised, too many calls."""
        try:
            end = self.connection.call(call, effect=effect)
            if isinstance(end, Reply) and end.status == _UNAUTHORISED and self._renew is not None:
                self._renew()
                end = self.connection.call(call, effect=effect)
        except StopConnection as error:  # there is no authorisation: the call was not made
            return Outcome(Verdict.DID_NOT_HAPPEN, reason=f"{error.message} {error.fix}".strip())
        if isinstance(end, NoReply):
            verdict = Verdict.UNKNOWN if end.sent else Verdict.DID_NOT_HAPPEN
            return Outcome(verdict, reason=f"{call.what}: {end.reason}", retry_after=end.retry_after)
        if end.status == _UNAUTHORISED:
            return Outcome(Verdict.DID_NOT_HAPPEN, reason=f"{self.connection.name} does not accept our authorisation.")
        if end.status == _TOO_MANY:
            reason = f"{self.connection.name} asks for a pause (HTTP 429)."
            return Outcome(Verdict.DID_NOT_HAPPEN, reason=reason, retry_after=end.retry_after or 60.0)
        return end

    def read_again(self, call: Call) -> Reply:
        """Make one call that only reads.

        Raises:
            StopConnection: the platform does not answer, is busy, or does not accept our authorisation.
        """
        reply = self.connection.read(call)
        if reply.status == _UNAUTHORISED and self._renew is not None:
            self._renew()
            reply = self.connection.read(call)
        if reply.status == _UNAUTHORISED:
            raise StopConnection(
                f"{self.connection.name} does not accept our authorisation.",
                fix=f"Reconnect it: dealbooks connect {self.connection.name}",
            )
        return reply

    def exchanges(self) -> list[Exchange]:
        """What was said since this was last asked."""
        return self.connection.exchanges()

    def lock_date(self) -> date | None:
        """The ledger's own closing date; a platform that has one says it."""
        return None
