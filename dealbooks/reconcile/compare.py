"""Compare one expected entry with the records that carry its key. Pure; sums by account, so a ledger that merges or
splits lines without changing what they say agrees. Where it shows our lines one by one, they are compared so: what was
moved may come to nothing on each account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dealbooks.entries import Entry
from dealbooks.ledger import Record
from dealbooks.periods import Period
from dealbooks.reconcile.model import Delta, Expected, MatchPolicy, money_text

ZERO = Decimal(0)
# Dimensions compared beside location; the others of a line follow from these.
_DIMENSIONS = ("department", "stock_no", "party", "product", "person", "method", "receipt")
COMPARED = ("tax_code", "location", *_DIMENSIONS)  # where the ledger carries them
_Spread = Mapping[tuple[str, str], Mapping[str, object]]
_NAMES = {"stock_no": "stock number", "method": "means of payment"}


@dataclass(frozen=True, slots=True)
class Flat:
    """A line of either side in the same terms: account label, currency, debit-positive amount, dimensions."""

    account: str
    currency: str
    amount: Decimal
    dimensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs: the class, each difference in words, and by how much (ledger less ours)."""

    code: str
    differences: tuple[str, ...]
    difference: Decimal
    currency: str


def expected_lines(entry: Entry, policy: MatchPolicy, *, own_currency: bool = False) -> list[Flat]:
    """Our lines: in base currency where the entry has base amounts, unless the ledger shows the deal's own."""
    flats = []
    for line in entry.lines:
        money = line.amount
        if line.base is not None and (not own_currency or not line.amount):
            money = line.base
        dimensions = {key: value for key, value in line.dimensions.items() if value}
        if line.tax_code:
            dimensions["tax_code"] = line.tax_code
        flats.append(
            Flat(policy.accounts.of_role(line.role), money.currency, money.amount, _placed(dimensions, policy))
        )
    return flats


def record_lines(records: Iterable[Record], policy: MatchPolicy) -> list[Flat]:
    """The ledger's lines."""
    return [
        Flat(policy.accounts.of_line(line), line.currency, line.amount, _placed(line.dimensions, policy))
        for record in records
        for line in record.lines
    ]


def _placed(dimensions: Mapping[str, str], policy: MatchPolicy) -> Mapping[str, str]:
    place = dimensions.get("location", "")
    called = policy.locations.get(place, place)
    return {**dimensions, "location": called} if called != place else dimensions


def deltas_of(ours: Iterable[Flat], theirs: Iterable[Flat]) -> tuple[Delta, ...]:
    """Ledger less ours, by account and currency; accounts that agree are left out."""
    sums: dict[tuple[str, str], Decimal] = {}
    for sign, lines in ((-1, ours), (1, theirs)):
        for line in lines:
            place = (line.account, line.currency)
            sums[place] = sums.get(place, ZERO) + sign * line.amount
    return tuple(Delta(account, currency, amount) for (account, currency), amount in sorted(sums.items()) if amount)


def period_deltas(expected: Entry | None, records: Sequence[Record], policy: MatchPolicy) -> tuple[Delta, ...]:
    """What an expected entry and its records do to the accounts of the period: each side counts where its date lies."""
    inside = [record for record in records if policy.first <= record.date <= policy.last]
    ours: list[Flat] = []
    if expected is not None and policy.first <= expected.accounting_date <= policy.last:
        ours = expected_lines(expected, policy, own_currency=shows_own_currency(expected, records))
    return deltas_of(ours, record_lines(inside, policy))


def shows_own_currency(entry: Entry, records: Sequence[Record]) -> bool:
    """Whether the ledger shows a foreign-currency entry in the deal's own currency."""
    return entry.base_currency not in (None, entry.currency) and any(
        line.currency == entry.currency for record in records for line in record.lines
    )


def total_debit(lines: Iterable[Flat]) -> Decimal:
    """Sum of the debit lines."""
    return sum((line.amount for line in lines if line.amount > 0), ZERO)


def compare(
    expected: Expected, records: Sequence[Record], policy: MatchPolicy, carried: frozenset[str]
) -> Comparison | None:
    """What differs between an entry and its records; None when they agree. One class, the gravest, with every
    difference named: amounts, account, period, tax code, location, other dimensions, day."""
    entry = expected.entry
    ours = expected_lines(entry, policy, own_currency=shows_own_currency(entry, records))
    theirs = record_lines(records, policy)
    if _line_by_line(ours, theirs, carried) and all(record.date == entry.accounting_date for record in records):
        return None  # what nearly every entry comes to, in a tenth of the time of what follows
    found: list[tuple[str, list[str]]] = []
    deltas = deltas_of(ours, theirs)
    one_by_one = _amounts(ours) == _amounts(theirs)
    if deltas:
        amounts = "edited_after_posting" if expected.seen else "amount_mismatch"
        found.append(("wrong_account" if one_by_one else amounts, _account_words(ours, theirs, deltas)))
    elif one_by_one and _amounts(ours, by_account=True) != _amounts(theirs, by_account=True):
        found.append(("wrong_account", _moved_words(ours, theirs)))
    dates = sorted({record.date for record in records if record.date != entry.accounting_date})
    moved_on = f"dated {entry.accounting_date.isoformat()} by us, {dates[0].isoformat()} in the ledger" if dates else ""
    other_period = any(Period.of(day) != Period.of(entry.accounting_date) for day in dates)
    if other_period:
        found.append(("wrong_period", [moved_on]))
    if not any(code == "wrong_account" for code, _ in found) and not deltas:
        checked = [("tax_code", "wrong_tax_code"), ("location", "wrong_location")]
        checked += [(name, "edited_after_posting") for name in _DIMENSIONS]
        for name, code in checked:
            if name in carried and (words := _by_dimension(name, ours, theirs, one_by_one=one_by_one)):
                found.append((code, words))
    if dates and not other_period:
        found.append(("edited_after_posting", [moved_on]))
    if not found:
        return None
    change = total_debit(theirs) - total_debit(ours)
    currency = ours[0].currency if ours else policy.currency
    if deltas and found[0][0] != "wrong_account":
        worst = max(deltas, key=lambda delta: (abs(delta.amount), delta))
        change, currency = change or worst.amount, worst.currency if not change else currency
    return Comparison(found[0][0], tuple(word for _, words in found for word in words), change, currency)


