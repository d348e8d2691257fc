"""Receipt numbers that several deals have (P-BANK for whatever came by bank): where the line names no deal, the amount
decides, or nothing. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from dealbooks.bank.choices import Group, sure_choices
from dealbooks.bank.open_money import OpenMoney

_Place = tuple[str, str, Decimal]  # number, currency, amount


def by_shared_number(money: OpenMoney) -> None:
    """Tier 1: the only item under such a number that has the amount, and the only line that may be it."""
    found = _Numbered(money)
    pairs = []
    for item in found.items:
        lines = found.first_two_lines(item)
        if len(lines) == 1 and found.first_two_items(lines[0]) == [item]:
            pairs.append((item, lines[0]))
    for item, line in pairs:
        money.take(
            "reference", [item], [line], "its receipt number is in the line, and nothing else under it has the amount"
        )


def sums_of_shared_number(money: OpenMoney) -> None:
    """Tier 3: one line for all that is open under such a number, where these are few."""
    found = _Numbered(money)
    choices: dict[int, list[Group]] = {}
    for number, items in found.by_number.items():
        for line in found.lines_of(number) if 1 < len(items) <= money.policy.most else ():
            own = tuple(item for item in items if money.may_be(item, line) and money.named_in_time(item, line))
            if len(own) > 1 and money.booked(own) in money.sums([line]):
                choices.setdefault(line, []).append(own)
    for lines, groups in sure_choices(choices):
        items = [item for group in groups for item in group]
        money.take("parts", items, lines, "all that is open under the receipt number in the line; they add up")


class _Numbered:
    """Open items with such a number, and open lines that hold one and name no deal, by number and amount."""

    def __init__(self, money: OpenMoney) -> None:
        self._money = money
        self.by_number: dict[str, list[int]] = {}
        self._numbers: dict[int, list[str]] = {}
        for item in money.open_items():
            numbers = money.shared_numbers(item)
            if numbers:
                self._numbers[item] = numbers
            for number in numbers:
                self.by_number.setdefault(number, []).append(item)
        self.items = list(self._numbers)
        self._items: dict[_Place, list[int]] = {}
        self._lines: dict[_Place, list[int]] = {}
        self._held: dict[int, list[str]] = {}  # line -> the numbers that it holds
        for number, items in sorted(self.by_number.items()):
            for item in items:
                ours = money.items[item]
                self._items.setdefault((number, ours.currency, ours.amount), []).append(item)
            for line in self.lines_of(number):
                self._held.setdefault(line, []).append(number)
                for amount in self._amounts(line):
                    self._lines.setdefault((number, money.lines[line].currency, amount), []).append(line)

    def lines_of(self, number: str) -> list[int]:
        """Open lines that hold a number, and name no deal."""
        money = self._money
        return [
            line for line in sorted(money.words.naming(number))
            if line not in money.named and line not in money.taken_lines
        ]  # fmt: skip

    def _amounts(self, line: int) -> list[Decimal]:
        theirs = self._money.lines[line]
        return sorted({theirs.amount, theirs.gross})

    def first_two_lines(self, item: int) -> list[int]:
        """Lines that an item may be; two are enough to know that none is the only one."""
        money, ours = self._money, self._money.items[item]
        places = [(number, ours.currency, ours.amount) for number in self._numbers[item]]
        first, last = ours.date - timedelta(money.policy.early), ours.date + timedelta(money.policy.late)
        return _first_two(
            line for place in places
            for line in _within(self._lines.get(place, ()), lambda one: money.lines[one].booked, first, last)
            if money.may_be(item, line)
        )  # fmt: skip

    def first_two_items(self, line: int) -> list[int]:
        """Items that a line may be."""
        money, theirs = self._money, self._money.lines[line]
        places = [
            (number, theirs.currency, amount) for number in self._held[line] for amount in self._amounts(line)
        ]  # fmt: skip
        first, last = theirs.booked - timedelta(money.policy.late), theirs.booked + timedelta(money.policy.early)
        return _first_two(
            item for place in places
            for item in _within(self._items.get(place, ()), lambda one: money.items[one].date, first, last)
            if money.may_be(item, line)
        )  # fmt: skip


def _within(listed: Sequence[int], day: Callable[[int], date], first: date, last: date) -> Iterator[int]:
    """Those of these days, of some in the order of their days."""
    for place in range(bisect_left(listed, first, key=day), len(listed)):
        if day(listed[place]) > last:
            return
        yield listed[place]


def _first_two(some: Iterator[int]) -> list[int]:
    found: list[int] = []
    for one in some:
        if one not in found:
            found.append(one)
        if len(found) > 1:
            break
    return found
