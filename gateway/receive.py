"""POST /hooks/NAME, from the first byte to the answer: known, not too often, not too large, proven, read, stored."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.config_told import HookConfig
from dealbooks.events import Hint
from dealbooks.events.testmode import says_test
from dealbooks.store.db import Clock, Row, stamp
from gateway.body import Bodies, NoRoom, TooLarge, TooSlow
from gateway.metrics import NO_HOOK, Metrics
from gateway.pace import Pace
from gateway.schemes import SCHEMES, Headers, Malformed, Parsed, Refused, Scheme
from gateway.schemes.proof import same
from gateway.writer import NotWritten, Writer

_LOG = logging.getLogger(__name__)
_QUICK = 128 * 1024  # bytes that may be read without other calls noticing


class _No(Exception):
    """The call ends here."""

    def __init__(self, status: int, reason: str, words: str, *, wait: int = 0) -> None:
        super().__init__(words)
        self.status = status
        self.reason = reason
        self.words = words
        self.wait = wait


class Receiver:
    """Takes the calls of all hooks of one configuration."""

    def __init__(self, hooks: Mapping[str, HookConfig], writer: Writer, metrics: Metrics, clock: Clock) -> None:
        self._hooks = hooks
        self._writer = writer
        self._metrics = metrics
        self._clock = clock
        self._pace = Pace()
        self._bodies = Bodies()

    async def receive(self, name: str, secret: str, request: Request) -> Response:
        """Answer a call. No exception of a sender's making leaves here."""
        began = time.perf_counter()
        known = name if name in self._hooks else NO_HOOK
        self._metrics.received.labels(known).inc()
        try:
            return await self._taken(name, secret, request)
        except _No as no:
            self._metrics.refused.labels(known, no.reason).inc()
            return self._refusal(known, no)
        finally:
            self._metrics.seconds.labels(known).observe(time.perf_counter() - began)

    async def register(self, name: str, secret: str, request: Request) -> Response:
        """Answer a provider that asks with GET whether we know it."""
        try:
            hook, scheme = self._found(name, secret)
            if not scheme.registers:
                raise _No(405, "method", "This webhook takes POST.")
            self._admit(name, hook, request)
            try:
                scheme.verify(_headers(request), b"", hook, self._clock())
            except Refused as error:
                raise _No(401, error.reason, error.words) from error
        except _No as no:
            self._metrics.refused.labels(name if name in self._hooks else NO_HOOK, no.reason).inc()
            return self._refusal(name, no)
        return _answer(scheme, hook)

    def _found(self, name: str, secret: str) -> tuple[HookConfig, Scheme]:
        """The hook that is called, with the secret of its address right."""
        hook = self._hooks.get(name)
        if hook is None:
            raise _No(404, "unknown", "There is no webhook of this name.")
        scheme = SCHEMES[hook.scheme]
        if not scheme.by_address:
            if secret:
                raise _No(404, "unknown", "There is no webhook at this address.")
        elif hook.secrets and not any([same(secret, one) for one in hook.secrets]):  # noqa: C419 - none is left out
            raise _No(401, "address", "The secret of the address does not match.")
        return hook, scheme

    def _admit(self, name: str, hook: HookConfig, request: Request) -> None:
        wait = self._pace.wait(name, _address(request), hook.per_minute, time.monotonic())
        if wait:
            raise _No(429, "rate", "Too many calls; wait before the next.", wait=wait)

    async def _taken(self, name: str, secret: str, request: Request) -> Response:
        hook, scheme = self._found(name, secret)
        self._admit(name, hook, request)
        if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise _No(415, "encoding", "A compressed body is not taken; send it as it is.")
        now = self._clock()
        try:
            async with self._bodies.read(request, hook.limit, name, _address(request)) as body:
                parsed = await _read(scheme, _headers(request), body, hook, now)
                await self._store(name, hook, parsed, now)
        except TooLarge as error:
            raise _No(413, "too_large", f"The body is larger than {hook.limit} bytes.") from error
        except TooSlow as error:
            raise _No(408, "too_slow", "The body did not come in time.") from error
        except NoRoom as error:
            raise _No(503, "busy", "Too much is being received; try again.", wait=1) from error
        except ClientDisconnect as error:
            raise _No(400, "disconnected", "The body is not complete.") from error
        except Refused as error:
            raise _No(401, error.reason, error.words) from error
        except Malformed as error:
            raise _No(400, "body", str(error)) from error
        except NotWritten as error:
            raise _No(503, error.reason, "The event could not be stored now; try again.", wait=2) from error
        return _answer(scheme, hook)

    async def _store(self, name: str, hook: HookConfig, parsed: Parsed, now: datetime) -> None:
        if parsed.ignored:
            self._metrics.ignored.labels(name).inc(parsed.ignored)
        if parsed.unreadable:
            self._metrics.unreadable.labels(name).inc(parsed.unreadable)
            _LOG.warning("%s: %s of the events of one call could not be read", name, parsed.unreadable)
        if not parsed.hints:
            return
        new = await self._writer.write([event_row(name, hook, hint, stamp(now)) for hint in parsed.hints])
        self._metrics.accepted.labels(name).inc(new)
        self._metrics.duplicate.labels(name).inc(len(parsed.hints) - new)

    def _refusal(self, name: str, no: _No) -> Response:
        headers: dict[str, str] = {}
        if no.wait:
            hook = self._hooks.get(name)
            as_told = SCHEMES[hook.scheme].retry_after if hook else str
            headers["Retry-After"] = as_told(no.wait)
        if no.status == 405:
            headers["Allow"] = "POST"
        if no.status in (408, 413, 415, 429):  # the rest of the body may still be on its way
            headers["Connection"] = "close"
        return Response(canonical_json({"error": no.words}), no.status, headers, "application/json")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _headers(request: Request) -> Headers:
    """Names in small letters; of several with one name the first."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found.setdefault(name, value)
    return found


async def _read(scheme: Scheme, headers: Headers, body: bytes, hook: HookConfig, now: datetime) -> Parsed:
    """Verify and parse; what takes long, beside the event loop."""

    def read() -> Parsed:
        scheme.verify(headers, body, hook, now)
        return scheme.parse(headers, body, hook)

    return read() if len(body) <= _QUICK else await run_in_threadpool(read)


def _answer(scheme: Scheme, hook: HookConfig) -> Response:
    answer = scheme.answer(hook)
    return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)


def event_row(name: str, hook: HookConfig, hint: Hint, at: str) -> Row:
    """An event as it is stored, but for its id. Whether it is of the sender's test mode is decided now: what becomes of
    the webhook's settings later does not change what was received."""
    test = not hook.live or says_test(json.loads(hint.body))
    row: dict[str, Any] = {
        "hook": name,
        "scheme": hook.scheme,
        "source": hook.source,
        "kind": hint.kind,
        "dedupe_key": hint.dedupe_key,
        "deal_ref": hint.deal_ref,
        "object_ids": canonical_json(dict(hint.object_ids)),
        "text": hint.text,
        "amount": hint.amount,
        "currency": hint.currency,
        "occurred_at": hint.occurred_at,
        "body": hint.body,
        "body_hash": sha256_hex(hint.body),
        "state": "sample" if hint.is_sample else "new",
        "deal_id": None,
        "note": "",
        "received_at": at,
        "test": "yes" if test else None,
    }
    return row
