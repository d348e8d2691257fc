"""What somebody typed by hand: does it clear an open item, is it a thing of ours typed again, who did it. Pure.

A record without our key may be the bookkeeper's own work: the lender's payment set against a contract, fees sent on to
the registry. It is explained when it moves an open item of one car towards nothing, never beyond. What equals an entry
that stands already, and clears nothing, is a duplicate by likeness. The rest is an exception only on accounts that the
book owns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dealbooks.ledger import Record, RecordLine
from dealbooks.reconcile.compare import Flat, expected_lines, record_lines, side_text
from dealbooks.reconcile.likeness import VEHICLE_SALES, kind_by_hand, names_same_car, words_in
from dealbooks.reconcile.model import Expected, MatchPolicy, money_text
from dealbooks.reconcile.remitted import remitted

ZERO = Decimal(0)
# Accounts kept by open item: each car's or deal's balance should come to nothing.
CONTROL = frozenset({
    "receivable.customer", "receivable.contracts_in_transit", "receivable.finance_company",
    "receivable.finance_reserve", "receivable.manufacturer", "payable.customer_deposits", "payable.customer_refund",
    "payable.trade_payoff", "payable.government_fees", "payable.fi_provider", "payable.lessor", "payable.commission",
})  # fmt: skip
_STOCK = frozenset({"inventory.new_vehicle", "inventory.used_vehicle"})
# What an item is cleared against, beside another item.
_AGAINST = ("cash.", "cost_of_sales.", "expense.", "fx.", "rounding.difference", "payable.supplier", "tax.input")
_NEAR = timedelta(days=31)  # a thing typed again is dated within a month of the first
_Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """The ledger's own balances at the end of the period, to tell what a record typed by hand clears.

    `balances` are by role, stock number and currency; `names` are words by which a text names a deal (contract,
    receipt, deal number, VIN), in capitals -> the stock numbers of the deal; `sold` the cars of which a sale stands;
    `customers` the names of who bought a car; `explained` is what exceptions of documents say of the balances; `totals`
    are the balances of whole accounts that are paid in total, by account and currency.
    """

    balances: Mapping[_Place, Decimal] = field(default_factory=dict)
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sold: Mapping[str, int] = field(default_factory=dict)
    customers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    explained: Mapping[_Place, Decimal] = field(default_factory=dict)
    totals: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a record typed by hand is: its kind (see `kind_by_hand`; also clearing, remittance, duplicate, other), in
    words what it clears, and the entry that it repeats. `unnamed` is what it clears by lines that name no car
    themselves."""

    record: Record
    kind: str
    words: str = ""
    repeats: Expected | None = None
    unnamed: tuple[tuple[_Place, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """What one person (or program) booked on one account beside our entries. `who` is empty where the ledger does not
    tell."""

    who: str
    account: str
    currency: str
    count: int
    debit: Decimal
    credit: Decimal
    owned: bool

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "who": self.who, "account": self.account, "currency": self.currency, "count": self.count,
            "debit": money_text(self.debit, self.currency), "credit": money_text(self.credit, self.currency),
            "owned": self.owned,
        }  # fmt: skip


def judge_by_hand(
    records: Sequence[Record],
    matched: Sequence[tuple[Expected, tuple[Record, ...]]],
    policy: MatchPolicy,
    standing: Standing,
) -> list[Judged]:
    """Each record with what it is, in the order of their days."""
    ordered = sorted(records, key=lambda one: (one.date, one.ref))
    kinds = {one.ref: kind_by_hand(one, policy) for one in ordered}
    open_ = [one for one in ordered if kinds[one.ref] == "unexplained"]
    after = _moved_by_ours(matched, policy) if open_ and standing.balances else {}
    cleared = _cleared(open_, policy, standing, {})
    on_its_day = _cleared(open_, policy, standing, after)
    paid = remitted([one for one in open_ if one.ref not in cleared], policy, standing.totals)
    alike = (
        _Alike(matched, policy, standing) if any(kinds[one.ref] in ("sale", "unexplained") for one in ordered) else None
    )
    found = []
    for record in ordered:
        kind, words, item = kinds[record.ref], "", None
        if record.ref in cleared:
            kind, words = "clearing", cleared[record.ref]
        elif record.ref in paid:
            kind, words = "remittance", paid[record.ref]
        elif alike is not None and kind in ("sale", "unexplained"):
            item = alike.sale(record) if kind == "sale" else alike.entry(record)
            if item is not None:
                kind = "duplicate"
            elif record.ref in on_its_day:
                kind, words = "clearing", on_its_day[record.ref]
            elif kind == "unexplained" and not any(policy.owns(policy.accounts.role_of(one)) for one in record.lines):
                kind = "other"
        unnamed = _unnamed(record, policy, standing) if kind == "clearing" else ()
        found.append(Judged(record, kind, words, item, unnamed))
    return found


def cleared_before(
    records: Sequence[Record], policy: MatchPolicy, standing: Standing
) -> tuple[tuple[_Place, Decimal], ...]:
    """What records of earlier periods cleared by lines that name no car themselves: the balances do not know of it."""
    ordered = sorted(records, key=lambda one: (one.date, one.ref))
    found = _cleared(ordered, policy, standing, {})
    return tuple(one for record in ordered if record.ref in found for one in _unnamed(record, policy, standing))


def _unnamed(record: Record, policy: MatchPolicy, standing: Standing) -> tuple[tuple[_Place, Decimal], ...]:
    places = ((_place(one, record, policy, standing), one) for one in record.lines)
    return tuple((place, one.amount) for place, one in places if place and not one.dimensions.get("stock_no"))


def activity(records: Iterable[Record], policy: MatchPolicy) -> tuple[Activity, ...]:
    """What others booked in the period on accounts of the chart, by who and account."""
    sums: dict[tuple[str, str, str], list[Any]] = {}
    for record in records:
        if record.key or not policy.first <= record.date <= policy.last:
            continue
        for line in record.lines:
            label = policy.accounts.of_line(line)
            if policy.accounts.is_mapped(label):
                row = sums.setdefault((record.who, label, line.currency), [0, ZERO, ZERO, False])
                row[0] += 1
                row[1 if line.amount > 0 else 2] += abs(line.amount)
                row[3] = row[3] or policy.owns(policy.accounts.role_of(line))
    return tuple(
        Activity(who, label, currency, count, debit, credit, owned)
        for (who, label, currency), (count, debit, credit, owned) in sorted(sums.items())
    )


def _moved_by_ours(
    matched: Sequence[tuple[Expected, tuple[Record, ...]]], policy: MatchPolicy
) -> dict[_Place, list[tuple[date, Decimal]]]:
    """What our own entries of the period do to open items, by day."""
    found: dict[_Place, list[tuple[date, Decimal]]] = {}
    for item, pieces in matched:
        for record in pieces:
            for line in record.lines:
                number = line.dimensions.get("stock_no", "") or item.stock_no
                place = (policy.accounts.role_of(line), number, line.currency)
                if record.date <= policy.last and place[0] in CONTROL:
                    found.setdefault(place, []).append((record.date, line.amount))
    return found


def _cleared(
    records: Sequence[Record],
    policy: MatchPolicy,
    standing: Standing,
    after: Mapping[_Place, Sequence[tuple[date, Decimal]]],
) -> dict[str, str]:
    """Records that clear open items -> what, in words. Each is judged by the balance without it and those after it;
    with `after`, also without what ours did after its day (a lender's payment typed before the sale was unwound)."""
    items = {one.ref: [(_place(line, one, policy, standing), line) for line in one.lines] for one in records}
    running = dict(standing.balances)
    for lines in items.values():
        for place, line in lines:
            if place is not None and line.dimensions.get("stock_no"):  # the balances know of no other
                running[place] = running.get(place, ZERO) - line.amount
    found: dict[str, str] = {}
    for record in records:
        moved: dict[_Place, Decimal] = {}
        for place, line in items[record.ref]:
            if place is not None:
                moved[place] = moved.get(place, ZERO) + line.amount
        before = {
            place: running.get(place, ZERO)
            - sum((some for day, some in after.get(place, ()) if day > record.date), ZERO)
            for place in moved
        }
        if moved and all(_towards_nothing(before[place], amount) for place, amount in moved.items()):
            others = [policy.accounts.role_of(line) for place, line in items[record.ref] if place is None]
            if all(not role or role.startswith(_AGAINST) for role in others):
                found[record.ref] = "; ".join(
                    f"{policy.accounts.of_role(role)}, {number}: {side_text(amount, currency)}"
                    for (role, number, currency), amount in sorted(moved.items())
                )
        for place, amount in moved.items():
            running[place] = running.get(place, ZERO) + amount
    return found


def _towards_nothing(before: Decimal, amount: Decimal) -> bool:
    return before * amount < 0 and abs(amount) <= abs(before)


def _place(line: RecordLine, record: Record, policy: MatchPolicy, standing: Standing) -> _Place | None:
    """The open item that a line is on: of the only car that the line or the record's words name."""
    role = policy.accounts.role_of(line)
    if role not in CONTROL | _STOCK:
        return None
    said = line.dimensions.get("stock_no", "")
    numbers = {said} if said else {one for word in words_in(record) for one in standing.names.get(word, ())}
    if role in _STOCK:
        numbers = {one for one in numbers if standing.sold.get(one, 0) > 0}
    places = [(role, one, line.currency) for one in numbers if (role, one, line.currency) in standing.balances]
    if not numbers and role == "receivable.customer":
        places = _of_customer(line, record, standing)
    return places[0] if len(places) == 1 else None


def _of_customer(line: RecordLine, record: Record, standing: Standing) -> list[_Place]:
    """What the customers whose names stand in a record owe, where it is exactly what the line brings: a name alone is
    no proof. What is open because a document was changed or is gone is not what somebody owes."""
    text = " ".join([record.narration, line.dimensions.get("party", "")]).upper()
    cars = (car for car, names in standing.customers.items() if any(name and name.upper() in text for name in names))
    places = (("receivable.customer", car, line.currency) for car in cars)
    return [
        place
        for place in places
        if standing.balances.get(place, ZERO) - standing.explained.get(place, ZERO) == -line.amount
    ]


class _Alike:
    """Entries that stand in the ledger, to be found by what was typed."""

    def __init__(
        self, matched: Sequence[tuple[Expected, tuple[Record, ...]]], policy: MatchPolicy, standing: Standing
    ) -> None:
        self._policy = policy
        self._standing = standing
        self._cash = {policy.accounts.of_role(role) for role in ("cash.bank", "cash.undeposited")}
        self._sales = {policy.accounts.of_role(role) for role in VEHICLE_SALES}
        self._by_lines: dict[Any, list[Expected]] = {}
        self._by_price: dict[Any, list[Expected]] = {}
        self._by_word: dict[str, list[Expected]] = {}
        for item, _ in matched:
            lines = expected_lines(item.entry, policy)
            if item.entry.event == "sale.posted":
                self._by_price.setdefault(self._sum(lines, self._sales), []).append(item)
                for word in {item.vin.upper(), item.stock_no.upper(), item.deal_number.upper()} - {""}:
                    self._by_word.setdefault(word, []).append(item)
            else:
                self._by_lines.setdefault(self._signature(lines), []).append(item)

    def _signature(self, lines: Iterable[Flat]) -> frozenset[tuple[str, str, Decimal]]:
        """What an entry does to each account, but those of money: which bank it came to is easily typed otherwise."""
        sums: dict[tuple[str, str], Decimal] = {}
        for line in lines:
            if line.account not in self._cash:
                sums[line.account, line.currency] = sums.get((line.account, line.currency), ZERO) + line.amount
        return frozenset((account, currency, amount) for (account, currency), amount in sums.items() if amount)

    def _sum(self, lines: Iterable[Flat], accounts: set[str]) -> tuple[str, Decimal]:
        mine = [line for line in lines if line.account in accounts]
        return (mine[0].currency if mine else "", sum((line.amount for line in mine), ZERO))

    def sale(self, record: Record) -> Expected | None:
        """The sale that a vehicle sale typed by hand repeats: of the car that it names; without a name, the only sale
        of that price near its day."""
        words = words_in(record)
        for word in sorted(words):
            for item in self._by_word.get(word, ()):
                if names_same_car(item, words):
                    return item
        price = self._sum(record_lines([record], self._policy), self._sales)
        return self._only(record, self._by_price.get(price, ()), words)

    def entry(self, record: Record) -> Expected | None:
        """The entry that a record repeats: it moves the same amounts on the same accounts near its day."""
        signature = self._signature(record_lines([record], self._policy))
        return self._only(record, self._by_lines.get(signature, ()), words_in(record)) if signature else None

    def _only(self, record: Record, alike: Sequence[Expected], words: frozenset[str]) -> Expected | None:
        """The one that is meant; none where the record names another car, or several are as likely."""
        said = {line.dimensions.get("stock_no", "").upper() for line in record.lines} - {""}
        named = {one.upper() for word in words for one in self._standing.names.get(word, ())} | said
        near = [one for one in alike if abs(record.date - one.entry.accounting_date) <= _NEAR]
        if named:
            near = [one for one in near if named & _numbers(one)]
        else:
            near = [one for one in near if self._by_customer(one, record)] or near
        # Two alike of one deal are as good as one: either tells what was typed again.
        return min(near, key=lambda one: one.key) if len({one.deal_id for one in near}) == 1 else None

    def _by_customer(self, item: Expected, record: Record) -> bool:
        text = " ".join([record.narration, *(line.dimensions.get("party", "") for line in record.lines)]).upper()
        return any(name and name.upper() in text for name in self._standing.customers.get(item.stock_no, ()))


def _numbers(item: Expected) -> set[str]:
    """The stock numbers of an entry, in capitals."""
    return {one.upper() for one in (item.stock_no, *(line.dimensions.get("stock_no", "") for line in item.entry.lines))}