def _line_by_line(ours: Sequence[Flat], theirs: Sequence[Flat], carried: frozenset[str]) -> bool:
    """Whether the ledger shows our lines as they are, in our order: nothing that is compared can differ then."""
    names = [name for name in COMPARED if name in carried]
    return len(ours) == len(theirs) and all(
        one.amount == other.amount
        and one.account == other.account
        and one.currency == other.currency
        and all(one.dimensions.get(name, "") == other.dimensions.get(name, "") for name in names)
        for one, other in zip(ours, theirs, strict=True)
    )


def _account_words(ours: Sequence[Flat], theirs: Sequence[Flat], deltas: Sequence[Delta]) -> list[str]:
    words = []
    for delta in deltas:
        place = (delta.account, delta.currency)
        mine = sum((line.amount for line in ours if (line.account, line.currency) == place), ZERO)
        them = sum((line.amount for line in theirs if (line.account, line.currency) == place), ZERO)
        words.append(
            f"{delta.account}: we expect {side_text(mine, delta.currency)}, "
            f"the ledger shows {side_text(them, delta.currency)}"
        )
    return words


def _amounts(lines: Sequence[Flat], *, by_account: bool = False) -> Counter[tuple[str, str, Decimal]]:
    return Counter((line.account if by_account else "", line.currency, line.amount) for line in lines)


def _moved_words(ours: Sequence[Flat], theirs: Sequence[Flat]) -> list[str]:
    """Lines that stand on another account, where each account comes to the same."""
    mine, them = _amounts(ours, by_account=True), _amounts(theirs, by_account=True)
    return [
        f"{account}: {side_text(amount, currency)} {'of ours is not there' if one is mine else 'is not ours'}"
        for one, other in ((mine, them), (them, mine))
        for (account, currency, amount) in sorted((one - other).elements())
    ]


def _by_dimension(name: str, ours: Sequence[Flat], theirs: Sequence[Flat], *, one_by_one: bool) -> list[str]:
    """Accounts on which the two sides stand under different values of a dimension, in words."""
    called = _NAMES.get(name, name.replace("_", " "))
    mine: _Spread = _spread(name, ours)
    them: _Spread = _spread(name, theirs)
    if one_by_one and mine == them:
        mine, them = _listed(name, ours), _listed(name, theirs)
    words = []
    for account in sorted({*mine, *them}):
        we, they = mine.get(account, {}), them.get(account, {})
        if we != they:
            note = " (other amounts)" if set(we) == set(they) else ""
            words.append(f"{account[0]}: {called} {_values(we)} by us, {_values(they)} in the ledger{note}")
    return words


def _spread(name: str, lines: Sequence[Flat]) -> dict[tuple[str, str], dict[str, Decimal]]:
    """(account, currency) -> value of the dimension -> sum; sums of nothing are left out."""
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    for line in lines:
        values = sums.setdefault((line.account, line.currency), {})
        value = line.dimensions.get(name, "")
        values[value] = values.get(value, ZERO) + line.amount
    return {place: {value: amount for value, amount in values.items() if amount} for place, values in sums.items()}


def _listed(name: str, lines: Sequence[Flat]) -> dict[tuple[str, str], dict[str, tuple[Decimal, ...]]]:
    """(account, currency) -> value of the dimension -> each amount."""
    found: dict[tuple[str, str], dict[str, list[Decimal]]] = {}
    for line in lines:
        values = found.setdefault((line.account, line.currency), {})
        values.setdefault(line.dimensions.get(name, ""), []).append(line.amount)
    return {place: {value: tuple(sorted(some)) for value, some in values.items()} for place, values in found.items()}


def _values(spread: Mapping[str, object]) -> str:
    return ", ".join(sorted(value or "none" for value in spread)) or "none"


def side_text(amount: Decimal, currency: str) -> str:
    """A debit-positive amount as accountants write it."""
    if not amount:
        return "nothing"
    return f"{money_text(abs(amount), currency)} {currency} {'debit' if amount > 0 else 'credit'}"
