"""The first pass over both sides of a reconciliation: which documents agree with their entries, all of them at once.

Lines of both sides stand in frames of integer minor units. A key agrees when one document of either side carries it,
and these have the same lines: account, currency, amount, day, and what the ledger carries of location, tax code and the
other dimensions. Everything is compared exactly, so that nothing agrees here in which `dealbooks.reconcile.compare`
would find a difference. What does not agree here is judged there: a ledger that merges lines agrees only there.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dealbooks.ledger import Record
from dealbooks.money import MoneyError, minor_digits
from dealbooks.reconcile import Expected, MatchPolicy
from dealbooks.reconcile.compare import COMPARED, Flat, expected_lines, record_lines

# A line: the key of its document, which document of its side it belongs to (a whole number; the lines of a document
# stand together), its day, and what is compared. Amounts are in minor units, debit positive.
LINE = ("key", "document", "day", "account", "currency", "amount", *COMPARED)
_ALWAYS = ("day", "account", "currency", "amount")
_LARGEST = 2**63
_Ints = NDArray[np.int64]
_Flags = NDArray[np.bool_]


class Verdict(IntEnum):
    """What is known of a key. `SEVERAL`: one side has more than one document of it."""

    AGREES = 0
    DIFFERS = 1
    ONLY_OURS = 2
    ONLY_THEIRS = 3
    SEVERAL = 4


@dataclass(frozen=True, slots=True, eq=False)
class FirstPass:
    """Each key once, with its verdict."""

    keys: NDArray[np.object_]
    verdicts: NDArray[np.int8]

    def of(self, *verdicts: Verdict) -> NDArray[np.object_]:
        """The keys with one of some verdicts."""
        return self.keys[np.isin(self.verdicts, verdicts)]


@dataclass(frozen=True, slots=True)
class _Side:
    """The lines of one side; where each document begins, how many lines it has, and its key."""

    frame: pd.DataFrame
    start: _Ints
    count: _Ints
    key: NDArray[np.object_]


def first_pass(ours: pd.DataFrame, theirs: pd.DataFrame, carried: Collection[str]) -> FirstPass:
    """A verdict for each key of two frames of lines (see `LINE`). `carried` names the dimensions that the ledger keeps;
    columns of others may be left out. Time and memory grow with the number of lines."""
    compared = [*_ALWAYS, *(name for name in COMPARED if name in carried)]
    mine, them = _side(ours), _side(theirs)
    codes, keys = pd.factorize(np.concatenate([mine.key, them.key]))
    own, other = codes[: len(mine.key)], codes[len(mine.key) :]
    of_ours = np.bincount(own, minlength=len(keys))
    of_theirs = np.bincount(other, minlength=len(keys))
    verdicts = np.full(len(keys), Verdict.SEVERAL, np.int8)
    verdicts[of_theirs == 0] = Verdict.ONLY_OURS
    verdicts[of_ours == 0] = Verdict.ONLY_THEIRS
    paired = np.flatnonzero((of_ours == 1) & (of_theirs == 1))
    verdicts[paired] = Verdict.DIFFERS
    ours_at, theirs_at = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
    ours_at[own], theirs_at[other] = np.arange(len(own)), np.arange(len(other))
    paired = paired[mine.count[ours_at[paired]] == them.count[theirs_at[paired]]]
    for in_order in (True, False):  # most ledgers list our lines as we sent them; the others are put in order
        same = _same(mine, ours_at[paired], them, theirs_at[paired], compared, in_order=in_order)
        verdicts[paired[same]] = Verdict.AGREES
        paired = paired[~same]
    return FirstPass(keys, verdicts)


def _side(frame: pd.DataFrame) -> _Side:
    document = frame["document"].to_numpy()
    first = np.ones(len(document), np.bool_)
    first[1:] = document[1:] != document[:-1]
    start = np.flatnonzero(first)
    count = np.diff(start, append=len(document))
    return _Side(frame, start, count, frame["key"].to_numpy(object)[start])


def _same(
    mine: _Side, ours_at: _Ints, them: _Side, theirs_at: _Ints, compared: Sequence[str], *, in_order: bool
) -> _Flags:
    """Of documents of as many lines on both sides, which have the same: in the order in which they stand, or in any."""
    count = mine.count[ours_at]
    if not len(count):
        return np.empty(0, np.bool_)
    ends = np.cumsum(count)
    begin = ends - count
    offset = np.arange(ends[-1]) - np.repeat(begin, count)
    left = np.repeat(mine.start[ours_at], count) + offset
    right = np.repeat(them.start[theirs_at], count) + offset
    if not in_order:
        document = np.repeat(np.arange(len(count)), count)
        columns = [pd.DataFrame(dict(zip(compared, pairs, strict=True)))
                   for pairs in zip(*_columns(mine, them, left, right, compared), strict=True)]  # fmt: skip
        left, right = (
            rows[frame.assign(document=document).sort_values(["document", *compared]).index.to_numpy()]
            for rows, frame in zip((left, right), columns, strict=True)
        )
    differs = np.zeros(len(left), np.bool_)
    for one, another in _columns(mine, them, left, right, compared):
        differs |= one != another
    return ~np.logical_or.reduceat(differs, begin)


def _columns(
    mine: _Side, them: _Side, left: _Ints, right: _Ints, compared: Sequence[str]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """The compared columns of some lines of both sides. Categories come as numbers, the same for the same text."""
    for name in compared:
        one, another = mine.frame[name], them.frame[name]
        if isinstance(one.dtype, pd.CategoricalDtype) and isinstance(another.dtype, pd.CategoricalDtype):
            number = one.cat.categories.get_indexer(another.cat.categories)
            number = np.append(np.where(number < 0, -2, number), -1)  # the last is that of no value
            yield one.cat.codes.to_numpy()[left], number[another.cat.codes.to_numpy()[right]]
        else:
            yield one.to_numpy()[left], another.to_numpy()[right]


class FirstLook:
    """Both sides of a book over many months as columns, of any size: entries first, then all that the ledger lists.
    What `dealbooks.pipeline.months` takes; see there for what is done with what does not agree."""

    def __init__(self, policy: MatchPolicy, key_length: int) -> None:
        self._policy = policy
        self._length = key_length
        self._keys: list[str] = []
        self._of: dict[str, int] = {}
        self._refs: list[tuple[str, ...]] = []
        self._ours, self._theirs = _Columns(), _Columns()
        self._seen: set[str] = set()
        self._judged: set[int] = set()  # to be judged by the core, whatever the lines say
        self._superseded: set[int] = set()
        self._at_its_place: set[int] = set()
        self._elsewhere: set[int] = set()
        self.unknown: set[str] = set()  # keys of ours in the span that no entry of it has

    def expect(self, item: Expected) -> None:
        """Take an entry in."""
        number = len(self._keys)
        self._keys.append(item.key)
        self._refs.append(item.refs)
        for name in (item.key, *item.effect_keys):
            self._of[name] = number
        self._of.setdefault(item.key[: self._length], number)
        entry = item.entry
        if item.state == "superseded":
            self._superseded.add(number)
        elif entry.base_currency not in (None, entry.currency) or not entry.lines:
            self._judged.add(number)  # a ledger may show it in the deal's own currency
        else:
            self._take(self._ours, number, entry.accounting_date, expected_lines(entry, self._policy))

    def found(self, record: Record) -> None:
        """Take a record of the ledger in."""
        number = self._of.get(record.key) if record.key else None
        inside = self._policy.first <= record.date <= self._policy.last
        if number is None:
            if inside:
                self._theirs.carry(record)
                self.unknown |= {record.key} - {""}
            return
        if number in self._superseded or not record.lines or record.key in self._seen:
            self._judged.add(number)
        self._seen.add(record.key)
        (self._at_its_place if record.ref in self._refs[number] else self._elsewhere).add(number)
        self._theirs.carry(record)
        self._take(self._theirs, number, record.date, record_lines([record], self._policy))

    def _take(self, side: _Columns, number: int, day: date, lines: Sequence[Flat]) -> None:
        try:
            side.add(number, day, lines)
        except MoneyError:  # typed by hand: no ISO currency, or a fraction of its smallest unit
            self._judged.add(number)

    @property
    def carried(self) -> frozenset[str]:
        """The dimensions that the ledger shows."""
        return frozenset(self._theirs.carried)

    def rest(self) -> frozenset[str]:
        """The keys of the entries that do not agree by what was taken in, or of which it cannot tell."""
        keys = np.array(self._keys, object)
        passed = first_pass(self._ours.frame(keys), self._theirs.frame(keys), self.carried)
        agreed = set(passed.of(Verdict.AGREES))
        left = self._judged | (self._at_its_place & self._elsewhere)
        return frozenset(
            key for number, key in enumerate(self._keys)
            if number in left or not (number in self._superseded or key in agreed)
        )  # fmt: skip

    def concerns(self, record: Record, rest: Collection[str]) -> bool:
        """Whether a record has to be judged with what does not agree."""
        number = self._of.get(record.key) if record.key else None
        if number is not None:
            return self._keys[number] in rest
        return record.key in self.unknown and self._policy.first <= record.date <= self._policy.last


class _Columns:
    """Lines as they come, in columns of numbers; each text is kept once."""

    def __init__(self) -> None:
        self._numbers = {name: array("q") for name in ("document", "day", "amount")}
        self._texts: dict[str, tuple[array[int], dict[str, int]]] = {
            name: (array("i"), {}) for name in ("account", "currency", *COMPARED)
        }
        self.carried: set[str] = set()

    def add(self, document: int, day: date, lines: Sequence[Flat]) -> None:
        """Raises MoneyError for an amount that is no whole number of minor units; then none of the lines is taken."""
        amounts = [_minor(line.amount, line.currency) for line in lines]
        numbers, texts, at = self._numbers, self._texts, day.toordinal()
        for line, amount in zip(lines, amounts, strict=True):
            numbers["document"].append(document)
            numbers["day"].append(at)
            numbers["amount"].append(amount)
            said = {"account": line.account, "currency": line.currency}
            for name, (codes, known) in texts.items():
                value = said[name] if name in said else line.dimensions.get(name, "")
                codes.append(known.setdefault(value, len(known)))

    def carry(self, record: Record) -> None:
        """Note which dimensions a record shows."""
        for line in record.lines:
            self.carried |= {name for name, value in line.dimensions.items() if value}

    def frame(self, keys: NDArray[np.object_]) -> pd.DataFrame:
        """The lines of each document together."""
        document = np.array(self._numbers["document"], np.int64)
        order = np.argsort(document, kind="stable")
        columns: dict[str, Any] = {name: np.array(some, np.int64)[order] for name, some in self._numbers.items()}
        columns["key"] = pd.Series(keys[document[order]], dtype=object)
        for name, (codes, known) in self._texts.items():
            columns[name] = pd.Categorical.from_codes(np.array(codes, np.int32)[order], list(known))
        return pd.DataFrame(columns)


def _minor(amount: Decimal, currency: str) -> int:
    """An amount in minor units. Raises MoneyError where it is not a whole number of them, or too many."""
    scaled = amount.scaleb(minor_digits(currency))
    whole = int(scaled)
    if whole != scaled or abs(whole) >= _LARGEST:
        raise MoneyError(f"{amount} {currency} is no whole number of minor units")
    return whole
