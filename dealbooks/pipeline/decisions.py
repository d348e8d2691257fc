"""What a person can do about a write call that does not stand as it should, in words. Pure."""

from __future__ import annotations

from dealbooks.outbox.states import EffectState

_S = EffectState
_UNKNOWN = (
    "It is looked up by the next run, before anything is sent again. Where it stays so, look for it in the ledger:"
    " leave one document with our key, or none, and run 'dealbooks drain {book}'."
)
_DIFFERS = (
    "Correct it in the ledger, then run 'dealbooks drain {book}'; or let it stand: 'dealbooks accept-difference {deal}"
    " --effect {effect} --who NAME --why TEXT'; or void it there, then 'dealbooks issue-again {deal} --who NAME --why"
    " TEXT'."
)
_GONE = (
    "Bring it back in the ledger, then run 'dealbooks drain {book}'; or have it made again: 'dealbooks issue-again"
    " {deal} --who NAME --why TEXT'."
)
_REFUSED = (
    "Mend what the ledger says, then run 'dealbooks drain {book} --refused-again NAME'. Where it was cancelled or"
    " deleted there: 'dealbooks issue-again {deal} --who NAME --why TEXT'."
)
# The states in which a person may have to act.
DECISIONS = (_S.UNKNOWN.value, _S.DISPUTED.value, _S.REFUSED.value)


def decision(state: str, *, shown: bool, book: str, deal: str, effect: str) -> str:
    """What can be done about a write call in one of `DECISIONS`; `shown`: the ledger showed figures of it."""
    words = {_S.UNKNOWN.value: _UNKNOWN, _S.REFUSED.value: _REFUSED}.get(state, _DIFFERS if shown else _GONE)
    return words.format(book=book, deal=deal, effect=effect[:12])
