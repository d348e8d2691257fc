"""What of a reconciliation rests on the names of deals: what records typed by hand clear, and lists that others give.
Reads only."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Connection, select

from dealbooks.ledger import Record
from dealbooks.money import minor_unit
from dealbooks.periods import Period
from dealbooks.pipeline.bank_items import BankDeal, bank_deals
from dealbooks.pipeline.expected import owners_of
from dealbooks.pipeline.lists import OutsideList, lists_of
from dealbooks.reconcile.byhand import CONTROL, Standing, cleared_before
from dealbooks.reconcile.lists import KINDS, Held, hold, listed
from dealbooks.reconcile.model import SEVERITIES, MatchPolicy, MatchResult, ReconException, money_text
from dealbooks.reconcile.moves import sold_without
from dealbooks.reconcile.sides import BothSides, Moved, total_by
from dealbooks.reconcile.totals import STOCK, LedgerSums
from dealbooks.reconcile.words import WORDS
from dealbooks.store.tables import deals

ZERO = Decimal(0)
_EARLIER = timedelta(days=100)  # deals of so many days before the month may be named in it
_NAME = re.compile(r"(?=.*[0-9])[A-Z0-9][A-Z0-9-]{2,}")
_CHUNK = 400
_RESIDUAL = 5  # minor units of currency rounding in one deal that nobody needs to look at


@dataclass(frozen=True, slots=True)
class Names:
    """By what deals are called: words in capitals -> the cars of the deal, and -> the only car that is sold under that
    name; who bought a car."""

    cars: Mapping[str, frozenset[str]]
    sold: Mapping[str, str]
    customers: Mapping[str, tuple[str, ...]]


def names_of(conn: Connection, book: str, policy: MatchPolicy, sums: LedgerSums) -> Names:
    """The names of deals of the last months, and of those with something open."""
    keys = {key for item in sums.open_items for key in item.keys}
    owners = {deal for _, deal in owners_of(conn, book, keys).values()}
    found: dict[str, set[str]] = {}
    sold: dict[str, set[str]] = {}
    customers: dict[str, tuple[str, ...]] = {}
    for deal in bank_deals(conn, book, policy.first - _EARLIER, policy.last, owners).values():
        cars = {deal.stock_no, *deal.lienholders} - {""}
        customers[deal.stock_no] = deal.customers
        for word in _words(deal):
            found.setdefault(word, set()).update(cars)
            sold.setdefault(word, set()).add(deal.stock_no)
    return Names(
        {word: frozenset(cars) for word, cars in found.items()},
        {word: next(iter(cars)) for word, cars in sold.items() if len(cars) == 1}, customers,
    )  # fmt: skip


def _words(deal: BankDeal) -> Iterable[str]:
    return (word for name in deal.names for word in [name.strip().upper()] if _NAME.fullmatch(word))


def standing_of(
    conn: Connection, book: str, policy: MatchPolicy, sums: LedgerSums, records: Iterable[Record]
) -> Standing:
    """What records typed by hand can clear; deals are looked up only where there is one on a control account. What such
    records of earlier periods cleared is counted in `sums`."""
    accounts = policy.accounts
    by_hand = (one for one in records if not one.key)
    if not sums.earlier and not any(accounts.role_of(line) in CONTROL | STOCK for one in by_hand for line in one.lines):
        return Standing(totals=sums.remitted)
    names = names_of(conn, book, policy, sums)
    owners = owners_of(conn, book, sums.without_car)
    ids = sorted({deal for _, deal in owners.values()})
    cars: dict[str, str] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(deals.c.id, deals.c.stock_no).where(deals.c.id.in_(ids[start : start + _CHUNK]))
        cars.update({row.id: row.stock_no for row in conn.execute(query)})
    by_key = {key: cars.get(deal, "") for key, (_, deal) in owners.items()}
    standing = Standing(sums.balances(by_key), names.cars, sums.sold, names.customers, totals=sums.remitted)
    before = cleared_before(sums.earlier, policy, standing)
    sums.attribute(before)
    return replace(standing, balances=sums.balances(by_key)) if before else standing


def residuals(result: MatchResult, policy: MatchPolicy) -> list[ReconException]:
    """Deals whose currency rounding is above a few minor units (period-close.md `fx_residual`)."""
    most = _RESIDUAL * minor_unit(policy.currency)
    words, found = WORDS["fx_residual"], []
    for item, _ in result.matched:
        amounts = [line.base or line.amount for line in item.entry.lines if line.role == "fx.rounding"]
        total = sum((one.amount for one in amounts if one.currency == policy.currency), ZERO)
        if abs(total) > most and policy.first <= item.entry.accounting_date <= policy.last:
            shown = f"{money_text(abs(total), policy.currency)} {policy.currency}"
            found.append(
                ReconException(
                    code="fx_residual", severity=SEVERITIES["fx_residual"],
                    what=f"{shown} of deal {item.deal} are currency rounding; up to "
                    f"{money_text(most, policy.currency)} is usual.",
                    where=f"deal {item.deal}, {item.entry.entry_id}", ours=shown, theirs=shown, difference=ZERO,
                    currency=policy.currency, cause=words.cause, cure=words.cure.format(deal=item.deal, ref=""),
                    subject=item.key, deal=item.deal, stock_nos=(item.stock_no,) if item.stock_no else (),
                )
            )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class ListsHeld:
    """Lists held against the books, by kind."""

    held: Mapping[str, Held]
    lists: Mapping[str, OutsideList]

    @property
    def exceptions(self) -> tuple[ReconException, ...]:
        """What differs on all of them."""
        return tuple(one for held in self.held.values() for one in held.exceptions)

    @property
    def rows(self) -> dict[str, str]:
        """Exception's id -> the row of the matrix that its list belongs to."""
        return {one.id: KINDS[kind].row for kind, held in self.held.items() for one in held.exceptions}


