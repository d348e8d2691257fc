"""Money of ours and lines of the bank that nothing was found for yet, and what either says of the other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from dealbooks.bank.items import BankItem, BankMatch, BankPolicy, business_day
from dealbooks.bank.model import ZERO, BankLine
from dealbooks.bank.names import LineWords, lines_by_name, plain, shared_by_several

_NOBODY: frozenset[int] = frozenset()
_NUMBERED = ("receipt", "refund")  # whose own references are receipt numbers; a lender's statement is many contracts'


class OpenMoney:
    """One matching as far as it has come. Items and lines are known by their place in a fixed order, so that the order
    in which they are given says nothing."""

    def __init__(
        self,
        items: Iterable[BankItem],
        lines: Iterable[BankLine],
        policy: BankPolicy,
        known: Mapping[str, Iterable[str]],
        numbers: Mapping[str, Iterable[str]],
    ) -> None:
        self.policy = policy
        self.items = sorted(items, key=lambda one: (one.date, one.kind, one.key))
        self.lines = sorted(lines, key=lambda one: (one.booked, one.amount, one.account, one.identity))
        self.ids = [line.identity for line in self.lines]
        self.words = LineWords(self.lines)
        self.taken_items: set[int] = set()
        self.taken_lines: set[int] = set()
        self.matches: list[BankMatch] = []
        names, receipts = _by_deal(known), _by_deal(numbers)
        for deal, some in numbers.items():
            names.setdefault(deal, set()).update(some)
        for item in self.items:
            names.setdefault(item.deal_id, set()).update((*item.names, *item.shared))
            if item.kind in _NUMBERED:
                receipts.setdefault(item.deal_id, set()).update(item.names)
        self._shared = shared_by_several(receipts)
        # Line -> ids of the deals that it names; and of those that it names by what only they are called.
        self.named, self.named_alone = lines_by_name(self.words, names, self._shared)
        self._of_deal: dict[str, set[int]] = {}
        for index, some in self.named.items():
            for deal in some:
                self._of_deal.setdefault(deal, set()).add(index)
        self._own = [self._lines_of_own(index) for index in range(len(self.items))]
        self._of_party: dict[str, frozenset[int]] = {}
        self._of_parties: dict[tuple[str, ...], frozenset[int]] = {}
        for item in self.items:
            if item.parties not in self._of_parties:
                self._of_parties[item.parties] = frozenset(
                    line for party in item.parties for line in self._lines_of_party(party)
                )

    def _lines_of_own(self, item: int) -> frozenset[int]:
        found: set[int] = set()
        for name in self.items[item].names:
            if plain(name) in self._shared:
                found.update(line for line in self.deal_lines(item) if self.words.holds(line, name))
            else:
                found.update(self.words.naming(name))
        return frozenset(found)

    def _lines_of_party(self, party: str) -> frozenset[int]:
        if party not in self._of_party:
            self._of_party[party] = frozenset(self.words.of_party(party))
        return self._of_party[party]

    @property
    def free_items(self) -> tuple[BankItem, ...]:
        """Items that nothing was found for."""
        return tuple(self.items[index] for index in self.open_items())

    @property
    def free_lines(self) -> tuple[BankLine, ...]:
        """Lines that nothing was found for."""
        return tuple(line for index, line in enumerate(self.lines) if index not in self.taken_lines)

    def open_items(self) -> list[int]:
        """Items that nothing was found for, by their places."""
        return [index for index in range(len(self.items)) if index not in self.taken_items]

    def open_lines(self) -> list[int]:
        """Movements that nothing was found for, by their places: neither fees nor payouts of a provider."""
        return [index for index, line in enumerate(self.lines) if index not in self.taken_lines and line.kind == "line"]

    def own_lines(self, item: int) -> frozenset[int]:
        """Lines that hold a reference of the item itself; of one that several deals have, those that name its deal."""
        return self._own[item]

    def shared_numbers(self, item: int) -> list[str]:
        """Its receipt numbers that other deals have, too: by themselves they say nothing of whose a line is."""
        return sorted({plain(name) for name in self.items[item].names} & self._shared)

    def deal_lines(self, item: int) -> frozenset[int] | set[int]:
        """Lines that name its deal."""
        return self._of_deal.get(self.items[item].deal_id, _NOBODY)

    def party_lines(self, item: int) -> frozenset[int]:
        """Lines that name who pays or is paid."""
        return self._of_parties[self.items[item].parties]

    def may_be(self, item: int, line: int) -> bool:
        """Free, on an account where it can be, in its currency, and in its direction."""
        ours, theirs = self.items[item], self.lines[line]
        return (
            item not in self.taken_items and line not in self.taken_lines and theirs.kind == "line"
            and ours.currency == theirs.currency and ours.elsewhere != theirs.account
            and (ours.amount > 0) == (theirs.amount > 0)
        )  # fmt: skip

    def equal(self, item: int, line: int) -> bool:
        """Whether the amounts are equal, net or before a stated fee."""
        return self.items[item].amount in (self.lines[line].amount, self.lines[line].gross)

    def named_in_time(self, item: int, line: int) -> bool:
        """Not too long before or after, for a line that names it."""
        apart = self.lines[line].booked - self.items[item].date
        return -timedelta(self.policy.early) <= apart <= timedelta(self.policy.late)

    def apart(self, item: int, line: int) -> int:
        """Business days between them."""
        return abs(business_day(self.items[item].date) - business_day(self.lines[line].booked))

    def near(self, item: int, line: int) -> bool:
        """Within the business days, and the line does not name another deal."""
        named = self.named.get(line, frozenset())
        return self.apart(item, line) <= self.policy.days and (not named or self.items[item].deal_id in named)

    def booked(self, items: Iterable[int]) -> Decimal:
        """What items come to."""
        return sum((self.items[one].amount for one in items), ZERO)

    def moved(self, lines: Iterable[int]) -> Decimal:
        """What lines come to."""
        return sum((self.lines[one].amount for one in lines), ZERO)

    def sums(self, lines: Iterable[int]) -> set[Decimal]:
        """What lines come to, net and gross of stated fees."""
        listed = list(lines)
        net = self.moved(listed)
        return {net, net + sum((self.lines[one].fee for one in listed), ZERO)}

    def take(self, tier: str, items: Sequence[int], lines: Sequence[int], reason: str) -> None:
        """These are the same money; what the lines are short of is the fee."""
        self.matches.append(self.matched(tier, items, lines, reason, fee=self.booked(items) - self.moved(lines)))

    def matched(
        self, tier: str, items: Iterable[int], lines: Iterable[int], reason: str, *, fee: Decimal = ZERO,
        difference: Decimal = ZERO,
    ) -> BankMatch:  # fmt: skip
        """The match, its items and lines taken out of what is open."""
        items, lines = sorted(items), sorted(lines)
        self.taken_items.update(items)
        self.taken_lines.update(lines)
        keys, ids = tuple(self.items[one].key for one in items), tuple(self.ids[one] for one in lines)
        return BankMatch(tier, keys, ids, reason, fee, difference)


def _by_deal(names: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    return {deal: set(some) for deal, some in names.items()}
