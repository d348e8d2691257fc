"""One payment in several lines, several in one line: parts, wires, batches (tier 3). Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from dealbooks.bank.choices import Group, sure_choices
from dealbooks.bank.items import LENDER
from dealbooks.bank.model import ZERO
from dealbooks.bank.one_to_one import BY_HOW
from dealbooks.bank.open_money import OpenMoney
from dealbooks.bank.pairing import components, several
from dealbooks.bank.takings import BATCHED, LONGEST_RUN, takings_by_method


def in_parts(money: OpenMoney, whose: Callable[[int], AbstractSet[int]]) -> None:
    """By references: an item in several lines, several items of a deal in one line, or all with all."""
    pairs = [
        (item, line)
        for item in money.open_items() for line in whose(item)
        if money.may_be(item, line) and money.named_in_time(item, line)
    ]  # fmt: skip
    for ours, theirs in components(pairs):
        found = _tied(money, ours, theirs)
        if found is not None:
            money.take("parts", *found, "named in the lines, and the parts add up")


def _tied(
    money: OpenMoney, ours: Sequence[int], theirs: Sequence[int]
) -> tuple[Sequence[int], Sequence[int]] | None:  # fmt: skip
    """All with all, or the only choice of several of one side that adds up to one of the other."""
    if money.booked(ours) in money.sums(theirs):
        return ours, theirs
    if max(len(ours), len(theirs)) > money.policy.most:
        return None
    found: list[tuple[Sequence[int], Sequence[int]]] = []
    for item in ours:
        found += [([item], some) for some in several(theirs) if money.booked([item]) in money.sums(some)]
    for line in theirs:
        found += [(some, [line]) for some in several(ours) if money.booked(some) in money.sums([line])]
    return found[0] if len(found) == 1 else None


@dataclass(slots=True)
class _Alike:
    """Open items that no line can tell apart by party, day, currency, direction and account, and what they come to."""

    day: date
    lender: bool
    items: list[int] = field(default_factory=list)
    amount: Decimal = ZERO


def _alike(money: OpenMoney, items: Sequence[int]) -> list[_Alike]:
    found: dict[tuple[object, ...], _Alike] = {}
    for index in items:
        item = money.items[index]
        lender = item.kind in LENDER
        place = (item.parties, item.date, item.currency, item.amount > 0, item.elsewhere, lender)
        one = found.setdefault(place, _Alike(item.date, lender))
        one.items.append(index)
        one.amount += item.amount
    return list(found.values())


def by_party_parts(money: OpenMoney) -> None:
    """By who paid: one item in all the lines of its payer in these days, of a payer with one item."""
    choices: dict[int, int] = {}  # line -> how many items it may be a part of
    plain: list[tuple[_Alike, list[int]]] = []  # items, and lines of their payer that name no deal
    named: dict[int, list[int]] = {}  # item -> lines that name its deal and its payer
    for some in _alike(money, money.open_items()):
        first = some.items[0]
        lines = [
            line for line in money.party_lines(first)
            if line not in money.named and money.may_be(first, line) and money.near(first, line)
        ]  # fmt: skip
        plain.append((some, lines))
        for line in lines:
            choices[line] = choices.get(line, 0) + len(some.items)
        for item in some.items:
            for line in money.party_lines(item) & money.deal_lines(item):
                if money.may_be(item, line) and money.near(item, line):
                    named.setdefault(item, []).append(line)
                    choices[line] = choices.get(line, 0) + 1
    for some, lines in plain:
        for item in some.items if len(some.items) == 1 or not lines else ():
            own = [*lines, *named.get(item, ())]
            alone = len(own) > 1 and all(choices[line] == 1 for line in own)
            if alone and money.booked([item]) in money.sums(own):
                money.take("parts", [item], own, "paid in parts by one payer within these days; they add up")


def in_wires(money: OpenMoney) -> None:
    """Many to one: one payment of a lender, or to a lienholder, for several contracts. Those booked on one day, or all
    within these days; only where one choice adds up. What a line names came in that line."""
    untold = [
        item for item in money.open_items()
        if money.items[item].kind != "payout"
        and not any(money.may_be(item, line) and money.named_in_time(item, line) for line in money.own_lines(item))
    ]  # fmt: skip
    by_line: dict[int, list[_Alike]] = {}
    for some in _alike(money, untold):
        first = some.items[0]
        for line in money.party_lines(first):
            if money.may_be(first, line) and money.apart(first, line) <= money.policy.days:
                by_line.setdefault(line, []).append(some)
    found: dict[int, list[Group]] = {}
    for line, party in by_line.items():
        sums = money.sums([line])
        tied: set[Group] = set()
        for pool in (party, [one for one in party if one.lender]):  # a finance company that buys the car also pays
            for days in (None, *{one.day for one in pool}):
                group = [one for one in pool if days is None or one.day == days]
                if sum((one.amount for one in group), ZERO) in sums and sum(len(one.items) for one in group) > 1:
                    tied.add(tuple(sorted(item for one in group for item in one.items)))
        if tied:
            found[line] = sorted(tied)
    _take_sure(money, found, "wire", "one payment for several, of the same party; they add up")


def in_batches(money: OpenMoney) -> None:
    """Many to one: the card takings, or the cash and cheques, of one to four days in one line."""
    takings = takings_by_method(money)
    for length in range(1, LONGEST_RUN + 1):  # those of one day are likelier than those of several
        found: dict[int, list[Group]] = {}
        groups: dict[object, Group] = {}  # empty: not all of it is open
        for line in money.open_lines():
            theirs = money.lines[line]
            for (method, currency), some in takings.items() if theirs.amount > 0 else ():
                if currency != theirs.currency or not money.words.has_any(line, BATCHED[method]):
                    continue
                sums = money.sums([line])
                for days, amount in some.runs(theirs.booked, (length,)):
                    if amount in sums:
                        place = (method, currency, days)
                        if place not in groups:
                            group = some.of(days)
                            groups[place] = group if all(money.may_be(one, line) for one in group) else ()
                        found.setdefault(line, []).extend([groups[place]] if groups[place] else [])
        _take_sure(money, found, "batch", "a batch of takings; they add up, less the fee that is stated")


def _take_sure(money: OpenMoney, found: dict[int, list[Group]], tier: str, reason: str) -> None:
    """Take what is sure, that of a single item as one to one."""
    for lines, groups in sure_choices({line: some for line, some in found.items() if some}):
        items = [item for group in groups for item in group]
        how = (tier, reason) if len(items) > 1 else ("attribute", BY_HOW)
        money.take(how[0], items, lines, how[1])
