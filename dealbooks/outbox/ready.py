"""Which effects may be sent now."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, exists, select

from dealbooks.outbox.states import EffectState
from dealbooks.store.tables import effects

_S = EffectState


def ready(book: str, at: str) -> ColumnElement[bool]:
    """Effects of a book whose turn has come. Of those that make the same thing (`EffectSpec.subject`) it is the first,
    until one of them stands in the ledger, where the others then find it; and none while it is not known whether one of
    them has made it: on a platform without keys, and with nothing unique, a late commit of the one would stand beside
    what the other made."""
    other = effects.alias()
    in_doubt = other.c.state.in_([_S.SENDING.value, _S.UNKNOWN.value])
    goes_first = _due(other, at) & (other.c.seq < effects.c.seq)
    there = other.c.state == _S.POSTED.value
    waits = _another(other, in_doubt) | (_another(other, goes_first) & ~_another(other, there))
    return (effects.c.book == book) & _due(effects, at) & ((effects.c.subject == "") | ~waits)


def _another(other: FromClause, such: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is such another effect that makes the same thing."""
    same = (other.c.subject == effects.c.subject) & (other.c.book == effects.c.book)
    return exists(select(other.c.id).where(same & such))


def _due(table: FromClause, at: str) -> ColumnElement[bool]:
    return (table.c.state == _S.PENDING.value) & (table.c.next_at <= at)
