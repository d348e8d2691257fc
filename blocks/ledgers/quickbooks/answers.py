"""What an answer of QuickBooks Online means. Pure.

The body decides, not the status: an answer of 200 may hold a Fault [C]. Codes: Intuit's pages on errors [C for 120,
610, 2500, 6190, 6210, 6240]; the others as its SDKs and integrators report them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blocks.ledgers.quickbooks import wire
from dealbooks.http import Reply
from dealbooks.ledger import Outcome, Verdict

DUPLICATE_NUMBER, DUPLICATE_NAME = "6140", "6240"
MISSING_REFERENCE = frozenset({"610", "2500"})
_CLOSED = "6210"
_BUSY = frozenset({"3001", "5010"})  # throttled; somebody changed the same document meanwhile
_NO_ENTRY = frozenset({"120", "3100", "3200", "6190"})  # access taken away, another company, token, subscription
_PAUSE, _LONG_PAUSE = 60.0, 900.0
_ASSIGNED = re.compile(r"TxnId=(\d+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """The first error of a fault."""

    code: str
    message: str
    detail: str
    kind: str

    @property
    def text(self) -> str:
        """For a person."""
        said = self.detail if self.message in self.detail else f"{self.message}: {self.detail}"
        return f"{said.strip(' :')} (QuickBooks error {self.code})"

    @property
    def is_duplicate_number(self) -> bool:
        """Told by code 6140; an older text had it under 6210, the code of closed books."""
        return self.code == DUPLICATE_NUMBER or "duplicate document number" in self.message.lower()

    @property
    def assigned_to(self) -> str:
        """The id of the document that has the number, where the detail names it [R]."""
        found = _ASSIGNED.search(self.detail)
        return found.group(1) if found else ""


def fault_in(reply: Reply) -> Fault | None:
    """The fault that an answer holds, in either shape; None when it holds none."""
    body = reply.json()
    given = body.get("Fault") or body.get("fault") if isinstance(body, Mapping) else None
    if not isinstance(given, Mapping):
        return None
    errors = given.get("Error") or given.get("error") or [{}]
    first = errors[0] if isinstance(errors, list) and isinstance(errors[0], Mapping) else {}
    return Fault(
        str(first.get("code") or ""),
        str(first.get("Message") or first.get("message") or "no reason given"),
        str(first.get("Detail") or first.get("detail") or ""),
        str(given.get("type") or ""),
    )


def document_in(reply: Reply, kind: str) -> Mapping[str, Any] | None:
    """The document that an answer holds; None when it holds none."""
    body = reply.json()
    found = body.get(kind) if isinstance(body, Mapping) else None
    return found if isinstance(found, Mapping) and found.get("Id") else None


def outcome_of(reply: Reply, kind: str, what: str) -> Outcome:
    """How a write ended, by its answer."""
    made = document_in(reply, kind)
    if made is not None and fault_in(reply) is None:
        return Outcome(Verdict.HAPPENED, ref=wire.ref_of(kind, made["Id"]))
    fault = fault_in(reply)
    if fault is None:
        return Outcome(Verdict.UNKNOWN, reason=f"{what}: QuickBooks answered HTTP {reply.status} without saying more.")
    if fault.code in _BUSY:
        return Outcome(Verdict.DID_NOT_HAPPEN, reason=f"{what}: {fault.text}", retry_after=reply.retry_after or _PAUSE)
    if fault.code in _NO_ENTRY or fault.kind.upper().startswith("AUTH"):
        reason = f"{what}: QuickBooks does not let us in: {fault.text}"
        return Outcome(Verdict.DID_NOT_HAPPEN, reason=reason, retry_after=_LONG_PAUSE)
    if reply.status >= 500 or fault.kind == "SystemFault" or not fault.code:
        return Outcome(Verdict.UNKNOWN, reason=f"{what}: {fault.text}")
    if fault.code == _CLOSED and not fault.is_duplicate_number:
        reason = f"{what}: the books are closed for that day in QuickBooks ({fault.text}). Open them, or move the date."
        return Outcome(Verdict.REFUSED, reason=reason)
    return Outcome(Verdict.REFUSED, reason=f"{what}: {fault.text}")