def lists_held(
    conn: Connection,
    book: str,
    month: Period,
    policy: MatchPolicy,
    sums: LedgerSums,
    sides: BothSides,
    found: Iterable[ReconException],
    named: Collection[str],
) -> ListsHeld:
    """The lists that were imported for a month, held against what the ledger shows. They are judged by what it should
    show: what exceptions of documents (`found`) explain is not named again. `named` are cars whose balance is."""
    lists = lists_of(conn, book, month)
    if not lists:
        return ListsHeld({}, {})
    names = names_of(conn, book, policy, sums)
    documents = list(found)
    sold = {number for number, count in sold_without(sums.sold, documents).items() if count > 0}
    own = {row.name for row in sums.stock} | sold
    held = {}
    for kind, one in sorted(lists.items()):
        if kind == "stock" and not sums.keeps_stock:
            continue
        if kind == "stock":
            booked = {row.name: row.closing for row in sums.stock if row.closing and row.currency == policy.currency}
            due = _in_stock(booked, documents, policy)
        else:
            booked, due = (_booked(kind, policy, lines) for lines in (sides.theirs, sides.ours))
        rows = listed(one.rows, names.sold, {*booked, *due, *own})
        about = named if kind == "stock" else ()
        held[kind] = hold(KINDS[kind], rows, booked, policy.currency, due=due, sold=sold, named=about)
    return ListsHeld(held, lists)


def _in_stock(
    booked: Mapping[str, Decimal], documents: Iterable[ReconException], policy: MatchPolicy
) -> dict[str, Decimal]:
    """What cars would stand in stock with, without what exceptions of documents say."""
    due = dict(booked)
    for one in documents:
        for move in one.moves:
            if move.currency == policy.currency and policy.accounts.plays(move.account, *STOCK):
                due[move.stock_no] = due.get(move.stock_no, ZERO) - move.amount
    return {name: amount for name, amount in due.items() if amount}


def _booked(kind: str, policy: MatchPolicy, moved: Iterable[Moved]) -> dict[str, Decimal]:
    """What of a side a list tells, by its reference."""
    if kind == "floorplan":
        return {}
    role, sign = {
        "lender": ("receivable.finance_reserve", 1), "provider": ("payable.fi_provider", -1),
        "factory": ("receivable.manufacturer", 1), "payroll": ("payable.commission", -1),
    }[kind]  # fmt: skip
    plays = policy.accounts.plays
    by = (lambda one: one.line.dimensions.get("person", "")) if kind == "payroll" else (lambda one: one.stock_no)
    earned = {"sale.posted", "sale.reversed", "sale.unwound", "sale.cost_posted", "fi.charged_back"}
    lines = (one for one in moved if one.event in earned and plays(one.line.account, role))
    sums_ = total_by(lines, by)
    return {name: sign * amount for name, amount in sums_.items() if amount}
