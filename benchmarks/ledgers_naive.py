"""The loop that one writes first: each document in its order, again and again until it is answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx

from dealbooks.http import Call, Connection, Pace, Reply
from dealbooks.ledger import Posting, Request, Verdict
from dealbooks.outbox.enqueue import effect_key

_TOO_MANY = 429
_KEYS = ("requestid", "idempotency-key")


class Hasty:
    """In place of a connection: no budget, no key; after 429 it waits as asked or a second, and what gets no answer is
    sent again."""

    def __init__(self, connection: Connection, pace: Pace) -> None:
        self.name = connection.name
        self._client: httpx.Client = connection._client
        self._authorise = connection._authorise
        self._pace = pace

    def call(self, call: Call, *, effect: str = "") -> Reply:
        """Make a call until it is answered."""
        plain = replace(call, params=_keyless(call.params), headers=_keyless(call.headers))
        while True:
            headers = {**plain.headers, **self._authorise()}
            try:
                response = self._client.request(
                    plain.method, plain.path, params=dict(plain.params), headers=headers, content=plain.body or None
                )
            except httpx.TransportError:
                continue
            reply = Reply(response.status_code, {k.lower(): v for k, v in response.headers.items()}, response.content)
            if reply.status != _TOO_MANY:
                return reply
            self._pace.sleep(reply.retry_after or 1.0)

    read = call


def _keyless(values: Any) -> dict[str, str]:
    return {name: value for name, value in values.items() if name.lower() not in _KEYS}


def post_all(ledger: Any, postings: Sequence[Posting], refused: Counter[str]) -> None:
    """The documents of one deal. What is refused is left."""
    refs: dict[str, str] = {}
    length = ledger.capabilities.key_length
    for posting in postings:
        for spec in ledger.effects(posting):
            waits = {name: effect_key(posting.key, name, length) for name in spec.depends_on}
            waits |= {f"{other.purpose}/{name}": effect_key(other, name, length) for other, name in spec.needs}
            if not all(refs.get(key) for key in waits.values()):
                refused[spec.name] += 1
                continue
            key = effect_key(posting.key, spec.name, length)
            given = {name: refs[waited] for name, waited in waits.items()}
            outcome = ledger.write(Request(0, key, spec.name, spec.payload, given))
            if outcome.verdict is Verdict.HAPPENED:
                refs[key] = outcome.ref
            else:
                refused[spec.name] += 1
