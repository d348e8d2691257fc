"""R16 across books: what a deal books between two companies of the group, here and in the ledger of the other one.

The other ledger is asked for exactly those documents; what it shows of its accounts for group companies must be the
same amount the other way round. Reads only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from sqlalchemy import select

from dealbooks.book import Book
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.ledger import Ledger, Record
from dealbooks.outbox import EffectState
from dealbooks.reconcile import AccountMap, ReconException
from dealbooks.reconcile.compare import side_text
from dealbooks.reconcile.model import SEVERITIES, MatchPolicy, MatchResult
from dealbooks.reconcile.words import WORDS
from dealbooks.store import Store
from dealbooks.store.db import read_rows
from dealbooks.store.tables import effects

ZERO = Decimal(0)
INTERCOMPANY = ("receivable.intercompany", "payable.intercompany")
_CHUNK = 400


class MirrorHouse(Protocol):
    """What this module needs of a house."""

    @property
    def store(self) -> Store:
        """The store."""

    def book(self, name: str) -> Book:
        """A book."""

    def ledger(self, book: str) -> Ledger:
        """The ledger of a book."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """What is due from (debit) or to group companies by deal: here, and in the other books, the other way round; None
    where another ledger could not be asked. `note` says what was not compared."""

    here: Mapping[str, Decimal] = field(default_factory=dict)
    there: Mapping[str, Decimal] | None = field(default_factory=dict)
    note: str = ""
    exceptions: tuple[ReconException, ...] = ()


def mirror(
    house: MirrorHouse, book: str, policy: MatchPolicy, result: MatchResult, *, named: Collection[str]
) -> Mirror:
    """The entries of the period between companies, against their counterparts. Deals that are `named` by another
    exception are not named again."""
    here: dict[str, Decimal] = {}
    numbers: dict[str, str] = {}
    for item, pieces in result.matched:
        if policy.first <= item.entry.accounting_date <= policy.last:
            amount = _between(pieces, policy.accounts, policy.currency)
            if amount or any(line.role in INTERCOMPANY for line in item.entry.lines):
                here[item.deal_id] = here.get(item.deal_id, ZERO) + amount
                numbers[item.deal_id] = item.deal
    if not here:
        return Mirror()
    refs = _documents(house, book, list(here))
    there = dict.fromkeys(here, ZERO)
    apart: list[str] = []
    for other, own in sorted(refs.items()):
        book_there = house.book(other)
        if book_there.currency != policy.currency:
            apart.append(f"{other} is kept in {book_there.currency}: its side is not compared.")
            for deal_id in own.values():
                there.pop(deal_id, None)
            continue
        try:
            ledger = house.ledger(other)
            ledger.get_ready()
            found = ledger.listed(sorted(own))
        except (StopConnection, ConfigError) as error:
            return Mirror(_by_number(here, numbers), None, f"The ledger of {other} cannot be read now: {error.message}")
        accounts = AccountMap(book_there.chart)
        for ref, record in found.items():
            if record is not None and own[ref] in there:
                there[own[ref]] -= _between([record], accounts, policy.currency)
    here = {deal_id: amount for deal_id, amount in here.items() if deal_id in there}
    differ = [deal_id for deal_id in sorted(here) if here[deal_id] != there[deal_id] and deal_id not in named]
    return Mirror(
        _by_number(here, numbers), _by_number(there, numbers), " ".join(apart),
        tuple(_unmatched(one, numbers[one], here[one], there[one], policy.currency) for one in differ),
    )  # fmt: skip


def _between(records: Collection[Record], accounts: AccountMap, currency: str) -> Decimal:
    """What records hold on accounts for group companies; a debit is due from one."""
    lines = (line for record in records for line in record.lines if line.currency == currency)
    return sum((line.amount for line in lines if accounts.plays(accounts.of_line(line), *INTERCOMPANY)), ZERO)


def _documents(house: MirrorHouse, book: str, deal_ids: list[str]) -> dict[str, dict[str, str]]:
    """Documents of some deals in other books: book -> reference -> deal."""
    found: dict[str, dict[str, str]] = {}
    with house.store.read() as conn:
        for start in range(0, len(deal_ids), _CHUNK):
            mine = effects.c.deal_id.in_(deal_ids[start : start + _CHUNK]) & (effects.c.book != book)
            stands = (effects.c.state == EffectState.POSTED.value) & (effects.c.ref != "")
            for row in read_rows(conn, select(effects.c.book, effects.c.ref, effects.c.deal_id).where(mine & stands)):
                found.setdefault(row["book"], {})[row["ref"]] = row["deal_id"]
    return found


def _by_number(amounts: Mapping[str, Decimal], numbers: Mapping[str, str]) -> dict[str, Decimal]:
    return {numbers[deal_id]: amount for deal_id, amount in amounts.items()}


def _unmatched(deal_id: str, number: str, here: Decimal, there: Decimal, currency: str) -> ReconException:
    words, code = WORDS["intercompany_unmatched"], "intercompany_unmatched"
    ours, theirs = (side_text(one, currency) if one else "nothing" for one in (here, there))
    return ReconException(
        code=code, severity=SEVERITIES[code], where=f"deal {number}", ours=theirs, theirs=ours,
        what=f"Between the companies of the group, deal {number} shows {ours} here; the other book's ledger asks for "
        f"{theirs}.",
        difference=here - there, currency=currency, cause=words.cause,
        cure=words.cure.format(deal=number, ref="the other document"), subject=f"{deal_id} intercompany", deal=number,
    )  # fmt: skip
