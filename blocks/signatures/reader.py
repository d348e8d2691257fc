"""The base of an e-signature provider over HTTP: makes reads, and says what a refusal means."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from dealbooks.errors import StopConnection
from dealbooks.events.moments import plausible
from dealbooks.http import Call, Connection, Exchange, Renewal, Reply
from dealbooks.signatures import UnreadableSignature

# How a body can be other than it should be.
ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, OSError)
_OK = 200
_OF_THIS_ONE = (400, 402, 403, 404, 405, 406, 409, 410, 422)
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
_BUSY = re.compile(r"limit_?exceeded", re.IGNORECASE)
_AGAIN = "Nothing is lost; it is tried again by the next run."
_FORBIDDEN = 403
_NOT_OURS = "It may be of another account, or our key may not read it."
_LONGEST_TEXT = 2000


class ApiSignatures(ABC):
    """Reads contracts of a provider.

    Attributes:
        provider: its name.
        absent: its codes for a contract that is not there, or not for us.
        refusals: its codes for a mistake of the connection, not of the contract -> what to do; by HTTP status for those
            without a code.
    """

    provider = ""
    absent: frozenset[str] = frozenset()
    refusals: Mapping[str | int, str] = {}

    def __init__(self, connection: Connection, renew: Callable[[], None] | None = None) -> None:
        self._connection = connection
        self._renewal = Renewal(renew)

    @abstractmethod
    def _code(self, body: Mapping[str, Any]) -> str:
        """The code of an error."""

    def exchanges(self) -> list[Exchange]:
        """What was said since this was last asked."""
        return self._connection.exchanges()

    def _read(self, path: str, what: str, params: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """An object; None when there is none in our account.

        Raises:
            StopConnection: the provider does not answer, does not let us in, or answers with no object at all.
            UnreadableSignature: it refuses this one object.
        """
        reply = self._renewal.ask(lambda: self._connection.read(Call.get(path, params, what=what)))
        body = self._object(reply, what)
        if reply.status == _OK and body is not None:
            return body
        code = self._code(body) if body is not None else ""
        if not _CODE.fullmatch(code):  # a text of theirs, which may be long, or repeat what we sent
            code = ""
        if code in self.absent:
            return None
        fix = self.refusals.get(code) or self.refusals.get(reply.status, "")
        ours = bool(fix) or reply.status not in _OF_THIS_ONE or _BUSY.search(code) is not None
        refused = StopConnection if ours else UnreadableSignature
        raise refused(
            f"{self._connection.name}: {self.provider} refuses to {what} ({code or f'HTTP {reply.status}'}).",
            fix=fix or (_NOT_OURS if reply.status == _FORBIDDEN else _AGAIN),
        )

    def _object(self, reply: Reply, what: str) -> dict[str, Any] | None:
        try:
            body = reply.json()
        except RecursionError as error:
            raise self._unreadable(what) from error
        return body if isinstance(body, dict) else None

    def _unreadable(self, what: str) -> UnreadableSignature:
        return UnreadableSignature(
            f"{self._connection.name}: {self.provider} answers something that cannot be read when asked to {what}.",
            fix=_AGAIN,
        )


def moment(value: Any) -> datetime:
    """A moment as providers write it: ISO 8601 with or without a zone (then UTC), or seconds since 1970.

    Raises:
        ValueError, TypeError, OverflowError, OSError: it is none, or none that can be.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("no moment")
    found = datetime.fromtimestamp(value, UTC) if isinstance(value, int) else datetime.fromisoformat(_short(value))
    found = (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    if not plausible(found):
        raise ValueError(f"{value} is no time of a signature")
    return found


def _short(text: str) -> str:
    """Microseconds at most, which is what can be read; DocuSign writes seven digits."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text.strip())


def words(*parts: Any) -> str:
    """Texts in one line; what is no text is left out."""
    listed = (" ".join(part.split()) for part in parts if isinstance(part, str))
    return " ".join(filter(None, listed))[:_LONGEST_TEXT]


def listed(value: Any) -> Iterable[Mapping[str, Any]]:
    """A list of objects that may be missing. Raises TypeError: it is none."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise TypeError("no list of objects")
    return value


def reference(value: Any) -> str:
    """Our reference as it was written into a contract; empty where there is none.

    Raises:
        TypeError: it is no text.
        ValueError: it is longer than any of ours.
    """
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise TypeError("the reference is no text")
    found = "" if value is None else str(value).strip()
    if len(found) > _LONGEST_TEXT:
        raise ValueError("the reference is longer than any of ours")
    return found
