"""Reconcile a period of a book: what our entries say should stand in the ledger, and what the ledger itself lists.

The two sides are pulled apart from each other: entries from the store, records from the ledger, which never asks our
store. Nothing is changed; the same books give the same answer again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import Connection

from dealbooks.book import Book
from dealbooks.config import BookConfig
from dealbooks.config_told import BankAccountConfig
from dealbooks.ledger import Ledger, Record
from dealbooks.periods import Period
from dealbooks.pipeline.accepted import Acceptance, accepted_of, said_of
from dealbooks.pipeline.bank_side import NOT_PROVIDED, BankReconciliation, bank_side
from dealbooks.pipeline.cutoff import CutOff, cut_off
from dealbooks.pipeline.derived import derived
from dealbooks.pipeline.expected import (
    expected_by_keys,
    expected_of_period,
)
from dealbooks.pipeline.matrix import Given, matrix
from dealbooks.pipeline.mirror import mirror
from dealbooks.pipeline.named import lists_held, residuals, standing_of
from dealbooks.pipeline.others_receipts import others_receipts
from dealbooks.pipeline.parts import our_refs, told_by_documents
from dealbooks.pipeline.periods import PeriodHouse
from dealbooks.pipeline.since import Since, since_of, since_words
from dealbooks.reconcile import AccountMap, Expected, MatchPolicy, MatchResult, ReconException, Severity, match
from dealbooks.reconcile.byhand import Activity, activity
from dealbooks.reconcile.matrix import MatrixRow
from dealbooks.reconcile.model import (
    OPEN_ITEMS,
    OWNED,
    Suggestion,
    money_text,
    sorted_exceptions,
)
from dealbooks.reconcile.openitems import STOCK_CODES
from dealbooks.reconcile.receipts import OthersReceipt, match_receipts
from dealbooks.reconcile.sides import both_sides
from dealbooks.reconcile.totals import AccountTotal, Balance, LedgerSums, expected_units

# The ledger's whole history is listed: balances need it, and a document may have been moved to any date.
_BEGINNING = date(1900, 1, 1)
_AHEAD = timedelta(days=3660)


class ReconcileHouse(PeriodHouse, Protocol):
    """What this module needs of a house."""

    def book(self, name: str) -> Book:
        """A book."""

    def book_config(self, name: str) -> BookConfig:
        """Its settings."""

    def bank_accounts(self, book: str) -> Mapping[str, tuple[BankAccountConfig, str]]:
        """Its accounts at banks and payment providers, with their currency."""

    def payers(self, book: str) -> Mapping[str, tuple[str, ...]]:
        """By which names banks may know its finance companies and lienholders, by their ids."""

    def today(self, book: str) -> date:
        """The business date of a book."""


@dataclass(frozen=True, slots=True)
class LateEntry:
    """An entry of a closed period that was booked in this one (PC-3): listed, and no exception."""

    deal: str
    entry: str
    original: date
    booked: date

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return {
            "deal": self.deal, "entry": self.entry, "original_date": self.original.isoformat(),
            "booked": self.booked.isoformat(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ByHand:
    """A record without a key of ours that explains itself: `kind` is opening, banking, purchase,
    receipt (a customer's payment that others book), clearing (of the open item in `explains`), remittance (of what an
    account holds in total), or other (on no account that the book owns). `who` booked it, where the ledger tells."""

    kind: str
    ref: str
    date: date
    narration: str
    amount: Decimal
    currency: str
    explains: str = ""
    who: str = ""

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return {
            "kind": self.kind, "ref": self.ref, "date": self.date.isoformat(), "narration": self.narration,
            "amount": money_text(self.amount, self.currency), "currency": self.currency, "explains": self.explains,
            "who": self.who,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Accepted:
    """A difference that a person accepted for good, for as long as it is exactly that: no exception."""

    found: ReconException
    said: Acceptance

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {**self.found.as_json(), "who": self.said.who, "why": self.said.why, "at": self.said.at}


@dataclass(frozen=True, slots=True)
class Agreed:
    """An entry that stands in the ledger, and by which references."""

    key: str
    deal_id: str
    event: str
    day: date
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Both sides of a period of a book. `agreed`: the ledger is sound, every deal of the period is settled, and no
    exception says that the two sides differ (open items, such as a lender who has not paid, are not differences)."""

    book: str
    legal_entity: str
    currency: str
    period: str
    as_of: date
    counts: Mapping[str, int]
    units: Mapping[str, tuple[int, int]]
    totals: tuple[AccountTotal, ...]
    trial_balance: tuple[Balance, ...]
    stock: tuple[Balance, ...]
    exceptions: tuple[ReconException, ...]
    suggestions: tuple[Suggestion, ...]
    cut_off: tuple[CutOff, ...]
    late: tuple[LateEntry, ...]
    by_hand: tuple[ByHand, ...]
    problems: tuple[str, ...]
    stock_is_kept: bool
    receipts: tuple[OthersReceipt, ...] = ()  # of customers, which others book (`receipts: match`)
    bank: BankReconciliation = NOT_PROVIDED
    matrix: tuple[MatrixRow, ...] = ()
    activity: tuple[Activity, ...] = ()  # what others booked, by who and account
    accepted: tuple[Accepted, ...] = ()  # differences that a person accepted
    since: Mapping[str, Since] = field(default_factory=dict)  # exceptions by id: when a run first found them
    agreed_entries: tuple[Agreed, ...] = ()

    @property
    def differences(self) -> tuple[ReconException, ...]:
        """Exceptions that say that the two sides differ."""
        return tuple(found for found in self.exceptions if found.code not in OPEN_ITEMS)

    @property
    def open_items(self) -> tuple[ReconException, ...]:
        """Exceptions that say that somebody still owes."""
        return tuple(found for found in self.exceptions if found.code in OPEN_ITEMS)

    @property
    def agreed(self) -> bool:
        """Whether both sides agree."""
        return not self.differences and not self.cut_off and not self.problems

    def as_json(self) -> dict[str, Any]:
        """Plain types; the same books give the same bytes."""
        return {
            "book": self.book, "legal_entity": self.legal_entity, "currency": self.currency, "period": self.period,
            "as_of": self.as_of.isoformat(), "agreed": self.agreed, "counts": dict(self.counts),
            "units": {name: {"expected": ours, "ledger": theirs} for name, (ours, theirs) in self.units.items()},
            "totals": [row.as_json() for row in self.totals],
            "trial_balance": [row.as_json() for row in self.trial_balance],
            "stock": [row.as_json() for row in self.stock], "stock_is_kept": self.stock_is_kept,
            "exceptions": [
                {**found.as_json(), "since": since_words(self.since, found.id)} for found in self.exceptions
            ],
            "suggestions": [pair.as_json() for pair in self.suggestions],
            "cut_off": [item.as_json() for item in self.cut_off], "late": [item.as_json() for item in self.late],
            "by_hand": [item.as_json() for item in self.by_hand],
            "receipts": [item.as_json() for item in self.receipts],
            "accepted": [item.as_json() for item in self.accepted], "problems": list(self.problems),
            "bank": self.bank.as_json(), "matrix": [row.as_json() for row in self.matrix],
            "activity": [row.as_json() for row in self.activity],
        }  # fmt: skip


