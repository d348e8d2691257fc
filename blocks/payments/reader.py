"""The base of a payment provider over HTTP: makes reads, and says what a refusal means."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dealbooks.errors import StopConnection
from dealbooks.http import Call, Connection, Exchange
from dealbooks.money import MoneyError
from dealbooks.payments import UnreadablePayment

# How a body can be other than it should be.
ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, OSError, MoneyError)
_OK, _NOT_FOUND = 200, 404
_OF_THIS_ONE = (400, 402, 403, 405, 406, 409, 410, 422)
_MOST = Decimal(10) ** 12
_FIXES = {
    401: "Check api_key in the settings of the connection.",
    403: "Give the key the right to read payments.",
}


class ApiPayments:
    """Reads objects of a provider."""

    provider = ""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def exchanges(self) -> list[Exchange]:
        """What was said since this was last asked."""
        return self._connection.exchanges()

    def _read(self, path: str, what: str, params: dict[str, str] | None = None) -> dict[str, Any] | None:
        """An object; None when there is none.

        Raises:
            StopConnection: the provider does not answer, does not let us in, or answers with no object at all.
            UnreadablePayment: it refuses this one object.
        """
        reply = self._connection.read(Call.get(path, params, what=what))
        if reply.status == _NOT_FOUND:
            return None
        try:
            body = reply.json()
        except RecursionError as error:
            raise self._unreadable(what) from error
        if reply.status == _OK and isinstance(body, dict):
            return body
        refused = UnreadablePayment if reply.status in _OF_THIS_ONE else StopConnection
        raise refused(
            f"{self._connection.name}: {self.provider} refuses to {what} (HTTP {reply.status}).",
            fix=_FIXES.get(reply.status, "Nothing is lost; it is tried again by the next run."),
        )

    def _unreadable(self, what: str) -> UnreadablePayment:
        return UnreadablePayment(
            f"{self._connection.name}: {self.provider} answers something that cannot be read when asked to {what}.",
            fix="Nothing is lost; it is tried again by the next run.",
        )


def deal_ref_of(metadata: object) -> str:
    """Our reference in what whoever made a payment wrote into it; empty where there is none.

    Raises:
        TypeError: it is not written as it should be.
    """
    if metadata is None:
        return ""
    if not isinstance(metadata, dict):
        raise TypeError("metadata is no object")
    found = metadata.get("deal_ref")
    if found is not None and not isinstance(found, (str, int)):
        raise TypeError("deal_ref is no text")
    return "" if found is None else str(found)


def refuse_nothing(amount: Decimal) -> None:
    """Raises ValueError: a confirmed payment moves money, and less than a million millions."""
    if not 0 < amount < _MOST:
        raise ValueError(f"{amount} is no payment")
