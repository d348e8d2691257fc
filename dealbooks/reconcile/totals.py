"""Add a ledger up as its records stream by: balances by account, by role, by car, open items, and units. Pure.

One pass over the whole history, keeping sums only, so that a book of any age fits in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dealbooks.errors import BrokenInvariant
from dealbooks.ledger import Record, RecordLine
from dealbooks.reconcile.accounts import OPENING_ROLE
from dealbooks.reconcile.byhand import CONTROL
from dealbooks.reconcile.compare import Flat, expected_lines, record_lines, shows_own_currency
from dealbooks.reconcile.likeness import VEHICLE_SALES
from dealbooks.reconcile.model import Expected, MatchPolicy, MatchResult, ReconException, money_text
from dealbooks.reconcile.remitted import is_remitted

ZERO = Decimal(0)
STOCK = frozenset({"inventory.new_vehicle", "inventory.used_vehicle"})
CONTRACTS = frozenset({"receivable.contracts_in_transit", "receivable.finance_company"})
DEPOSITS = "payable.customer_deposits"
CUSTOMER, RESERVE, PAYOFF = "receivable.customer", "receivable.finance_reserve", "payable.trade_payoff"
OPEN_ROLES = STOCK | CONTRACTS | {CUSTOMER, RESERVE, PAYOFF}
_KEPT = OPEN_ROLES | CONTROL
UNIT_CLASSES: Mapping[str, str] = {
    "sales.new_vehicle": "new",
    "sales.new_vehicle_lease": "lease",
    "sales.used_vehicle": "used",
    "sales.used_wholesale": "wholesale",
}


@dataclass(frozen=True, slots=True)
class AccountTotal:
    """One account over the period: opening balance, what we expect to have moved, what moved, what of it was typed by
    hand and explains itself, the difference, and the exceptions that explain it, wholly."""

    account: str
    currency: str
    roles: tuple[str, ...]
    opening: Decimal
    expected: Decimal
    found: Decimal
    other: Decimal
    difference: Decimal
    explained_by: tuple[str, ...]

    @property
    def closing(self) -> Decimal:
        """The ledger's balance at the end of the period."""
        return self.opening + self.found

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "account": self.account, "currency": self.currency, "roles": list(self.roles),
            **{
                name: money_text(getattr(self, name), self.currency)
                for name in ("opening", "expected", "found", "other", "difference", "closing")
            },
            "explained_by": list(self.explained_by),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance of the ledger at the end of the period: of a role (trial balance), or of a car in stock."""

    name: str
    currency: str
    opening: Decimal
    movement: Decimal

    @property
    def closing(self) -> Decimal:
        """At the end of the period."""
        return self.opening + self.movement

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return {
            "name": self.name, "currency": self.currency, "opening": money_text(self.opening, self.currency),
            "movement": money_text(self.movement, self.currency), "closing": money_text(self.closing, self.currency),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What a control account holds for one stock number at the end of the period, and the keys of our entries on it.
    `typed` is what was typed by hand on a customer's account; then an item may hold nothing."""

    role: str
    stock_no: str
    currency: str
    balance: Decimal
    keys: frozenset[str]
    typed: Decimal = ZERO


