"""A call that reached a platform, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request as the platform sees it. Header names are in lower case; of equal names `query` has the last,
    and `every` all of them."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    every: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
        """From a request's own parts; `target` is a path with its query, or a whole address."""
        parts = urlsplit(target)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        every: dict[str, list[str]] = {}
        for name, value in pairs:
            every.setdefault(name, []).append(value)
        lower = {name.lower(): value for name, value in headers.items()}
        return cls(method.upper(), unquote(parts.path), dict(pairs), lower, body, every)

    def json(self) -> Any:
        """The body as JSON; numbers with a point stay text, so that a cent is never a binary fraction.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.body or b"null", parse_float=str)

    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class NoAnswer(Exception):
    """The caller gets no whole answer. `how` is `refused` (no connection), `timeout` (nothing came in time) or `reset`
    (the connection broke while the answer came)."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


def json_text(value: Any) -> bytes:
    """JSON in which a Decimal is a number with its own digits: a cent never passes through a binary fraction.

    Raises:
        TypeError: a text that is no Unicode, or a number beyond 64 bits.
    """
    return orjson.dumps(value, default=_number)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    body = json_text(value)
    return Answer(status, body, {"content-type": "application/json", **(headers or {})})