def reconcile(
    house: ReconcileHouse, book: str, period: str, *, see: Callable[[Record], None] | None = None
) -> Reconciliation:
    """Reconcile a period (`2026-03`) of a book. Changes nothing. `see` is shown every record that the ledger lists, of
    any date, once: what is made of them rests on the same reading.

    Raises:
        UsageError: there is no such book, or the period is not written as year and month.
        StopConnection: the ledger cannot be read now.
    """
    month, own, ledger = Period.parse(period), house.book(book), house.ledger(book)
    places = {code: place.dimension or code for code, place in house.book_config(book).locations.items()}
    owned = house.book_config(book).owned
    policy = MatchPolicy(
        month.first, month.last, own.currency, AccountMap(own.chart), places, owned=OWNED if owned is None else owned,
        lasting=ledger.capabilities.lasting_refs,
    )  # fmt: skip
    with house.store.read() as conn:
        expected = expected_of_period(conn, book, month)
    sums = LedgerSums(policy)
    records, unmarked = _pull(ledger, expected, sums, policy, house.today(book), see)
    with house.store.read() as conn:
        expected = _with_strangers(conn, book, expected, records)
        all_of = house.book_config(book).receipts == "match"
        receipts = match_receipts(others_receipts(conn, book, own.currency, month, all_of=all_of), records)
        result = match(expected, records, policy, standing_of(conn, book, policy, sums, records))
        result = told_by_documents(_explained(result, receipts, records), expected, records, unmarked, ledger, policy)
        sums.attribute(result.unnamed)
        unsettled = _without_named(cut_off(conn, book, month), result, expected)
        as_of = min(month.last, house.today(book))
        more = derived(
            conn, book, policy, result, sums, unsettled, as_of, key_length=ledger.capabilities.key_length
        ) + residuals(result, policy)
        accepted = _accepted(accepted_of(conn, book), result.exceptions)
        bank = bank_side(
            conn, book, month, as_of, accounts=house.bank_accounts(book), records=records, labels=policy.accounts,
            named=[*result.exceptions, *more], held_deals={item.deal_id for item in unsettled if item.deal_id},
            absent={item.key for item in result.absent}, others=receipts, payers=house.payers(book),
        )  # fmt: skip
        sides = both_sides(expected, result, records, policy)
        named = {number for found in more if found.code in STOCK_CODES for number in found.stock_nos}
        lists = lists_held(conn, book, month, policy, sums, sides, result.exceptions, named)
    group = mirror(house, book, policy, result, named=_deals_named(expected, result, unsettled))
    taken = {one.found for one in accepted}
    exceptions = sorted_exceptions(
        one
        for one in (*result.exceptions, *more, *bank.exceptions, *lists.exceptions, *group.exceptions)
        if one not in taken
    )
    with house.store.read() as conn:
        since = since_of(conn, book, [one.id for one in exceptions], house.book_config(book).zone())
    totals = sums.account_totals(result)
    given = Given(
        expected, result, records, sides, exceptions, unsettled, receipts, bank, lists, group, totals, sums.keeps_stock
    )
    in_period = [item for item in expected if month.first <= item.entry.accounting_date <= month.last]
    ours = expected_units(in_period, policy)
    inside = [record for record in records if month.first <= record.date <= month.last]
    return Reconciliation(
        book=book, legal_entity=own.legal_entity, currency=own.currency, period=str(month), as_of=as_of,
        counts={
            "entries": len([item for item in in_period if item.state != "superseded"]), "records": len(inside),
            "matched": len(result.matched), "exceptions": len(exceptions), "cut_off": len(unsettled),
            "by_hand": len(result.others),
        },
        units={name: (ours.get(name, 0), sums.units.get(name, 0)) for name in sorted({*ours, *sums.units})},
        totals=totals, trial_balance=sums.trial_balance, stock=sums.stock,
        exceptions=exceptions, suggestions=result.suggestions, cut_off=unsettled, late=_late(in_period),
        by_hand=tuple(
            _by_hand(kind, record, own.currency, result.explained.get(record.ref, "")) for kind, record in result.others
        ),
        problems=tuple(ledger.problems()), stock_is_kept=sums.keeps_stock,
        receipts=tuple(one for one in receipts if one.ref or month.first <= one.date), accepted=accepted,
        bank=bank, matrix=matrix(house, policy, given), activity=activity(records, policy),
        since=since, agreed_entries=_agreed(result),
    )  # fmt: skip