class LedgerSums:
    """Sums over all records up to the end of the period."""

    def __init__(self, policy: MatchPolicy) -> None:
        self._policy = policy
        self._opening: dict[tuple[str, str], Decimal] = {}
        self._movement: dict[tuple[str, str], Decimal] = {}
        self._roles: dict[tuple[str, str], list[Decimal]] = {}
        self._items: dict[tuple[str, str, str], tuple[Decimal, set[str]]] = {}
        self._typed: dict[tuple[str, str, str], Decimal] = {}
        self._stock: dict[tuple[str, str], list[Decimal]] = {}
        self._by_key: dict[tuple[str, str, str], Decimal] = {}
        self._sold: dict[str, int] = {}
        self._elsewhere: dict[str, list[tuple[tuple[str, str], Decimal]]] = {}  # by record, on no account of the chart
        self.earlier: list[Record] = []  # typed by hand before the period, on control accounts, without naming a car
        self.units: dict[str, int] = {}
        self.keeps_stock = False

    def add(self, record: Record) -> None:
        """Take one record in; those after the period count for nothing."""
        policy = self._policy
        if record.date > policy.last:
            return
        inside = record.date >= policy.first
        sums = self._movement if inside else self._opening
        roles: set[str] = set()
        for line in record.lines:
            role = policy.accounts.role_of(line)
            roles.add(role)
            place = (policy.accounts.of_line(line), line.currency)
            sums[place] = sums.get(place, ZERO) + line.amount
            if role:
                pair = self._roles.setdefault((role, line.currency), [ZERO, ZERO])
                pair[inside] += line.amount
            self._open_item(role, line, record.key, inside=inside)
        if inside and not record.key and roles <= {""}:
            places = [((policy.accounts.of_line(line), line.currency), line.amount) for line in record.lines]
            self._elsewhere[record.ref] = self._elsewhere.get(record.ref, []) + places
        if (
            not inside
            and not record.key
            and any(
                policy.accounts.role_of(line) in CONTROL and not line.dimensions.get("stock_no")
                for line in record.lines
            )
        ):
            self.earlier.append(record)
        if (not record.key or OPENING_ROLE in roles) and not roles & VEHICLE_SALES:
            self.keeps_stock = self.keeps_stock or any(
                line.amount > 0 and line.dimensions.get("stock_no") and policy.accounts.role_of(line) in STOCK
                for line in record.lines
            )
        self._count(record, inside=inside)

    def _open_item(self, role: str, line: RecordLine, key: str, *, inside: bool) -> None:
        number = line.dimensions.get("stock_no", "")
        if role not in _KEPT:
            return
        if not number:
            if key and role in CONTROL:
                at = (role, key, line.currency)
                self._by_key[at] = self._by_key.get(at, ZERO) + line.amount
            return
        place = (role, number, line.currency)
        balance, keys = self._items.get(place, (ZERO, set()))
        if key:
            keys.add(key)
        self._items[place] = (balance + line.amount, keys)
        if not key and role == CUSTOMER:
            self._typed[place] = self._typed.get(place, ZERO) + line.amount
        if role in STOCK:
            pair = self._stock.setdefault((number, line.currency), [ZERO, ZERO])
            pair[inside] += line.amount

    def _count(self, record: Record, *, inside: bool) -> None:
        for name, count, number in units_of((self._policy.accounts.role_of(line), line) for line in record.lines):
            if inside:
                self.units[name] = self.units.get(name, 0) + count
            if number:
                self._sold[number] = self._sold.get(number, 0) + count

    @property
    def open_items(self) -> tuple[OpenItem, ...]:
        """What is not nil at the end of the period, or was typed by hand on a customer's account, in a stable order."""
        typed = self._typed
        return tuple(
            OpenItem(role, number, currency, balance, frozenset(keys), typed.get((role, number, currency), ZERO))
            for (role, number, currency), (balance, keys) in sorted(self._items.items(), key=lambda item: item[0])
            if (balance or typed.get((role, number, currency))) and role in OPEN_ROLES
        )

    def attribute(self, moved: Iterable[tuple[tuple[str, str, str], Decimal]]) -> None:
        """Count what lines without a car do to open items, by (role, car, currency): as a record's words tell it."""
        for place, amount in moved:
            balance, keys = self._items.get(place, (ZERO, set()))
            self._items[place] = (balance + amount, keys)
            if place[0] == CUSTOMER:
                self._typed[place] = self._typed.get(place, ZERO) + amount

    @property
    def remitted(self) -> Mapping[tuple[str, str], Decimal]:
        """The balances at the end of the accounts that are paid in total, by account and currency."""
        places = (place for place in {*self._opening, *self._movement} if is_remitted(place[0], self._policy.accounts))
        return {place: self._opening.get(place, ZERO) + self._movement.get(place, ZERO) for place in places}

    @property
    def without_car(self) -> frozenset[str]:
        """Keys of ours on control accounts whose lines name no car."""
        return frozenset(key for _, key, _ in self._by_key)

    def balances(self, cars: Mapping[str, str]) -> Mapping[tuple[str, str, str], Decimal]:
        """What each control account holds for a car at the end: by role, stock number and currency. `cars` gives the
        car of the deal of a key, for lines that name none."""
        found = {place: balance for place, (balance, _) in self._items.items()}
        for (role, key, currency), amount in self._by_key.items():
            if cars.get(key):
                place = (role, cars[key], currency)
                found[place] = found.get(place, ZERO) + amount
        return found

    def balances_of(self, role: str, currency: str) -> Mapping[str, Decimal]:
        """What a control account holds at the end, by our key for lines that name no car, and by stock number."""
        found = {key: amount for (one, key, cur), amount in self._by_key.items() if (one, cur) == (role, currency)}
        for (one, number, cur), (amount, _) in self._items.items():
            if (one, cur) == (role, currency):
                found[number] = found.get(number, ZERO) + amount
        return found

    @property
    def sold(self) -> Mapping[str, int]:
        """How many sales stand for each stock number; an unwind takes its sale back."""
        return {number: count for number, count in sorted(self._sold.items()) if count}

    @property
    def trial_balance(self) -> tuple[Balance, ...]:
        """By role."""
        return tuple(Balance(role, cur, *pair) for (role, cur), pair in sorted(self._roles.items()))

    @property
    def stock(self) -> tuple[Balance, ...]:
        """By stock number: cars in stock at the end, and cars that moved in the period."""
        rows = (Balance(number, cur, *pair) for (number, cur), pair in sorted(self._stock.items()))
        return tuple(row for row in rows if row.closing or row.movement or row.opening)

    def account_totals(self, result: MatchResult) -> tuple[AccountTotal, ...]:
        """Every account of the chart that holds or moved something, tied out.

        Raises:
            BrokenInvariant: when the exceptions do not explain a difference wholly.
        """
        policy = self._policy
        expected = _sums(line for item in _counted(result) for line in _ours(*item, policy))
        other = _sums(line for _, record in result.others for line in record_lines([record], policy))
        likely = {pair.ref for pair in result.suggestions}  # in the exception of what is missing
        for ref, places in self._elsewhere.items():
            for place, amount in places if ref not in likely else ():
                other[place] = other.get(place, ZERO) + amount
        deltas: dict[tuple[str, str], list[tuple[ReconException, Decimal]]] = {}
        for found in result.exceptions:
            for delta in found.deltas:
                deltas.setdefault((delta.account, delta.currency), []).append((found, delta.amount))
        rows = []
        for place in sorted({*self._opening, *self._movement, *expected, *deltas}):
            account, currency = place
            if not (policy.accounts.is_mapped(account) or place in expected or place in deltas):
                continue
            moved = self._movement.get(place, ZERO)
            difference = moved - expected.get(place, ZERO) - other.get(place, ZERO)
            if difference != sum((amount for _, amount in deltas.get(place, [])), ZERO):
                raise BrokenInvariant(
                    f"The difference of {difference} {currency} on {account} is not explained by the exceptions.",
                    fix="This is a fault of Dealbooks. Nothing was changed; report it with the output of --json.",
                )
            rows.append(
                AccountTotal(
                    account, currency, policy.accounts.roles(account), self._opening.get(place, ZERO),
                    expected.get(place, ZERO), moved, other.get(place, ZERO), difference,
                    tuple(sorted({found.id for found, _ in deltas.get(place, [])})),
                )
            )  # fmt: skip
        return tuple(rows)


