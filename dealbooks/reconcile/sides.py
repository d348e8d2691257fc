"""The two sides of the matrix as lines in base currency, each with the entry or the record that it belongs to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from dealbooks.ledger import Record
from dealbooks.money import minor_unit
from dealbooks.reconcile.compare import Flat, deltas_of, expected_lines, record_lines, shows_own_currency
from dealbooks.reconcile.model import Expected, MatchPolicy, MatchResult

ZERO = Decimal(0)
SALES = frozenset({"sale.posted", "sale.reversed", "sale.unwound"})
RECEIPTS = frozenset({"payment.received", "deposit.received", "customer.refunded"})
Side = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Moved:
    """A line of either side: whose it is (the key of our entry, else the ledger's reference), what that entry is
    (empty for what is not ours), and the line. `car` is the car that the deal sells."""

    owner: str
    event: str
    car: str
    line: Flat
    part: str = ""

    @property
    def stock_no(self) -> str:
        """The car that the line is about; of a line that names none, the car of its deal."""
        return self.line.dimensions.get("stock_no", "") or self.car


@dataclass(frozen=True, slots=True)
class BothSides:
    """Lines that we expect in the period, and lines that the ledger has in it. `theirs` are those of records with our
    keys, of copies, and of strangers; what was typed by hand is in `others` when it explains itself, else in `theirs`,
    too. `currency` is the book's: lines that the ledger shows in another are turned into it, and those of nobody's deal
    are left out (`left_out` counts them)."""

    ours: tuple[Moved, ...]
    theirs: tuple[Moved, ...]
    others: tuple[Moved, ...]
    carried: frozenset[str]
    left_out: int = 0

    def carries(self, name: str) -> bool:
        """Whether the ledger shows a dimension on its lines."""
        return name in self.carried


def both_sides(
    expected: Sequence[Expected], result: MatchResult, records: Sequence[Record], policy: MatchPolicy
) -> BothSides:
    """All lines of the period, of both sides."""
    matched = {record.ref: item for item, pieces in result.matched for record in pieces}
    keyed = {key: item for item in expected for key in (item.key, *item.effect_keys)}
    for length in {len(one.key) for one in records} - {0}:
        for item in expected:
            keyed.setdefault(item.key[:length], item)
    explained = {record.ref for _, record in result.others}
    ours = [
        moved
        for item, pieces in [*result.matched, *((one, ()) for one in result.absent)]
        if policy.first <= item.entry.accounting_date <= policy.last
        for moved in _expected(item, policy)
    ]
    theirs: list[Moved] = []
    others: list[Moved] = []
    left_out = 0
    for item, pieces in result.matched:
        inside = [one for one in pieces if policy.first <= one.date <= policy.last]
        if inside:
            theirs += _found(item, inside, policy, whole=len(inside) == len(pieces))
    for record in records:
        if record.ref in matched or not policy.first <= record.date <= policy.last:
            continue
        of = keyed.get(record.key) if record.key else None
        lines = record_lines([record], policy)
        own = [one for one in lines if one.currency == policy.currency]
        left_out += len(lines) - len(own)
        moved = [Moved(record.ref, of.entry.event if of else "", of.stock_no if of else "", one) for one in own]
        (others if record.ref in explained else theirs).extend(moved)
    carried = policy.carried
    if carried is None:
        carried = frozenset(
            name for record in records for line in record.lines for name, value in line.dimensions.items() if value
        )
    return BothSides(tuple(ours), tuple(theirs), tuple(others), carried, left_out)


def _expected(item: Expected, policy: MatchPolicy) -> list[Moved]:
    flats = expected_lines(item.entry, policy)
    return [
        Moved(item.key, item.entry.event, item.stock_no, flat, line.part)
        for flat, line in zip(flats, item.entry.lines, strict=True)
    ]


def _found(item: Expected, pieces: Sequence[Record], policy: MatchPolicy, *, whole: bool) -> list[Moved]:
    """The ledger's lines of an entry in base currency. Where it shows the deal's own currency and agrees with us, our
    base amounts are the ones; where it does not, its amounts at the deal's rate."""
    theirs = record_lines(pieces, policy)
    if shows_own_currency(item.entry, pieces):
        own = expected_lines(item.entry, policy, own_currency=True)
        if whole and not deltas_of(own, theirs):
            theirs = expected_lines(item.entry, policy)
        else:
            theirs = [_in_base(one, item.entry.fx_rate or Decimal(1), policy.currency) for one in theirs]
    return [Moved(item.key, item.entry.event, item.stock_no, one) for one in theirs]


def _in_base(line: Flat, rate: Decimal, currency: str) -> Flat:
    if line.currency == currency:
        return line
    amount = (line.amount * rate).quantize(minor_unit(currency), ROUND_HALF_UP)
    return replace(line, amount=amount, currency=currency)


def side(lines: Iterable[Moved], *, by: Callable[[Moved], str] | None = None) -> dict[str, Decimal]:
    """Sums of lines by owner and (given `by`) by what they are about."""
    sums: dict[str, Decimal] = {}
    for one in lines:
        name = one.owner if by is None else f"{one.owner} {by(one)}"
        sums[name] = sums.get(name, ZERO) + one.line.amount
    return sums


def total_by(lines: Iterable[Moved], by: Callable[[Moved], str]) -> dict[str, Decimal]:
    """Sums of lines by what they are about."""
    sums: dict[str, Decimal] = {}
    for one in lines:
        name = by(one)
        sums[name] = sums.get(name, ZERO) + one.line.amount
    return sums