def _pull(
    ledger: Ledger,
    expected: Sequence[Expected],
    sums: LedgerSums,
    policy: MatchPolicy,
    today: date,
    see: Callable[[Record], None] | None,
) -> tuple[list[Record], set[str]]:
    """List the ledger once: add everything up, keep the records of the period and those that carry our keys; beside
    them the references of documents of ours out of which somebody took the key. They count as ours."""
    length = ledger.capabilities.key_length
    keys = {key for item in expected for key in (item.key, item.key[:length], *item.effect_keys)}
    ours, unmarked = our_refs(expected), set[str]()
    kept: list[Record] = []
    refs: dict[str, int] = {}
    for record in ledger.records(_BEGINNING, max(policy.last, today) + _AHEAD):
        if see is not None:
            see(record)
        if not record.key and record.ref in ours:
            unmarked.add(record.ref)
            record = replace(record, key=ours[record.ref])
        sums.add(record)
        if policy.first <= record.date <= policy.last or record.key in keys:
            refs[record.ref] = count = refs.get(record.ref, 0) + 1
            # A ledger may make several records of one line (a pad directive); each is told apart.
            kept.append(record if count == 1 else replace(record, ref=f"{record.ref} ({count})"))
    return kept, unmarked


def _with_strangers(conn: Connection, book: str, expected: list[Expected], records: Sequence[Record]) -> list[Expected]:
    """Add the entries of other periods whose records lie in this one."""
    known = {item.key for item in expected}
    shown = {record.key for record in records} - known - {key for item in expected for key in item.effect_keys}
    return expected + [item for item in expected_by_keys(conn, book, shown) if item.key not in known]


