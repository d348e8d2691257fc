"""What answers of Salesforce's REST API mean. An error is a list of messages with codes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dealbooks.errors import StopConnection
from dealbooks.http import Budget, Reply

_OK = 200
_PAUSE = 900.0  # seconds without calls once the org has none left: they come back over 24 hours
_USED = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")
_GONE = frozenset(("INVALID_QUERY_LOCATOR", "INVALID_QUERY_ID"))
_FIXES = {
    "INVALID_FIELD": "A field was renamed or our user may not see it any more: dealbooks doctor names it.",
    "INVALID_TYPE": "Give our user the right to read this object.",
    "REQUEST_LIMIT_EXCEEDED": "The org has used up its calls of 24 hours. Sweep less often, or have the limit raised.",
    "API_DISABLED_FOR_ORG": "This edition has no API.",
    "INSUFFICIENT_ACCESS": "Give our user the right to read opportunities, their lines, accounts and contacts.",
    "QUERY_TIMEOUT": "Set page lower; it is tried again by the next run.",
}


class LocatorGone(Exception):
    """The rest of a query cannot be had any more: it is asked anew."""


def answer(reply: Reply, name: str, what: str) -> Any:
    """The body of an answer that went well.

    Raises:
        LocatorGone: see there.
        StopConnection: Salesforce refused.
    """
    body = reply.json()
    if reply.status == _OK and body is not None:
        return body
    code, message = refusal(body)
    if code in _GONE:
        raise LocatorGone
    raise StopConnection(
        f"{name}: Salesforce refuses to {what} ({code or f'HTTP {reply.status}'}). {message}".strip(),
        fix=_FIXES.get(code, "Nothing is lost; it is tried again by the next run."),
    )


def refusal(body: Any) -> tuple[str, str]:
    """Code and message of an error; the first where there are several."""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, Mapping):
        return "", ""
    text = " ".join(str(first.get("message") or "").split())
    return str(first.get("errorCode") or ""), text[:300]


def listen(reply: Reply, budget: Budget) -> None:
    """What an answer says of the calls that are left (`Sforce-Limit-Info: api-usage=18/15000`)."""
    used = _USED.search(reply.headers.get("sforce-limit-info", ""))
    if used:
        budget.told("day", max(0, int(used[2]) - int(used[1])))
    if reply.status in (403, 503) and refusal(reply.json())[0] == "REQUEST_LIMIT_EXCEEDED":
        budget.stop(_PAUSE)