def units_of(lines: Iterable[tuple[str, RecordLine]]) -> list[tuple[str, int, str]]:
    """(class, +1 or -1, stock number) for each car that an entry sells or takes back: the sign of its sales."""
    sums: dict[tuple[str, str], Decimal] = {}
    for role, line in lines:
        if role in UNIT_CLASSES:
            place = (UNIT_CLASSES[role], line.dimensions.get("stock_no", ""))
            sums[place] = sums.get(place, ZERO) + line.amount
    return [(name, 1 if amount < 0 else -1, number) for (name, number), amount in sorted(sums.items()) if amount]


def expected_units(expected: Iterable[Expected], policy: MatchPolicy) -> dict[str, int]:
    """Units by class that our entries of the period count."""
    units: dict[str, int] = {}
    for item in expected:
        if item.state != "superseded" and policy.first <= item.entry.accounting_date <= policy.last:
            lines = (
                (line.role, RecordLine("", line.amount.amount, line.amount.currency, line.dimensions))
                for line in item.entry.lines
            )
            for name, count, _ in units_of(lines):
                units[name] = units.get(name, 0) + count
    return dict(sorted(units.items()))


def _counted(result: MatchResult) -> list[tuple[Expected, Sequence[Record]]]:
    """The entries whose movement we expect: those found, and those that should have been."""
    return [*result.matched, *((item, ()) for item in result.absent)]


def _ours(item: Expected, records: Sequence[Record], policy: MatchPolicy) -> list[Flat]:
    if not policy.first <= item.entry.accounting_date <= policy.last:
        return []
    return expected_lines(item.entry, policy, own_currency=shows_own_currency(item.entry, records))


def _sums(lines: Iterable[Flat]) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        place = (line.account, line.currency)
        sums[place] = sums.get(place, ZERO) + line.amount
    return sums
