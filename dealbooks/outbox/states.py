"""The states of an effect and the legal moves between them: one table, and nothing moves outside it.

held        waits for another effect (a payment for its invoice)
pending     may be sent from `next_at` on
sending     its intent is durable, a byte may have left
unknown     it may have happened; looked up before anything else
posted      the ledger's own figures were read and equal ours
disputed    it stands in the ledger, but not as we expect, or was taken away there: a person decides
refused     the ledger said no, for good: a person decides
superseded  it does not stand in the ledger, and nothing more becomes of it: a newer version took its place before it
            was sent, or somebody took it away in the ledger and a person had it issued again under another key
"""

from __future__ import annotations

from enum import StrEnum

from dealbooks.errors import BrokenInvariant


class EffectState(StrEnum):
    """Where one write call stands."""

    HELD = "held"
    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    POSTED = "posted"
    DISPUTED = "disputed"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


_S = EffectState

MOVES: dict[EffectState, frozenset[EffectState]] = {
    _S.HELD: frozenset({_S.PENDING, _S.SUPERSEDED}),
    _S.PENDING: frozenset({_S.SENDING, _S.SUPERSEDED}),
    _S.SENDING: frozenset({_S.POSTED, _S.DISPUTED, _S.REFUSED, _S.UNKNOWN, _S.PENDING}),
    _S.UNKNOWN: frozenset({_S.POSTED, _S.DISPUTED, _S.PENDING, _S.UNKNOWN, _S.SUPERSEDED}),
    _S.DISPUTED: frozenset({_S.POSTED, _S.SUPERSEDED}),
    _S.REFUSED: frozenset({_S.PENDING, _S.SUPERSEDED}),
    _S.POSTED: frozenset({_S.SUPERSEDED}),
    _S.SUPERSEDED: frozenset({_S.PENDING, _S.HELD}),
}

# Nothing more will happen to these by themselves.
SETTLED = frozenset({_S.POSTED, _S.DISPUTED, _S.REFUSED, _S.SUPERSEDED})
# These wait for a person.
NEEDS_PERSON = frozenset({_S.DISPUTED, _S.REFUSED})


def check_move(effect_id: str, old: str, new: EffectState) -> None:
    """Raise BrokenInvariant when the table does not allow the move."""
    if new not in MOVES[EffectState(old)]:
        raise BrokenInvariant(
            f"Effect {effect_id[:12]} cannot go from {old} to {new.value}.",
            fix="This is a fault of Dealbooks. Nothing was written; run 'dealbooks trace' for the deal and report it.",
        )
