"""Many months of a book at once: which of our entries stand in its ledger exactly as we posted them, and what is wrong
with the others.

Reconciling a month reads the whole ledger and holds the month. This reads it once for all months, as columns of numbers
(`tasks.firstpass`, handed in by the house: the core knows no frames), and a second time only for the documents that do
not agree; these are judged by `match`, as everywhere. So a year costs two readings in place of twelve, and memory stays
small. What was typed by hand, open items, the bank and the totals are judged month by month, by `reconcile`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Protocol

from dealbooks.ledger import Record
from dealbooks.periods import Period
from dealbooks.pipeline.expected import expected_by_keys, expected_of_period
from dealbooks.pipeline.parts import our_refs, told_by_documents
from dealbooks.pipeline.reconcile import ReconcileHouse
from dealbooks.reconcile import AccountMap, Expected, MatchPolicy, ReconException, match
from dealbooks.reconcile.model import OWNED, MatchResult, sorted_exceptions
from dealbooks.returns import Span

# The ledger's whole history is listed: a document may have been moved to any date.
_BEGINNING = date(1900, 1, 1)
_AHEAD = timedelta(days=3660)


class Look(Protocol):
    """Takes both sides in, and tells which entries agree entirely. It may leave some to be judged that do agree; it
    never says that one agrees in which `match` would find a difference."""

    unknown: set[str]

    @property
    def carried(self) -> frozenset[str]:
        """The dimensions that the ledger shows."""

    def expect(self, item: Expected) -> None:
        """Take an entry in; all entries come before the first record."""

    def found(self, record: Record) -> None:
        """Take a record in."""

    def rest(self) -> frozenset[str]:
        """The keys of entries that are to be judged."""

    def concerns(self, record: Record, rest: Collection[str]) -> bool:
        """Whether a record is to be judged with them."""


class MonthsHouse(ReconcileHouse, Protocol):
    """What this module needs of a house."""

    def first_look(self, policy: MatchPolicy, key_length: int) -> Look:
        """An empty look."""


@dataclass(frozen=True, slots=True)
class MonthLooked:
    """One month: how many entries we expect in the ledger, how many stand there exactly so, and what is wrong."""

    period: str
    entries: int
    agreed: int
    exceptions: tuple[ReconException, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "period": self.period, "entries": self.entries, "agreed": self.agreed,
            "exceptions": [one.as_json() for one in self.exceptions],
        }  # fmt: skip


def months(house: MonthsHouse, book: str, span: Span) -> tuple[MonthLooked, ...]:
    """Look over every month of a span (`Span.parse("2026-Q3")`) of a book. Changes nothing.

    Raises:
        UsageError: there is no such book.
        StopConnection: the ledger cannot be read now.
    """
    own, config, ledger = house.book(book), house.book_config(book), house.ledger(book)
    places = {code: place.dimension or code for code, place in config.locations.items()}
    owned = OWNED if config.owned is None else config.owned
    policy = MatchPolicy(span.first, span.last, own.currency, AccountMap(own.chart), places, owned=owned,
                         lasting=ledger.capabilities.lasting_refs)  # fmt: skip
    look = house.first_look(policy, ledger.capabilities.key_length)
    counts: dict[Period, int] = {}
    for month in _months(span):
        for item in _expected(house, book, month):
            look.expect(item)
            counts[month] = counts.get(month, 0) + (item.state != "superseded")
    last = max(span.last, house.today(book)) + _AHEAD
    for record in ledger.records(_BEGINNING, last):
        look.found(record)
    rest = look.rest()
    expected: list[Expected] = []
    of: dict[str, Period] = {}
    for month in _months(span) if rest else ():
        for item in _expected(house, book, month):
            if item.key in rest:
                expected.append(item)
                of[item.key] = month
    with house.store.read() as conn:
        expected += [item for item in expected_by_keys(conn, book, look.unknown) if item.key not in of]
    ours, unmarked = our_refs(expected), set[str]()
    records: list[Record] = []
    for record in ledger.records(_BEGINNING, last) if rest or look.unknown else ():
        if not record.key and record.ref in ours:
            unmarked.add(record.ref)
            records.append(replace(record, key=ours[record.ref]))
        elif look.concerns(record, rest):
            records.append(record)
    result = match(expected, records, replace(policy, carried=look.carried))
    result = told_by_documents(result, expected, records, unmarked, ledger, policy)
    when = {one.ref: Period.of(one.date) for one in records}
    found: dict[Period, list[ReconException]] = {}
    for one in result.exceptions:
        key, _, ref = one.subject.partition(" ")
        found.setdefault(of.get(key) or when[key if key in when else ref or _ref(one, result)], []).append(one)
    wrong = {one.subject.partition(" ")[0] for one in result.exceptions}
    right = {item.key for item, _ in result.matched} - wrong
    left: dict[Period, int] = {}
    for item in expected:
        if item.key in of and item.state != "superseded" and item.key not in right:
            left[of[item.key]] = left.get(of[item.key], 0) + 1
    return tuple(
        MonthLooked(
            str(month), counts.get(month, 0), counts.get(month, 0) - left.get(month, 0),
            sorted_exceptions(found.get(month, ())),
        )
        for month in _months(span)
    )  # fmt: skip


def _ref(found: ReconException, result: MatchResult) -> str:
    """The first record of an entry from before or after the span, which lies in it."""
    return next(records[0].ref for item, records in result.matched if item.key == found.subject)


def _expected(house: MonthsHouse, book: str, month: Period) -> list[Expected]:
    with house.store.read() as conn:
        return expected_of_period(conn, book, month)


def _months(span: Span) -> Iterator[Period]:
    month = span.start
    while month.first <= span.last:
        yield month
        month = month.following
