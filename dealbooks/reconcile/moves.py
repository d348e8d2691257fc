"""What an exception of a document does to the open items of single cars, so that the rest is judged without it. Pure.

A deal may have two faults at once: its receipt is gone from the ledger, and its lender has not paid. The first explains
the customer's balance, and nothing of the contract's. So what a document has too much or lacks is taken off the
balances, and what is still open then is an open item of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from dealbooks.entries import Entry
from dealbooks.ledger import Record, RecordLine
from dealbooks.reconcile.accounts import AccountMap
from dealbooks.reconcile.compare import expected_lines, record_lines, shows_own_currency
from dealbooks.reconcile.model import MatchPolicy, Move, ReconException
from dealbooks.reconcile.totals import CUSTOMER, OPEN_ROLES, OpenItem, units_of

ZERO = Decimal(0)


def moves_of(entry: Entry | None, records: Sequence[Record], policy: MatchPolicy) -> tuple[Move, ...]:
    """Ledger less ours by account, car and currency, as it stands at the end of the period; what agrees is left out.
    Records that were typed by hand are kept apart."""
    sums: dict[tuple[str, str, str, bool], Decimal] = {}
    sides = [(1, line, not one.key) for one in _standing(records, policy) for line in record_lines([one], policy)]
    if entry is not None and entry.accounting_date <= policy.last:
        own = expected_lines(entry, policy, own_currency=shows_own_currency(entry, records))
        sides += [(-1, line, False) for line in own]
    for sign, line, typed in sides:
        if stock_no := line.dimensions.get("stock_no", ""):
            place = (line.account, stock_no, line.currency, typed)
            sums[place] = sums.get(place, ZERO) + sign * line.amount
    return tuple(
        Move(account, stock_no, currency, amount, typed)
        for (account, stock_no, currency, typed), amount in sorted(sums.items()) if amount
    )  # fmt: skip


def sold_by(entry: Entry | None, records: Sequence[Record], policy: MatchPolicy) -> tuple[tuple[str, int], ...]:
    """By how many sales the ledger counts more for a car, at the end of the period."""
    counts: dict[str, int] = {}
    sides = [(1, [(policy.accounts.role_of(line), line) for line in one.lines]) for one in _standing(records, policy)]
    if entry is not None and entry.accounting_date <= policy.last:
        own = [(one.role, RecordLine("", one.amount.amount, "", one.dimensions)) for one in entry.lines]
        sides.append((-1, own))
    for sign, lines in sides:
        for _, count, stock_no in units_of(lines):
            if stock_no:
                counts[stock_no] = counts.get(stock_no, 0) + sign * count
    return tuple((stock_no, count) for stock_no, count in sorted(counts.items()) if count)


def _standing(records: Sequence[Record], policy: MatchPolicy) -> list[Record]:
    return [one for one in records if one.date <= policy.last]


def open_without(
    items: Sequence[OpenItem], found: Iterable[ReconException], accounts: AccountMap
) -> tuple[OpenItem, ...]:
    """The open items as they would be without what these exceptions say. One that the ledger does not show, since a
    document is missing, is among them."""
    known = {(accounts.of_role(one.role), one.stock_no, one.currency): one for one in items}
    for one in found:
        key = one.subject.partition(" ")[0]
        for move in one.moves:
            place = (move.account, move.stock_no, move.currency)
            item = known.get(place)
            if item is None:
                role = _role(move.account, accounts)
                if not role:
                    continue
                item = OpenItem(role, move.stock_no, move.currency, ZERO, frozenset())
            typed = item.typed - move.amount if move.typed and item.role == CUSTOMER else item.typed
            keys = item.keys | {key} if key else item.keys
            known[place] = replace(item, balance=item.balance - move.amount, typed=typed, keys=keys)
    return tuple(
        sorted((one for one in known.values() if one.balance or one.typed), key=lambda one: (one.role, one.stock_no))
    )


def explained_by(found: Iterable[ReconException], accounts: AccountMap) -> dict[tuple[str, str, str], Decimal]:
    """What these exceptions say of customers' balances: role, stock number and currency -> ledger less ours."""
    customer = accounts.of_role(CUSTOMER)
    sums: dict[tuple[str, str, str], Decimal] = {}
    for move in (move for one in found for move in one.moves if move.account == customer):
        place = (CUSTOMER, move.stock_no, move.currency)
        sums[place] = sums.get(place, ZERO) + move.amount
    return sums


def _role(account: str, accounts: AccountMap) -> str:
    return next((role for role in accounts.roles(account) or (account,) if role in OPEN_ROLES), "")


def sold_without(sold: Mapping[str, int], found: Iterable[ReconException]) -> dict[str, int]:
    """How many sales would stand for each car without what these exceptions say."""
    left = dict(sold)
    for one in found:
        for stock_no, count in one.sold:
            left[stock_no] = left.get(stock_no, 0) - count
    return {stock_no: count for stock_no, count in sorted(left.items()) if count}
