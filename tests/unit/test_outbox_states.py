"""The table of legal moves, tested exhaustively."""

from __future__ import annotations

import itertools

import pytest

from dealbooks.errors import BrokenInvariant
from dealbooks.outbox.states import MOVES, NEEDS_PERSON, SETTLED, EffectState, check_move

S = EffectState
LEGAL = {
    (S.HELD, S.PENDING), (S.HELD, S.SUPERSEDED),
    (S.PENDING, S.SENDING), (S.PENDING, S.SUPERSEDED),
    (S.SENDING, S.POSTED), (S.SENDING, S.DISPUTED), (S.SENDING, S.REFUSED), (S.SENDING, S.UNKNOWN),
    (S.SENDING, S.PENDING),
    (S.UNKNOWN, S.POSTED), (S.UNKNOWN, S.DISPUTED), (S.UNKNOWN, S.PENDING), (S.UNKNOWN, S.UNKNOWN),
    (S.UNKNOWN, S.SUPERSEDED),
    (S.DISPUTED, S.POSTED), (S.DISPUTED, S.SUPERSEDED),
    (S.POSTED, S.SUPERSEDED),
    (S.REFUSED, S.PENDING), (S.REFUSED, S.SUPERSEDED),
    (S.SUPERSEDED, S.PENDING), (S.SUPERSEDED, S.HELD),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), list(itertools.product(S, S)))
def test_only_the_moves_of_the_table_are_legal(old: EffectState, new: EffectState) -> None:
    if (old, new) in LEGAL:
        check_move("effect", old.value, new)
        assert new in MOVES[old]
    else:
        with pytest.raises(BrokenInvariant, match=f"{old.value} to {new.value}"):
            check_move("effect", old.value, new)


def test_what_was_posted_moves_only_when_a_person_has_it_issued_again() -> None:
    assert MOVES[S.POSTED] == frozenset({S.SUPERSEDED})


def test_nothing_is_sent_without_having_been_pending_and_nothing_unknown_is_sent_again_directly() -> None:
    assert [old for old in S if S.SENDING in MOVES[old]] == [S.PENDING]
    assert S.SENDING not in MOVES[S.UNKNOWN]


def test_settled_states_need_nothing_or_a_person() -> None:
    assert NEEDS_PERSON < SETTLED
    assert SETTLED.isdisjoint({S.HELD, S.PENDING, S.SENDING, S.UNKNOWN})
