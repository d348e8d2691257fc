"""Match what we have booked as money (receipts, refunds, fundings, payoffs) with the lines of bank statements. Pure.

In tiers (period-close.md section 2), each only with what those before it left:
1. a reference of its own in the line as whole words, and the amount;
2. the amount, within three business days, and one strong attribute (who paid or was paid, how);
3. one with many, and many with one: split receipts, one wire for several contracts, a batch net of a stated fee;
4. a suggestion, which clears nothing: a person decides.

Nothing is taken twice, sums tie to the minor unit, and the same items and lines in any order give the same result.
Where two are equally likely (equal amounts, customers of one name), neither is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from dealbooks.bank.items import BankItem, BankMatch, BankPolicy, BankResult, BankSuggestion, business_day
from dealbooks.bank.model import ZERO, BankLine
from dealbooks.bank.names import LineWords, lines_by_name
from dealbooks.bank.pairing import components, interchangeable, only_pairs, several

_BATCHED: Mapping[str, frozenset[str]] = {
    "card": frozenset({
        "CARD", "CARDS", "MERCHANT", "SETTLEMENT", "BATCH", "VISA", "MASTERCARD", "AMEX", "STRIPE", "WORLDPAY",
        "SQUARE", "ADYEN", "SUMUP", "POS",
    }),
    "cash": frozenset({"CASH", "LODGEMENT", "DEPOSIT", "COUNTER"}),
    "cheque": frozenset({"CHEQUE", "CHEQUES", "CHECK", "CHECKS", "CHQ", "LODGEMENT", "DEPOSIT", "COUNTER"}),
}  # fmt: skip
USUAL = BankPolicy()
_BY_HOW = "amount, days, and how it was paid; nothing else is like it"
_LONGEST_RUN = 4  # days whose takings come in one batch
_METHODS: Mapping[str, str] = {"cashier_cheque": "cheque"}


def match_bank(
    items: Iterable[BankItem],
    lines: Iterable[BankLine],
    *,
    policy: BankPolicy = USUAL,
    decided: Iterable[tuple[str, str]] = (),
    known: Mapping[str, Iterable[str]] | None = None,
) -> BankResult:
    """Match items with lines. `decided` are pairs (item key, line identity) that a person has accepted; `known` gives
    the names of deals that may have no item (deal id -> names)."""
    work = _Work(items, lines, policy, known or {})
    work.accept(decided)
    work.by_reference()
    work.by_attribute()
    for whose in (work.own_lines, work.deal_lines):
        work.in_parts(whose)
    work.by_party_parts()
    work.in_wires()
    work.in_batches()
    work.by_method()
    differences = work.differing()
    undecided = work.undecided()
    hints = work.net_batches()
    return BankResult(
        tuple(sorted(work.matches, key=lambda one: (one.tier, one.items, one.lines))),
        differences, undecided, hints, work.free_items, work.free_lines,
        {work.id_of[index]: deals for index, deals in sorted(work.named.items())},
        {identity: (line.amount, line.currency) for identity, line in zip(work.id_of, work.lines, strict=True)},
    )  # fmt: skip


class _Work:
    """One run. Items and lines are known by their place in a fixed order."""

    def __init__(
        self,
        items: Iterable[BankItem],
        lines: Iterable[BankLine],
        policy: BankPolicy,
        known: Mapping[str, Iterable[str]],
    ) -> None:
        self.policy = policy
        self.items = sorted(items, key=lambda one: (one.date, one.kind, one.key))
        self.lines = sorted(lines, key=lambda one: (one.booked, one.amount, one.account, one.identity))
        self.id_of = [line.identity for line in self.lines]
        self.words = LineWords(self.lines)
        self._claimed: set[tuple[str, int]] = set()  # lines that name who pays an open item of a deal
        self.taken_items: set[int] = set()
        self.taken_lines: set[int] = set()
        self.matches: list[BankMatch] = []
        names = {deal: set(some) for deal, some in known.items()}
        for item in self.items:
            names.setdefault(item.deal_id, set()).update((*item.names, *item.shared))
        self.named = lines_by_name(self.words, names)
        self.own = [frozenset(line for name in item.names for line in self.words.naming(name)) for item in self.items]
        self.of_deal: dict[str, set[int]] = {}
        for index, some in self.named.items():
            for deal in some:
                self.of_deal.setdefault(deal, set()).add(index)
        parties: dict[str, frozenset[int]] = {}
        for item in self.items:
            for party in item.parties:
                if party not in parties:
                    parties[party] = frozenset(self.words.of_party(party))
        self.party = [frozenset(one for name in item.parties for one in parties[name]) for item in self.items]
        self.by_amount: dict[tuple[str, Decimal, int], list[int]] = {}
        for index, line in enumerate(self.lines):
            for amount in sorted({line.amount, line.gross}):
                self.by_amount.setdefault((line.currency, amount, business_day(line.booked)), []).append(index)

    @property
    def free_items(self) -> tuple[BankItem, ...]:
        """Items that nothing was found for."""
        return tuple(item for index, item in enumerate(self.items) if index not in self.taken_items)

    @property
    def free_lines(self) -> tuple[BankLine, ...]:
        """Lines that nothing was found for."""
        return tuple(line for index, line in enumerate(self.lines) if index not in self.taken_lines)

    def _open_items(self) -> list[int]:
        return [index for index in range(len(self.items)) if index not in self.taken_items]

    def _take(self, tier: str, items: Sequence[int], lines: Sequence[int], reason: str) -> None:
        ours = sum((self.items[one].amount for one in items), ZERO)
        theirs = sum((self.lines[one].amount for one in lines), ZERO)
        self.matches.append(self._match(tier, items, lines, reason, fee=ours - theirs))

    def _match(
        self, tier: str, items: Iterable[int], lines: Iterable[int], reason: str, *, fee: Decimal = ZERO,
        difference: Decimal = ZERO,
    ) -> BankMatch:  # fmt: skip
        items, lines = sorted(items), sorted(lines)
        self.taken_items.update(items)
        self.taken_lines.update(lines)
        keys, ids = tuple(self.items[one].key for one in items), tuple(self.id_of[one] for one in lines)
        return BankMatch(tier, keys, ids, reason, fee, difference)

    def _may_be(self, item: int, line: int) -> bool:
        """Free, on an account where it can be, in its currency, and in its direction."""
        ours, theirs = self.items[item], self.lines[line]
        return (
            item not in self.taken_items and line not in self.taken_lines and theirs.kind == "line"
            and ours.currency == theirs.currency and ours.elsewhere != theirs.account
            and (ours.amount > 0) == (theirs.amount > 0)
        )  # fmt: skip

    def _named_in_time(self, item: int, line: int) -> bool:
        apart = self.lines[line].booked - self.items[item].date
        return -timedelta(self.policy.early) <= apart <= timedelta(self.policy.late)

    def _near(self, item: int, line: int) -> bool:
        """Within the business days, and the line does not name another deal."""
        ours, theirs = self.items[item], self.lines[line]
        named = self.named.get(line, frozenset())
        apart = abs(business_day(ours.date) - business_day(theirs.booked))
        return apart <= self.policy.days and (not named or ours.deal_id in named)

    def _alike(self, item: int) -> list[int]:
        """Lines of its amount within the business days that it may be, and that do not name another deal."""
        ours, days = self.items[item], self.policy.days
        day = business_day(ours.date)
        return [
            line
            for other in range(day - days, day + days + 1)
            for line in self.by_amount.get((ours.currency, ours.amount, other), ())
            if self._may_be(item, line) and self._near(item, line)
        ]

    def own_lines(self, item: int) -> frozenset[int] | set[int]:
        """Lines that hold a reference of the item itself."""
        return self.own[item]

    def deal_lines(self, item: int) -> frozenset[int] | set[int]:
        """Lines that name its deal."""
        return self.of_deal.get(self.items[item].deal_id, frozenset())

    def accept(self, decided: Iterable[tuple[str, str]]) -> None:
        """What a person has said, where the item and the line are still there: several lines of one item, or the other
        way round, are one match."""
        by_key = {item.key: index for index, item in enumerate(self.items)}
        by_id = {identity: index for index, identity in enumerate(self.id_of)}
        graph = {(by_key[key], by_id[identity]): 1 for key, identity in decided if key in by_key and identity in by_id}
        for ours, theirs in components(graph):
            total = sum((self.lines[one].amount for one in theirs), ZERO)
            fee = sum((self.lines[one].fee for one in theirs), ZERO)
            booked = sum((self.items[one].amount for one in ours), ZERO)
            if booked in (total, total + fee):
                self._take("person", ours, theirs, "accepted by a person")

    def by_reference(self) -> None:
        """Tier 1."""
        edges: dict[tuple[int, int], int] = {}
        for item in self._open_items():
            amount = self.items[item].amount
            for line in self.own[item] | self.deal_lines(item):
                equal = amount in (self.lines[line].amount, self.lines[line].gross) and self._may_be(item, line)
                if equal and self._named_in_time(item, line):
                    edges[item, line] = 2 * (1 + (line in self.own[item])) + (line in self.party[item])
        for item, line in only_pairs(edges):
            self._take("reference", [item], [line], "its reference is in the line, and the amount is equal")
        left = {pair: rank for pair, rank in edges.items() if self._may_be(*pair)}
        for ours, theirs in components(left):
            if len({(self.items[one].deal_id, self.items[one].kind) for one in ours}) == 1:
                # Alike in all but how and when: in their order where there are as many, else the likelier.
                pairs = (
                    list(zip(ours, theirs, strict=False)) if len(ours) <= len(theirs) else self._likelier(left, theirs)
                )
                for item, line in pairs:
                    if (item, line) in left and self._may_be(item, line):
                        self._take("reference", [item], [line], "its deal is in the line, and the amount is equal")

    def _likelier(self, left: Mapping[tuple[int, int], int], lines: Iterable[int]) -> list[tuple[int, int]]:
        """An item for each line: takings that come in batches last, then by how many days they are apart."""
        ranked = sorted(
            (self._batched(item) and not self._by_method(item, line), self._apart(item, line), line, item)
            for item, line in left if line in set(lines)
        )  # fmt: skip
        found: dict[int, int] = {}
        for _, _, line, item in ranked:
            if line not in found.values() and item not in found:
                found[item] = line
        return list(found.items())

    def _batched(self, item: int) -> bool:
        method = self.items[item].method
        return _METHODS.get(method, method) in _BATCHED

    def _apart(self, item: int, line: int) -> int:
        return abs(business_day(self.items[item].date) - business_day(self.lines[line].booked))

    def by_attribute(self) -> None:
        """Tier 2, by who paid."""
        named = {
            (item, line): 1 for item in self._open_items() for line in self._alike(item) if line in self.party[item]
        }
        for item, line in only_pairs(named):
            self._take("attribute", [item], [line], "amount, days, and who paid or was paid")

    def by_method(self) -> None:
        """Tier 2, by how, where nothing else has the amount in these days: of what batches have left, since the takings
        of a whole day are likelier than one of them."""
        left = {(item, line): 1 for item in self._open_items() for line in self._alike(item)}
        for ours, theirs in components(left):
            if len(ours) == len(theirs) == 1 and self._by_method(ours[0], theirs[0]):
                self._take("attribute", ours, theirs, _BY_HOW)

    def _by_method(self, item: int, line: int) -> bool:
        method = self.items[item].method
        words = _BATCHED.get(_METHODS.get(method, method))
        return words is not None and self.words.has_any(line, words)

    def in_parts(self, whose: Callable[[int], frozenset[int] | set[int]]) -> None:
        """Tier 3 by references: an item in several lines, several items of a deal in one line, or all with all."""
        graph = {
            (item, line): 1
            for item in self._open_items() for line in whose(item)
            if self._may_be(item, line) and self._named_in_time(item, line)
        }  # fmt: skip
        for ours, theirs in components(graph):
            found = self._tied(ours, theirs)
            if found is not None:
                self._take("parts", *found, "named in the lines, and the parts add up")

    def _tied(self, ours: Sequence[int], theirs: Sequence[int]) -> tuple[Sequence[int], Sequence[int]] | None:
        """All with all, or the only choice of several of one side that adds up to one of the other."""
        if self._sum(ours) in self._sums(theirs):
            return ours, theirs
        if max(len(ours), len(theirs)) > self.policy.most:
            return None
        found: list[tuple[Sequence[int], Sequence[int]]] = []
        for item in ours:
            found += [([item], some) for some in several(theirs) if self._sum([item]) in self._sums(some)]
        for line in theirs:
            found += [(some, [line]) for some in several(ours) if self._sum(some) in self._sums([line])]
        return found[0] if len(found) == 1 else None

    def _sum(self, items: Iterable[int]) -> Decimal:
        return sum((self.items[one].amount for one in items), ZERO)

    def _sums(self, lines: Iterable[int]) -> set[Decimal]:
        """What lines come to, net and gross of stated fees."""
        listed = list(lines)
        net = sum((self.lines[one].amount for one in listed), ZERO)
        return {net, net + sum((self.lines[one].fee for one in listed), ZERO)}

    def by_party_parts(self) -> None:
        """Tier 3 by who paid: one item in all the lines of its payer in these days, of a payer with one item."""
        graph = {
            (item, line): 1
            for item in self._open_items() for line in self.party[item]
            if self._may_be(item, line) and self._near(item, line)
        }  # fmt: skip
        for ours, theirs in components(graph):
            if len(ours) == 1 and len(theirs) > 1 and self._sum(ours) in self._sums(theirs):
                self._take("parts", ours, theirs, "paid in parts by one payer within these days; they add up")

    def in_wires(self) -> None:
        """Tier 3, many to one: one payment of a lender, or to a lienholder, for several contracts. Those booked on one
        day, or all within these days; only where one choice adds up."""
        found: dict[int, list[tuple[int, ...]]] = {}
        by_line: dict[int, list[int]] = {}
        for item in self._open_items():
            told = any(self._may_be(item, line) and self._named_in_time(item, line) for line in self.own[item])
            if self.items[item].kind in ("funding", "reserve", "payoff", "refund", "receipt"):
                for line in () if told else self.party[item]:  # what a line names came in that line
                    apart = abs(business_day(self.items[item].date) - business_day(self.lines[line].booked))
                    if self._may_be(item, line) and apart <= self.policy.days:
                        by_line.setdefault(line, []).append(item)
        for line, items in by_line.items():
            paid = [one for one in items if self.items[one].kind in ("funding", "reserve")]
            groups = {tuple(items), tuple(paid)} | {  # a finance company that buys the car is party to receipts as well
                tuple(one for one in pool if self.items[one].date == day)
                for pool in (items, paid) for day in {self.items[i].date for i in pool}
            }  # fmt: skip
            tied = sorted(one for one in groups if len(one) > 1 and self._sum(one) in self._sums([line]))
            if tied:
                found[line] = tied
        self._take_alone(found, "wire", "one payment for several, of the same party; they add up")

    def in_batches(self) -> None:
        """Tier 3, many to one: the card takings, or the cash and cheques, of one to four days in one line."""
        days: dict[tuple[str, str], dict[date, list[int]]] = {}
        for item in self._open_items():
            ours = self.items[item]
            method = _METHODS.get(ours.method, ours.method)
            if ours.kind == "receipt" and method in _BATCHED:
                days.setdefault((method, ours.currency), {}).setdefault(ours.date, []).append(item)
        for length in range(1, _LONGEST_RUN + 1):  # those of one day are likelier than those of several
            found: dict[int, list[tuple[int, ...]]] = {}
            for index, line in enumerate(self.lines):
                if index in self.taken_lines or line.kind != "line" or line.amount <= 0:
                    continue
                for (method, currency), by_day in sorted(days.items()):
                    if currency == line.currency and self.words.has_any(index, _BATCHED[method]):
                        for group in self._runs(by_day, line.booked, (length,)):
                            whole = self._sum(group) in self._sums([index])
                            if whole and all(self._may_be(one, index) for one in group):
                                found.setdefault(index, []).append(group)
            self._take_alone(found, "batch", "a batch of takings; they add up, less the fee that is stated")

    def _runs(
        self, by_day: Mapping[date, list[int]], booked: date, lengths: Iterable[int] = range(1, _LONGEST_RUN + 1)
    ) -> list[tuple[int, ...]]:
        """Takings of so many days one after another that a batch of this day can hold."""
        near = sorted(
            day for day in by_day if 0 <= business_day(booked) - business_day(day) <= self.policy.days + 1
        )  # fmt: skip
        return [
            tuple(one for day in near[start : start + length] for one in by_day[day])
            for length in lengths for start in range(len(near) - length + 1)
        ]  # fmt: skip

    def _take_alone(self, found: Mapping[int, list[tuple[int, ...]]], tier: str, reason: str) -> None:
        """Take those choices that nothing else needs a part of: a line with one choice goes before lines that have
        another, until nothing more is sure. Lines that all have the same choices, as many as they are, come to the
        same as these together: which is which need not be known."""
        choices = {line: sorted(set(groups)) for line, groups in sorted(found.items())}
        while True:
            sure = [([line], groups) for line, groups in choices.items() if len(groups) == 1]
            sure = [(lines, groups) for lines, groups in sure if self._alone(lines, choices)]
            sure = sure or [
                (lines, groups) for lines, groups in interchangeable(choices) if self._alone(lines, choices)
            ]
            if not sure:
                return
            taken: set[int] = set()
            for lines, groups in sure:
                items = [item for group in groups for item in group]
                if not taken & {*items}:
                    how = (tier, reason) if len(items) > 1 else ("attribute", _BY_HOW)
                    self._take(how[0], items, lines, how[1])
                    taken.update(items)
                for line in lines:
                    del choices[line]
            choices = {
                line: left
                for line, groups in choices.items()
                if (left := [one for one in groups if not taken & {*one}])
            }

    def _alone(self, lines: Sequence[int], choices: Mapping[int, list[tuple[int, ...]]]) -> bool:
        """Whether every other line that could be a part of what some lines choose has a choice beside it."""
        wanted = {item for line in lines for group in choices[line] for item in group}
        return all(
            any(not wanted & set(one) for one in groups)
            for other, groups in choices.items()
            if other not in lines and any(wanted & set(one) for one in groups)
        )

    def differing(self) -> tuple[BankMatch, ...]:
        """Items and lines that name each other, and do not come to the same: what is left of each deal."""
        found: list[BankMatch] = []
        self._claimed = {(self.items[item].deal_id, line) for item in self._open_items() for line in self.party[item]}
        for whose in (self.own_lines, self._deal_lines_of_its_party):
            graph = {
                (item, line): 1
                for item in self._open_items() for line in whose(item)
                if self._may_be(item, line) and self._named_in_time(item, line)
            }  # fmt: skip
            for ours, theirs in components(graph):
                if len(theirs) == 1 or len({self.items[one].deal_id for one in ours}) == 1:
                    difference = sum((self.lines[one].amount for one in theirs), ZERO) - self._sum(ours)
                    if not difference:
                        self._take("parts", ours, theirs, "named in the lines, and the parts add up")
                        continue
                    reason = "named in the line; the amount is another"
                    found.append(self._match("difference", ours, theirs, reason, difference=difference))
        return tuple(found)

    def _deal_lines_of_its_party(self, item: int) -> set[int]:
        """Lines that name its deal, and do not name another's money of it: who pays, where the line says it."""
        deal = self.items[item].deal_id
        return {line for line in self.deal_lines(item) if line in self.party[item] or (deal, line) not in self._claimed}

    def undecided(self) -> tuple[BankSuggestion, ...]:
        """Tier 4: equal amounts within the days, of which nothing says which is which. They stay free."""
        graph = {
            (item, line): 1
            for item in self._open_items() for line in self._alike(item)
        }  # fmt: skip
        found = []
        for ours, theirs in components(graph):
            alone = len(ours) == len(theirs) == 1
            reason = (
                "amount and days agree; nothing in the line says whose it is" if alone
                else "equal amounts in these days; nothing says which is which"
            )  # fmt: skip
            keys, ids = tuple(self.items[one].key for one in ours), tuple(self.id_of[one] for one in theirs)
            found.append(BankSuggestion(keys, ids, reason, len(theirs) - len(ours)))
        return tuple(found)

    def net_batches(self) -> tuple[BankSuggestion, ...]:
        """Tier 4: card takings that a line is a little short of, as a provider's fee would make it."""
        by_day: dict[date, list[int]] = {}
        for item in self._open_items():
            if self.items[item].method == "card" and self.items[item].kind == "receipt":
                by_day.setdefault(self.items[item].date, []).append(item)
        found = []
        for index, line in enumerate(self.lines):
            if index in self.taken_lines or line.amount <= 0 or not self.words.has_any(index, _BATCHED["card"]):
                continue
            for group in self._runs(by_day, line.booked):
                short = self._sum(group) - line.amount
                if 0 < short <= self._sum(group) * self.policy.fee and all(self._may_be(one, index) for one in group):
                    found.append(
                        BankSuggestion(
                            tuple(self.items[one].key for one in group), (self.id_of[index],),
                            f"card takings less {short} {line.currency}, which may be the provider's fee; import the "
                            "provider's report to prove it",
                        )
                    )  # fmt: skip
        return tuple(found)