def _deals_named(expected: Sequence[Expected], result: MatchResult, unsettled: Sequence[CutOff]) -> set[str]:
    """Deals of which a document or its state is named already."""
    deal_of = {item.key: item.deal_id for item in expected}
    named = {deal_of.get(one.subject.partition(" ")[0], "") for one in result.exceptions}
    return named | {item.deal_id for item in unsettled}


def _without_named(found: Sequence[CutOff], result: MatchResult, expected: Sequence[Expected]) -> tuple[CutOff, ...]:
    """A disputed deal whose difference is named as an exception is not named a second time."""
    deal_of = {item.key: item.deal_id for item in expected}
    named = {deal_of.get(one.subject) for one in result.exceptions}
    return tuple(item for item in found if item.kind != "disputed" or item.deal_id not in named)


def _explained(result: MatchResult, receipts: Sequence[OthersReceipt], records: Sequence[Record]) -> MatchResult:
    """A record that is a receipt which others book explains itself."""
    matched = {one.ref for one in receipts if one.ref}
    by_ref = {one.ref: one for one in records}
    by_likeness = ("unexplained_ledger_entry", "duplicate")
    named = [one for one in result.exceptions if one.code in by_likeness and one.subject in matched]
    return replace(
        result, exceptions=tuple(one for one in result.exceptions if one not in named),
        others=(*result.others, *(("receipt", by_ref[one.subject]) for one in named)),
    )  # fmt: skip


def _accepted(known: Mapping[str, Sequence[Acceptance]], found: Sequence[ReconException]) -> tuple[Accepted, ...]:
    """Exceptions that are exactly what a person accepted of that entry."""
    pairs = (
        (one, next((said for said in known.get(one.subject, ()) if said_of(one) in said.found), None)) for one in found
    )
    return tuple(Accepted(one, said) for one, said in pairs if said is not None)


def _agreed(result: MatchResult) -> tuple[Agreed, ...]:
    named = {one.subject for one in result.exceptions}
    return tuple(
        Agreed(item.key, item.deal_id, item.entry.event, item.entry.accounting_date, tuple(one.ref for one in pieces))
        for item, pieces in result.matched if item.key not in named
    )  # fmt: skip


def _late(expected: Sequence[Expected]) -> tuple[LateEntry, ...]:
    late = [
        LateEntry(item.deal, item.entry.entry_id, item.entry.original_date, item.entry.accounting_date)
        for item in expected
        if item.entry.original_date is not None and item.state != "superseded"
    ]
    return tuple(sorted(late, key=lambda item: (item.original, item.deal, item.entry)))


def _by_hand(kind: str, record: Record, currency: str, explains: str) -> ByHand:
    amount = sum((line.amount for line in record.lines if line.amount > 0), Decimal(0))
    shown = record.lines[0].currency if record.lines else currency
    return ByHand(kind, record.ref, record.date, record.narration, amount, shown, explains, record.who)


def holds_a_close(found: ReconException) -> bool:
    """Whether an exception keeps a period from being closed until it is mended or accepted."""
    return found.severity is not Severity.LOW
