"""What an answer of Xero means for a write call, read from its body (fact sheet sections 5 and 7). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blocks.ledgers.xero.settings import XeroSettings
from dealbooks.http import Reply
from dealbooks.ledger import Outcome, Verdict

ID_FIELDS = {
    "Invoices": "InvoiceID", "CreditNotes": "CreditNoteID", "Payments": "PaymentID", "Contacts": "ContactID",
    "BankTransactions": "BankTransactionID", "ManualJournals": "ManualJournalID", "Allocations": "AllocationID",
}  # fmt: skip
_NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Answered:
    """An outcome; `taken`: the number is in use, `name_taken`: the contact is; then a look-up decides. `exceeds`: a
    payment is above what the document leaves open."""

    outcome: Outcome
    taken: bool = False
    name_taken: bool = False
    exceeds: bool = False


def answered(reply: Reply, resource: str, what: str, settings: XeroSettings) -> Answered:
    """The outcome of a call that creates one document of a resource."""
    body = reply.json()
    if reply.status == 200:
        return _success(body, resource, what, settings)
    if reply.status >= 500 or reply.status == 408:
        # 500 is kept under the key, and may stand for work that was done (section 5): only a look-up can tell.
        return Answered(Outcome(Verdict.UNKNOWN, reason=f"{what}: Xero is out of order (HTTP {reply.status})."))
    if reply.status == 403:
        reason = f"Xero does not let us into this organisation ({_told(body)}). Reconnect it."
        return Answered(Outcome(Verdict.DID_NOT_HAPPEN, reason=reason))
    return _refused(messages_of(body), _told(body), what, settings)


def messages_of(body: Any) -> list[str]:
    """What the validation of the elements of an answer says."""
    found: list[str] = []
    if isinstance(body, Mapping):
        for element in _elements(body):
            errors = element.get("ValidationErrors") or ()
            found += [str(error.get("Message", "")) for error in errors if isinstance(error, Mapping)]
    return list(dict.fromkeys(text for text in found if text))


def _success(body: Any, resource: str, what: str, settings: XeroSettings) -> Answered:
    listed = body.get(resource) if isinstance(body, Mapping) else None
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], Mapping) else None
    if first is None:
        return Answered(Outcome(Verdict.UNKNOWN, reason=f"{what}: the answer of Xero cannot be read."))
    wrong = first.get("HasErrors") is True or first.get("StatusAttributeString") == "ERROR"
    wrong = wrong or bool(first.get("ValidationErrors"))
    ref = str(first.get(ID_FIELDS[resource]) or "")
    if wrong:
        return _refused(messages_of({"Elements": [first]}), "", what, settings)
    if not ref or ref == _NOBODY:
        return Answered(Outcome(Verdict.UNKNOWN, reason=f"{what}: the answer of Xero names no document."))
    return Answered(Outcome(Verdict.HAPPENED, f"{resource}/{ref}"))


def _refused(messages: Sequence[str], told: str, what: str, settings: XeroSettings) -> Answered:
    said = " ".join(messages) or told or "no reason was given"
    text = said.lower()
    words = settings.words
    reason = f"{what}: Xero says: {said}"
    if _any(words.other_request, text):
        return Answered(Outcome(Verdict.UNKNOWN, reason=reason))
    if _any(words.name_taken, text):
        return Answered(Outcome(Verdict.REFUSED, reason=reason), name_taken=True)
    if _any(words.taken, text):
        return Answered(Outcome(Verdict.REFUSED, reason=reason), taken=True)
    if _any(words.again, text):
        # The answer is kept under the key: before that is forgotten, an attempt would only hear it again.
        return Answered(Outcome(Verdict.DID_NOT_HAPPEN, reason=reason, retry_after=settings.key_seconds + 1))
    if _any(words.locked, text):
        reason += " The period is closed in Xero: open it there, or post the deal in the open period."
    return Answered(Outcome(Verdict.REFUSED, reason=reason), exceeds=_any(words.exceeds, text))


def _any(words: Sequence[str], text: str) -> bool:
    return any(word in text for word in words)


def _elements(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = body.get("Elements")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _told(body: Any) -> str:
    if isinstance(body, Mapping):
        return str(body.get("Detail") or body.get("Message") or body.get("Title") or "")
    return str(body or "")[:200]
