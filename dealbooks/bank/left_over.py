"""What is left when everything sure is taken: other amounts, equal amounts that nobody can tell apart, likenesses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from dealbooks.bank.alike import Alike
from dealbooks.bank.items import LENDER, BankMatch, BankSuggestion
from dealbooks.bank.open_money import OpenMoney
from dealbooks.bank.pairing import components
from dealbooks.bank.takings import BATCHED, LONGEST_RUN, takings_by_method


def differing(money: OpenMoney) -> tuple[BankMatch, ...]:
    """Items and lines that name each other, and do not come to the same: what is left of each deal."""
    payers: dict[str, set[tuple[str, ...]]] = {}  # deal -> who pays its open items
    shown: dict[tuple[str, ...], AbstractSet[int]] = {}  # payers -> lines that name one of them
    for item in money.open_items():
        booked = money.items[item]
        payers.setdefault(booked.deal_id, set()).add(booked.parties)
        shown[booked.parties] = money.party_lines(item)

    def deal_lines_of_its_party(item: int) -> set[int]:
        """Lines that name its deal, and do not name another's money of it: who pays, where the line says it."""
        others = payers.get(money.items[item].deal_id, set())
        return {
            line for line in money.deal_lines(item)
            if line in money.party_lines(item) or not any(line in shown[one] for one in others)
        }  # fmt: skip

    ways: tuple[Callable[[int], AbstractSet[int]], ...] = (money.own_lines, deal_lines_of_its_party)
    found: list[BankMatch] = []
    for whose in ways:
        pairs = [
            (item, line)
            for item in money.open_items() for line in whose(item)
            if money.may_be(item, line) and money.named_in_time(item, line)
        ]  # fmt: skip
        for ours, theirs in components(pairs):
            if len({money.items[one].deal_id for one in ours}) == 1 or _of_all(money, ours, theirs):
                difference = money.moved(theirs) - money.booked(ours)
                if not difference:
                    money.take("parts", ours, theirs, "named in the lines, and the parts add up")
                    continue
                reason = "named in the line; the amount is another"
                found.append(money.matched("difference", ours, theirs, reason, difference=difference))
    return tuple(found)


def _of_all(money: OpenMoney, ours: Sequence[int], theirs: Sequence[int]) -> bool:
    """Whether a line is meant for items of several deals: it calls each deal what only that one is called, or all are a
    lender's under a number of its statement; and it is not just one of them."""
    line, *more = theirs
    if more or any(money.equal(item, line) for item in ours):
        return False
    deals = {money.items[item].deal_id for item in ours}
    of_lender = all(money.items[item].kind in LENDER and line in money.own_lines(item) for item in ours)
    return of_lender or deals <= money.named_alone.get(line, frozenset())


def undecided(money: OpenMoney) -> tuple[BankSuggestion, ...]:
    """Tier 4: equal amounts within the days, of which nothing says which is which. They stay open."""
    found = []
    for ours, theirs in Alike(money, by_party=False).parts():
        alone = len(ours) == len(theirs) == 1
        reason = (
            "amount and days agree; nothing in the line says whose it is" if alone
            else "equal amounts in these days; nothing says which is which"
        )  # fmt: skip
        keys, ids = tuple(money.items[one].key for one in ours), tuple(money.ids[one] for one in theirs)
        found.append(BankSuggestion(keys, ids, reason, len(theirs) - len(ours)))
    return tuple(found)


def net_batches(money: OpenMoney) -> tuple[BankSuggestion, ...]:
    """Tier 4: card takings that a line is a little short of, as a provider's fee would make it."""
    takings = takings_by_method(money, ("card",))
    found = []
    for line in money.open_lines():
        theirs = money.lines[line]
        some = takings.get(("card", theirs.currency))
        if some is None or theirs.amount <= 0 or not money.words.has_any(line, BATCHED["card"]):
            continue
        for days, amount in some.runs(theirs.booked, range(1, LONGEST_RUN + 1)):
            short = amount - theirs.amount
            if 0 < short <= amount * money.policy.fee:
                group = some.of(days)
                if all(money.may_be(one, line) for one in group):
                    found.append(
                        BankSuggestion(
                            tuple(money.items[one].key for one in group), (money.ids[line],),
                            f"card takings less {short} {theirs.currency}, which may be the provider's fee; import the "
                            "provider's report to prove it",
                        )
                    )  # fmt: skip
    return tuple(found)
