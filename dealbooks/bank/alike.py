"""Open items and lines of equal amount within the business days: who can be whose, without going through every pair.

Thousands of payments of one amount are common (a deposit of 99.00), and each would be held against each. So a line that
names no deal is kept under its account, currency, amount and business day, and an item looks at the few days around its
own; a line that names deals is looked for by these deals only. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from dealbooks.bank.items import business_day
from dealbooks.bank.open_money import OpenMoney

_Place = tuple[tuple[str, ...], str, Any, int]  # parties, currency, amount, business day
_ANYBODY: tuple[str, ...] = ()


class Alike:
    """What is alike now; whatever is taken later is still in it. With `by_party` the line must name who pays, too."""

    def __init__(self, money: OpenMoney, *, by_party: bool) -> None:
        self._money = money
        self._by_party = by_party
        days = money.policy.days
        self._around = range(-days, days + 1)
        self._open = money.open_items()
        self._items: dict[_Place, dict[str, list[int]]] = {}  # place -> the account that they are not on -> items
        self._of_deal: dict[str, list[int]] = {}
        of_parties: dict[tuple[str, ...], int] = {}  # parties -> one item of theirs
        for item in self._open:
            ours = money.items[item]
            self._items.setdefault(self._place(item), {}).setdefault(ours.elsewhere, []).append(item)
            self._of_deal.setdefault(ours.deal_id, []).append(item)
            of_parties.setdefault(ours.parties if by_party else _ANYBODY, item)
        self._lines: dict[_Place, dict[str, list[int]]] = {}  # place -> account -> lines that name no deal
        self._parties: dict[int, list[tuple[str, ...]]] = {}  # line -> the parties that it names
        plain = {line for line in money.open_lines() if line not in money.named}
        for parties, item in of_parties.items():
            for line in sorted(plain & money.party_lines(item) if by_party else plain):
                self._parties.setdefault(line, []).append(parties)
                for place in self._places(parties, line):
                    self._lines.setdefault(place, {}).setdefault(money.lines[line].account, []).append(line)

    def _place(self, item: int) -> _Place:
        ours = self._money.items[item]
        return ours.parties if self._by_party else _ANYBODY, ours.currency, ours.amount, business_day(ours.date)

    def _places(self, parties: tuple[str, ...], line: int) -> list[_Place]:
        """Where an item that is alike and of its day would stand: by its amount, and by that before the fee."""
        theirs = self._money.lines[line]
        day = business_day(theirs.booked)
        amounts = sorted({theirs.amount, theirs.gross})
        return [
            (parties, theirs.currency, amount, day)
            for amount in amounts if (amount > 0) == (theirs.amount > 0)
        ]  # fmt: skip

    def _alike(self, item: int, line: int) -> bool:
        money = self._money
        by = not self._by_party or line in money.party_lines(item)
        return by and money.equal(item, line) and money.may_be(item, line) and money.near(item, line)

    def lines(self, item: int) -> Iterator[int]:
        """Lines of its amount in these days that it may be, and that do not name another deal."""
        ours = self._money.items[item]
        for account, some in self._around_of(self._lines, self._place(item)):
            if account != ours.elsewhere:
                yield from some
        yield from self._named(item)

    def _named(self, item: int) -> Iterator[int]:
        """Lines that name its deal, and are alike."""
        return (line for line in sorted(self._money.deal_lines(item)) if self._alike(item, line))

    def items(self, line: int) -> Iterator[int]:
        """Items that the line may be."""
        money, account = self._money, self._money.lines[line].account
        for parties in self._parties.get(line, ()):
            for place in self._places(parties, line):
                for elsewhere, some in self._around_of(self._items, place):
                    if elsewhere != account:
                        yield from some
        for deal in sorted(money.named.get(line, ())):
            yield from (item for item in self._of_deal.get(deal, ()) if self._alike(item, line))

    def _around_of(
        self, kept: Mapping[_Place, Mapping[str, Sequence[int]]], place: _Place
    ) -> Iterator[tuple[str, Sequence[int]]]:
        *of, day = place
        for apart in self._around:
            yield from kept.get((*of, day + apart), {}).items()

    def pairs(self) -> list[tuple[int, int]]:
        """Items and lines that are each other's only choice."""
        found = []
        for item in self._open:
            some = list(islice(self.lines(item), 2))
            if len(some) == 1 and len(list(islice(self.items(some[0]), 2))) == 1:
                found.append((item, some[0]))
        return found

    def parts(self) -> list[tuple[list[int], list[int]]]:
        """Items and lines that hang together, each side in its order, by the first item. Lines of one place are one
        for whoever looks at the place, so that only places are joined."""
        parts = _Parts()
        seen: set[Any] = set()
        for item in self._open:
            ours, (*of, day) = self._money.items[item], self._place(item)
            for apart in self._around:
                for account in self._lines.get((*of, day + apart), {}):
                    if account != ours.elsewhere:
                        bucket = (*of, day + apart, account)
                        seen.add(bucket)
                        parts.join(("item", item), bucket)
            for line in self._named(item):
                parts.join(("item", item), ("line", line))
        for place, accounts in self._lines.items():
            for account, some in accounts.items():
                for line in some if (*place, account) in seen else ():
                    parts.join((*place, account), ("line", line))
        return parts.found()


class _Parts:
    """Nodes that are joined, and what hangs together then."""

    def __init__(self) -> None:
        self._over: dict[Any, Any] = {}

    def join(self, one: Any, other: Any) -> None:
        first, second = self._top(one), self._top(other)
        if first != second:
            self._over[second] = first

    def _top(self, node: Any) -> Any:
        over = self._over
        over.setdefault(node, node)
        while over[node] != node:
            over[node] = over[over[node]]
            node = over[node]
        return node

    def found(self) -> list[tuple[list[int], list[int]]]:
        """The items and lines of each part that has both, each side in its order, by the first item."""
        sides: dict[Any, tuple[list[int], list[int]]] = {}
        for node in self._over:
            if node[0] in ("item", "line"):
                sides.setdefault(self._top(node), ([], []))[node[0] == "line"].append(node[1])
        return sorted((sorted(ours), sorted(theirs)) for ours, theirs in sides.values() if ours and theirs)
