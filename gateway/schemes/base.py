"""What a signature scheme is: how a delivery is proven, read, answered, and (to try it out) made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dealbooks.config_told import HookConfig
from dealbooks.events import Hint

Headers = Mapping[str, str]  # names in small letters


class Refused(Exception):
    """The delivery is not proven to come from its sender. `reason` is a word of few, for counting."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


class Malformed(Exception):
    """The body is not what the platform sends."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What stands in a delivery: hints, events that are of no interest, and parts that cannot be read."""

    hints: tuple[Hint, ...]
    ignored: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer that a sender takes as "received"."""

    status: int
    media_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def accepted(_hook: HookConfig) -> Answer:
    """For senders to whom any 2xx is enough."""
    return Answer(202, "application/json", b'{"status":"accepted"}')


def in_seconds(seconds: int) -> str:
    """Retry-After as RFC 9110 has it."""
    return str(seconds)


@dataclass(frozen=True, slots=True)
class Scheme:
    """One provider's way, as pure functions.

    Attributes:
        verify: (headers, body, hook, now); raises Refused, or Malformed where the body itself carries the proof.
        parse: (headers, body, hook); raises Malformed. Only for a body that was verified.
        sign: the headers of a delivery as the provider would make them now: (body, hook, secret, now).
        sample: a body that tells about the deal `SAMPLE`: (hook, now).
        answer: what the sender wants to hear.
        retry_after: how the sender reads Retry-After.
        by_address: the provider signs nothing: a secret stands in the address, /hooks/NAME/SECRET.
        registers: the provider asks with GET, before it sends anything, whether we know it.
        content_type: of its deliveries.
    """

    verify: Callable[[Headers, bytes, HookConfig, datetime], None]
    parse: Callable[[Headers, bytes, HookConfig], Parsed]
    sign: Callable[[bytes, HookConfig, str, datetime], dict[str, str]]
    sample: Callable[[HookConfig, datetime], bytes]
    answer: Callable[[HookConfig], Answer] = accepted
    retry_after: Callable[[int], str] = in_seconds
    by_address: bool = False
    registers: bool = False
    content_type: str = "application/json"
