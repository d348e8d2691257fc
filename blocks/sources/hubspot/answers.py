"""What answers of HubSpot's API mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealbooks.errors import StopConnection
from dealbooks.http import Budget, Reply

_OK, _SOME = 200, 207
_NOT_FOUND = 404
_PAUSE = 3600.0  # seconds without calls once the account has none left for the day
_LEFT = {"day": "x-hubspot-ratelimit-daily-remaining", "ten seconds": "x-hubspot-ratelimit-remaining"}
# Of the parts of an answer 207: what was asked for is not there, which is an answer too.
_ABSENT = frozenset(("OBJECT_NOT_FOUND", "NO_ASSOCIATIONS_FOUND"))
_FIXES = {
    401: "Check the token in the settings of the source.",
    403: "Give the app the scopes that docs/sources.md names, and use its new token.",
}


def answer(reply: Reply, name: str, what: str) -> Any:
    """The body of an answer that went well; None when what was asked for is not there.

    Raises:
        StopConnection: HubSpot refused, or could not answer all of it.
    """
    body = reply.json()
    if reply.status == _NOT_FOUND:
        return None
    if reply.status in (_OK, _SOME) and isinstance(body, Mapping):
        bad = [error for error in body.get("errors") or () if not _absent(error)]
        if not bad:
            return body
        raise _refused(bad[0], name, what, reply.status)
    raise _refused(body, name, what, reply.status)


def listen(reply: Reply, budget: Budget) -> None:
    """What an answer says of the calls that are left; searches say nothing of it."""
    for limit, header in _LEFT.items():
        left = reply.headers.get(header, "")
        if left.isdigit():
            budget.told(limit, int(left))
    if reply.status == 429:
        body = reply.json()
        if isinstance(body, Mapping) and body.get("policyName") == "DAILY":
            budget.stop(_PAUSE)


def _absent(error: Any) -> bool:
    """`subCategory` has the word behind a point (crm.associations.NO_ASSOCIATIONS_FOUND)."""
    if not isinstance(error, Mapping):
        return False
    words = (str(error.get("category") or ""), str(error.get("subCategory") or "").rpartition(".")[2])
    return not _ABSENT.isdisjoint(words)


def _refused(body: Any, name: str, what: str, status: int) -> StopConnection:
    told = body if isinstance(body, Mapping) else {}
    text = " ".join(str(told.get("message") or "").split())[:300]
    code = str(told.get("category") or f"HTTP {status}")
    return StopConnection(
        f"{name}: HubSpot refuses to {what} ({code}). {text}".strip(),
        fix=_FIXES.get(status, "Nothing is lost; it is tried again by the next run."),
    )
