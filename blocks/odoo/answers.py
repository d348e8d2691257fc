"""What a refusal of Odoo means for a posting, by the exception that the body names. Pure.

An exception rolls the call's transaction back [C: each call is a transaction of its own], so a named one did nothing.
An answer that is not Odoo's own (a proxy's page, half a body) says nothing of what happened.
"""

from __future__ import annotations

from blocks.odoo.wires import Failed
from dealbooks.ledger import Outcome, Verdict

# Another transaction wanted the same rows, and the server's own five tries did not help [C service/model.py].
_CONFLICTS = frozenset({
    "SerializationFailure", "LockNotAvailable", "DeadlockDetected", "TransactionRollbackError", "LockError",
    "ConcurrencyError",
})  # fmt: skip
# Not us, or not any more: a person renews the key, then it goes on by itself.
_NOT_US = frozenset({"AccessDenied", "Unauthorized", "SessionExpiredException"})
# The call is wrong in itself, and will be the next time: a field or a method that this version does not have.
_WRONG_CALL = frozenset({
    "ValueError", "KeyError", "TypeError", "AttributeError", "IndexError", "NotFound", "UnprocessableEntity",
    "BadRequest", "MissingError",
})  # fmt: skip
_BUSINESS = frozenset({"UserError", "ValidationError", "RedirectWarning", "AccessError"})
_CONFLICT_WORDS = ("could not serialize access", "deadlock detected", "could not obtain lock")


def outcome_of(failed: Failed) -> Outcome:
    """What is known of a write call that ended so."""
    if _is_conflict(failed):
        reason = "Odoo was busy with the same records; nothing was done."
        return Outcome(Verdict.DID_NOT_HAPPEN, reason=reason)
    if failed.kind in _NOT_US:
        return Outcome(Verdict.DID_NOT_HAPPEN, reason="Odoo does not accept our key: renew it in the settings.")
    if failed.kind == "AccessError":
        return Outcome(Verdict.REFUSED, reason=f"The user of our key may not do this in Odoo: {failed.message}")
    if failed.kind in _BUSINESS or 400 <= failed.status < 500:
        return Outcome(Verdict.REFUSED, reason=f"Odoo refuses it: {failed.message or f'HTTP {failed.status}'}")
    if failed.kind in _WRONG_CALL:
        return Outcome(Verdict.REFUSED, reason=f"Odoo cannot do what it was asked ({failed.kind}): {failed.message}")
    words = f"{failed.kind}: {failed.message}" if failed.kind else failed.message
    return Outcome(Verdict.UNKNOWN, reason=f"Odoo did not say what it did (HTTP {failed.status}, {words}).")


def worth_another_try(failed: Failed) -> bool:
    """Whether a read that ended so may be made again at once."""
    return _is_conflict(failed)


def is_posted_already(failed: Failed) -> bool:
    """The answer to posting twice: "The entry INV/2026/00042 (id 9917) must be in draft." [C account_move.py]. In
    another language the words differ: then the entry is read again."""
    return failed.kind == "UserError" and "must be in draft" in failed.message


def _is_conflict(failed: Failed) -> bool:
    return failed.kind in _CONFLICTS or any(words in failed.message for words in _CONFLICT_WORDS)
