"""A connection to one platform: one httpx client, within the budget, every exchange kept."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime

import httpx
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt

from dealbooks.errors import StopConnection
from dealbooks.http.budget import Budget, BudgetSpent
from dealbooks.http.calls import Call, Exchange, NoReply, Reply
from dealbooks.http.pace import Pace
from dealbooks.masking import masked, spellings

_KEPT = 20_000  # characters of a body that are kept
_SURE = 12  # characters of a secret that is no word of an ordinary answer
_TRIES = 5
_LONGEST_PAUSE = 30.0
_AGAIN = frozenset({429, 500, 502, 503, 504})
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class _NoPasswords(logging.Filter):
    """httpx logs the address of every request, with the password that it may hold."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(masked(str(one)) if isinstance(one, httpx.URL) else one for one in record.args)
        return True


logging.getLogger("httpx").addFilter(_NoPasswords())

# Headers that authorise a call; asked for before each one, so that a token may change in between.
Authorise = Callable[[], Mapping[str, str]]
# What an answer says about the limits, told to the budget.
Listen = Callable[[Reply, Budget], None]


def _nothing_said(_reply: Reply, _budget: Budget) -> None:
    return


class Connection:
    """Talks to one platform. Safe for several threads.

    `secrets` are values that no exchange may show; headers, and with them what `authorise` hands out, are not kept at
    all. An answer that repeats one of them is handed on without it, so that no message made of it can show it.
    """

    def __init__(
        self,
        name: str,
        client: httpx.Client,
        budget: Budget,
        pace: Pace,
        *,
        authorise: Authorise,
        listen: Listen = _nothing_said,
        secrets: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self.name = name
        self._client = client
        self._budget = budget
        self._pace = pace
        self._authorise = authorise
        self._listen = listen
        self._known = secrets
        self._own = _in_address(client.base_url)
        self.held: Callable[[], bool] = lambda: True  # whether a call that writes may still leave
        self._exchanges: list[Exchange] = []
        self._alone = threading.Lock()

    def call(self, call: Call, *, effect: str = "") -> Reply | NoReply:
        """Make a call once, and say how it ended. Nothing is repeated."""
        try:
            with self._budget.call():
                return self._made(call, effect)
        except BudgetSpent as spent:
            reason = f"{self.name} allows no more calls for now ({spent})."
            return NoReply(sent=False, reason=reason, retry_after=spent.seconds)

    def read(self, call: Call) -> Reply:
        """Make a call that changes nothing, again while the platform is busy or does not answer.

        Raises:
            StopConnection: it could not be made, or the platform stays busy.
        """
        retrying = Retrying(
            sleep=self._pace.sleep,
            stop=stop_after_attempt(_TRIES),
            wait=_pause,
            retry=retry_if_result(_busy),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome is not None else None,
        )
        end: Reply | NoReply = retrying(self.call, call)
        if isinstance(end, NoReply):
            raise StopConnection(
                f"{self.name} does not answer: {end.reason}", fix="Nothing is lost; it is tried again by the next run."
            )
        if end.status in _AGAIN:
            raise StopConnection(
                f"{self.name} is busy or out of order (HTTP {end.status}).",
                fix="Nothing is lost; it is tried again by the next run.",
            )
        return end

    def room(self) -> int | None:
        """How many more calls there may be before one has to wait for long; None: any number. See `Budget.room`."""
        return self._budget.room()

    def exchanges(self) -> list[Exchange]:
        """What was said since this was last asked."""
        with self._alone:
            said, self._exchanges = self._exchanges, []
        return said

    def _made(self, call: Call, effect: str) -> Reply | NoReply:
        began = self._pace.now()
        headers = {**call.headers, **self._authorise()}
        request = self._client.build_request(
            call.method, call.path, params=dict(call.params) or None, headers=headers, content=call.body or None
        )
        if call.writes and not self.held():
            return NoReply(sent=False, reason="another process works on this book now")
        end: Reply | NoReply
        try:
            # Not followed: a call that was done may send us on, and what comes after it would hide that.
            response = self._client.send(request, follow_redirects=False)
        except _NEVER_SENT:
            end = NoReply(sent=False, reason="no connection could be made")
        except httpx.TimeoutException:
            end = NoReply(sent=True, reason="no answer came in time")
        except httpx.TransportError:
            end = NoReply(sent=True, reason="the connection broke before the answer was whole")
        except httpx.RequestError:
            end = NoReply(sent=True, reason="the answer could not be read")
        else:
            lower = {name.lower(): value for name, value in response.headers.items()}
            end = Reply(response.status_code, lower, self._without_secrets(response))
            self._listen(end, self._budget)
            if end.status in (429, 503) and end.retry_after is not None:
                self._budget.stop(end.retry_after)
        self._keep(call, str(request.url), effect, began, end)
        return end

    def _without_secrets(self, response: httpx.Response) -> bytes:
        """The body. A short password is left in an answer that went well, where it may be an ordinary word."""
        body = response.content
        for secret in spellings(self._secrets()):
            if len(secret) >= _SURE or response.is_error:
                body = body.replace(secret.encode(), b"***")
        return body

    def _secrets(self) -> tuple[str, ...]:
        return (*self._known(), *self._own)

    def _keep(self, call: Call, url: str, effect: str, began: datetime, end: Reply | NoReply) -> None:
        secrets = self._secrets()
        answered = end.body.decode("utf-8", "replace") if isinstance(end, Reply) else end.reason
        exchange = Exchange(
            at=began.isoformat(timespec="milliseconds"),
            what=call.what,
            method=call.method,
            url=masked(url, secrets),
            request=masked(call.body.decode("utf-8", "replace"), secrets)[:_KEPT],
            status=end.status if isinstance(end, Reply) else 0,
            response=masked(answered, secrets)[:_KEPT],
            seconds=round((self._pace.now() - began).total_seconds(), 3),
            effect=effect,
        )
        with self._alone:
            self._exchanges.append(exchange)


def _in_address(address: httpx.URL) -> tuple[str, ...]:
    """The password that an address holds, also as it is sent (RFC 7617)."""
    if not address.password:
        return ()
    pair = f"{address.username}:{address.password}".encode()
    return address.password, base64.b64encode(pair).decode()


def _busy(end: Reply | NoReply) -> bool:
    if isinstance(end, NoReply):
        return end.retry_after is None or end.retry_after <= _LONGEST_PAUSE
    return end.status in _AGAIN and (end.retry_after or 0.0) <= _LONGEST_PAUSE


def _pause(state: RetryCallState) -> float:
    end = state.outcome.result() if state.outcome is not None else None
    asked = end.retry_after if isinstance(end, Reply | NoReply) else None
    return float(asked if asked is not None else min(_LONGEST_PAUSE, 2.0 ** (state.attempt_number - 1)))
