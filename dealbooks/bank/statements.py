"""A new statement beside those that were taken before: which of its lines are new, and whether the balances hold. Pure.

An account's statements make one chain: each opens with what the one before closed with. Days that two statements cover
must come to the same in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from dealbooks.bank.model import ZERO, BankLine, Statement, Unreadable


@dataclass(frozen=True, slots=True)
class Known:
    """What was taken of an account so far: its statements (their lines are not needed), and all of its lines."""

    statements: tuple[Statement, ...] = ()
    lines: tuple[BankLine, ...] = ()

    @property
    def proven(self) -> list[Statement]:
        """Those with balances, in order."""
        some = [one for one in self.statements if one.opening is not None and one.closing is not None]
        return sorted(some, key=lambda one: (one.first, one.last))

    def balance(self, day: date) -> Decimal:
        """At the end of a day on or after the first statement with balances."""
        root = self.proven[0]
        return _opening(root) + _total(line for line in self.lines if root.first <= line.booked <= day)


def merged(known: Known, new: Statement) -> tuple[BankLine, ...]:
    """The lines of a statement that are not known yet, numbered so that no two lines of the account are one.

    Raises:
        Unreadable: it does not follow from the statement before, or says otherwise for days that were taken.
    """
    if not known.statements:
        return new.lines
    proven = known.proven
    if new.opening is None or new.closing is None:
        fresh = _fresh(known, new, otherwise=_other_format(known, new))
        if fresh and proven and new.first <= proven[-1].last:
            raise Unreadable(
                f"The statement has {len(fresh)} lines that statements with balances of the same days do not have, and "
                "states no balances itself.",
                fix="Import one kind of file for this account, the one with balances.",
            )
        return fresh
    if not proven:
        return _fresh(known, new, otherwise=_other_format(known, new))
    last = max(proven, key=lambda one: (one.last, one.first))
    if new.first > last.last:
        return _following(known, new, last)
    if new.last < proven[0].first:
        if new.closing != proven[0].opening:
            raise Unreadable(
                f"The statement closes on {new.last.isoformat()} with {new.closing}; the one after it, of "
                f"{proven[0].first.isoformat()}, opens with {proven[0].opening}.",
                fix="Import the statements in between first, the newest of them first.",
            )
        return new.lines
    return _overlapping(known, new, last)


def _following(known: Known, new: Statement, last: Statement) -> tuple[BankLine, ...]:
    closed = known.balance(new.first - timedelta(days=1))  # with lines of statements without balances in between
    since = "" if closed == last.closing else f", and with what was taken since it comes to {closed}"
    if new.opening != closed:
        raise Unreadable(
            f"The statement opens on {new.first.isoformat()} with {new.opening}; the one before it closed on "
            f"{last.last.isoformat()} with {last.closing}{since} (difference {_opening(new) - closed}).",
            fix="Import the statements in between first; if there are none, ask the bank.",
        )
    tries = (_fresh(known, new, otherwise=False), _fresh(known, new, otherwise=True), _later(known, new, own=True))
    fresh = next((one for one in tries if _holds(known, new, one)), None)
    if fresh is None:
        raise _disagreeing(new)
    return fresh


def _overlapping(known: Known, new: Statement, last: Statement) -> tuple[BankLine, ...]:
    """Days in common, whole: by the lines' identities, or by day and amount where the two were written differently; the
    fewest lines that come to the closing balance. Or, of the last day, what came after the statement before was made:
    then it opens with what that one closed with."""
    root = known.proven[0]
    if new.first > root.first:
        whole = new.opening == known.balance(new.first - timedelta(days=1))
    else:
        whole = new.first < root.first or new.opening == root.opening
    tries: tuple[tuple[BankLine, ...], ...] = ()
    if whole:
        tries = (_fresh(known, new, otherwise=True), _fresh(known, new, otherwise=False))
        if not tries[1]:
            return ()
    elif new.first == last.last and new.opening == known.balance(last.last):
        tries = (_later(known, new, own=False),)
    for fresh in tries:
        after = Known((*known.statements, new), (*known.lines, *fresh))
        if _holds(known, new, fresh) and (new.last >= last.last or after.balance(last.last) == last.closing):
            _refuse_between(known, fresh)
            return fresh
    raise _disagreeing(new)


def _refuse_between(known: Known, fresh: Sequence[BankLine]) -> None:
    """A statement that was taken says what was booked on all its days but the last, which may not have been over: a
    line more on one of these is not what its balances say."""
    root = known.proven[0]
    for one in known.proven:
        more = [line for line in fresh if root.first <= line.booked < one.last]
        if _total(more):
            first = more[0]
            raise Unreadable(
                f"The statement has a line of {first.booked.isoformat()} ({first.amount} {first.currency}) that the "
                f"one of {one.first.isoformat()} to {one.last.isoformat()} does not have; its balances leave no room "
                "for it.",
                fix="Ask the bank which is right. If it is this one, take the other back with 'dealbooks bank "
                "withdraw', and import this one anew.",
            )


def _holds(known: Known, new: Statement, fresh: tuple[BankLine, ...]) -> bool:
    """Whether all lines together come to what the new statement closes with."""
    return Known((*known.statements, new), (*known.lines, *fresh)).balance(new.last) == new.closing


def _disagreeing(new: Statement) -> Unreadable:
    return Unreadable(
        f"The statement of {new.first.isoformat()} to {new.last.isoformat()} and those that were taken before do not "
        f"come to the same for the days that both cover: it closes with {new.closing}.",
        fix="Export it again. If it is right, the one taken before is wrong: take that back with 'dealbooks bank "
        "withdraw', and import this one anew.",
    )


def _fresh(known: Known, new: Statement, *, otherwise: bool) -> tuple[BankLine, ...]:
    """Lines whose identity is not known. `otherwise`: what is left of the lines of a day and amount on both sides is
    the same, too, under other words."""
    there = {line.identity for line in known.lines}
    left = [line for line in new.lines if line.identity not in there]
    if not otherwise:
        return tuple(left)
    same = {line.identity for line in new.lines} & there
    spare = Counter(_day_amount(line) for line in known.lines if line.identity not in same)
    found = []
    for line in left:
        if spare[_day_amount(line)] > 0:
            spare[_day_amount(line)] -= 1
        else:
            found.append(line)
    return tuple(found)


def _later(known: Known, new: Statement, *, own: bool) -> tuple[BankLine, ...]:
    """All lines, numbered on from those of the same words that are known; with `own` also from those of the same id,
    which some banks give again."""
    seen = Counter(line.alike() for line in known.lines)
    return tuple(
        line if line.own_id and not own else replace(line, ordinal=line.ordinal + seen[line.alike()])
        for line in new.lines
    )


def _day_amount(line: BankLine) -> tuple[date, Decimal, str]:
    return line.booked, line.amount, line.kind


def _other_format(known: Known, new: Statement) -> bool:
    """Whether days in common were taken from another kind of file, which writes the same line in other words."""
    return any(one.format != new.format and one.first <= new.last and new.first <= one.last for one in known.statements)


def _opening(statement: Statement) -> Decimal:
    return statement.opening if statement.opening is not None else ZERO


def _total(lines: Iterable[BankLine]) -> Decimal:
    return sum((line.amount for line in lines), ZERO)
