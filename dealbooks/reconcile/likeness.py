"""Records typed by hand: which of them explain themselves, and which look like an entry that is missing. Pure.

A likeness is only ever suggested: a person decides (period-close.md section 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from dealbooks.ledger import Record
from dealbooks.reconcile.accounts import OPENING_ROLE
from dealbooks.reconcile.model import Expected, MatchPolicy, Suggestion

VEHICLE_SALES = frozenset(
    {"sales.new_vehicle", "sales.new_vehicle_lease", "sales.used_vehicle", "sales.used_wholesale"}
)
# Accounts that a car is bought with, beside its stock account.
_BOUGHT_WITH = frozenset({"payable.supplier", "payable.intercompany", "tax.input"})
_WORD = re.compile(r"[A-Z0-9][A-Z0-9-]*")
_SHORTEST_NUMBER = 3  # a stock number shorter than this is in every text by chance


def kind_by_hand(record: Record, policy: MatchPolicy) -> str:
    """What a record without our key is: `opening`, `banking`, `purchase` explain themselves; `sale` is a vehicle sale
    typed by hand; `elsewhere` touches no account of the chart; `unexplained` is the rest."""
    roles = {policy.accounts.role_of(line) for line in record.lines} - {""}
    if not roles:
        return "elsewhere"
    if OPENING_ROLE in roles:
        return "opening"
    if roles & VEHICLE_SALES:
        return "sale"
    if all(role.startswith("cash.") for role in roles):
        return "banking"
    stock = [line for line in record.lines if policy.accounts.role_of(line).startswith("inventory.")]
    others = {role for role in roles if not role.startswith(("inventory.", "cash."))}
    if stock and others <= _BOUGHT_WITH and all(line.amount > 0 and line.dimensions.get("stock_no") for line in stock):
        return "purchase"
    return "unexplained"


def words_in(record: Record) -> frozenset[str]:
    """Every word of a record that could be a VIN or a stock number."""
    said = [record.narration, *(value for line in record.lines for value in line.dimensions.values())]
    return frozenset(word for text in said for word in _WORD.findall(text.upper()))


def names_same_car(expected: Expected, words: frozenset[str]) -> list[str]:
    """By what a text names the car of a deal."""
    found = []
    if len(expected.vin) > _SHORTEST_NUMBER and expected.vin.upper() in words:
        found.append(f"VIN {expected.vin}")
    if len(expected.stock_no) >= _SHORTEST_NUMBER and expected.stock_no.upper() in words:
        found.append(f"stock number {expected.stock_no}")
    if len(expected.deal_number) > _SHORTEST_NUMBER and expected.deal_number.upper() in words:
        found.append(f"deal {expected.deal_number}")
    return found


def suggest(absent: Iterable[Expected], by_hand: Sequence[Record]) -> tuple[Suggestion, ...]:
    """Pair what is missing with what was typed by hand, by car and amount; best likeness first, each at most once."""
    words = {record.ref: words_in(record) for record in by_hand}
    sizes = {record.ref: _sizes(record) for record in by_hand}
    rated = []
    for expected in absent:
        wanted = _wanted(expected)
        for record in by_hand:
            car = names_same_car(expected, words[record.ref])
            same = wanted & sizes[record.ref]
            if car and same:
                days = abs((record.date - expected.entry.accounting_date).days)
                reason = f"same {' and '.join(car)}, same amount {format(max(same), 'f')}, {days} days apart"
                rated.append(((-len(car), -max(same), days, expected.key, record.ref), expected, record, reason))
    used: set[str] = set()
    found = []
    for _, expected, record, reason in sorted(rated, key=lambda item: item[0]):
        if expected.key not in used and record.ref not in used:
            used |= {expected.key, record.ref}
            found.append(Suggestion(expected.key, record.ref, reason))
    return tuple(sorted(found, key=lambda item: (item.key, item.ref)))


def _sizes(record: Record) -> frozenset[Decimal]:
    return frozenset(abs(line.amount) for line in record.lines if line.amount)


def _wanted(expected: Expected) -> frozenset[Decimal]:
    """The amount a person would type: what the customer is charged, or the receipt's amount."""
    charged = [
        abs(line.amount.amount)
        for line in expected.entry.lines
        if line.role == "receivable.customer" and line.part in ("invoice", "payment")
    ]
    return frozenset(charged or [expected.entry.total_debit])
