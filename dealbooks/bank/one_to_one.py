"""One payment of ours, one line of the bank: by reference, by who paid, by how (tiers 1 and 2). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dealbooks.bank.alike import Alike
from dealbooks.bank.open_money import OpenMoney
from dealbooks.bank.pairing import components, only_pairs
from dealbooks.bank.takings import BATCHED, method_of

BY_HOW = "amount, days, and how it was paid; nothing else is like it"
_Ranks = Mapping[tuple[int, int], int]


def accept(money: OpenMoney, decided: Iterable[tuple[str, str]]) -> None:
    """What a person has said, where the item and the line are still there: several lines of one item, or the other
    way round, are one match."""
    by_key = {item.key: index for index, item in enumerate(money.items)}
    by_id = {identity: index for index, identity in enumerate(money.ids)}
    pairs = {(by_key[key], by_id[identity]) for key, identity in decided if key in by_key and identity in by_id}
    for ours, theirs in components(sorted(pairs)):
        if money.booked(ours) in money.sums(theirs):
            money.take("person", ours, theirs, "accepted by a person")


def by_reference(money: OpenMoney) -> None:
    """Tier 1."""
    ranks: dict[tuple[int, int], int] = {}
    for item in money.open_items():
        own = money.own_lines(item)
        for line in own | money.deal_lines(item):
            if money.equal(item, line) and money.may_be(item, line) and money.named_in_time(item, line):
                ranks[item, line] = 2 * (1 + (line in own)) + (line in money.party_lines(item))
    for item, line in only_pairs(ranks):
        money.take("reference", [item], [line], "its reference is in the line, and the amount is equal")
    left = [pair for pair in ranks if money.may_be(*pair)]
    of_item: dict[int, set[int]] = {}
    for item, line in left:
        of_item.setdefault(item, set()).add(line)
    for ours, theirs in components(left):
        if len({(money.items[one].deal_id, money.items[one].kind) for one in ours}) == 1:
            # Alike in all but how and when: in their order where there are as many, else the likelier.
            pairs = list(zip(ours, theirs, strict=False)) if len(ours) <= len(theirs) else _likelier(
                money, [(item, line) for item in ours for line in of_item[item]]
            )  # fmt: skip
            for item, line in pairs:
                if line in of_item[item] and money.may_be(item, line):
                    money.take("reference", [item], [line], "its deal is in the line, and the amount is equal")


def _likelier(money: OpenMoney, pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """An item for each line: takings that come in batches last, then by how many days they are apart."""
    ranked = sorted(
        (bool(method_of(money.items[item])) and not _by_method(money, item, line), money.apart(item, line), line, item)
        for item, line in pairs
    )  # fmt: skip
    found: dict[int, int] = {}
    used: set[int] = set()
    for _, _, line, item in ranked:
        if line not in used and item not in found:
            found[item] = line
            used.add(line)
    return list(found.items())


def by_attribute(money: OpenMoney) -> None:
    """Tier 2, by who paid."""
    for item, line in Alike(money, by_party=True).pairs():
        money.take("attribute", [item], [line], "amount, days, and who paid or was paid")


def by_method(money: OpenMoney) -> None:
    """Tier 2, by how, where nothing else has the amount in these days: of what batches have left, since the takings of
    a whole day are likelier than one of them."""
    for item, line in Alike(money, by_party=False).pairs():
        if _by_method(money, item, line):
            money.take("attribute", [item], [line], BY_HOW)


def _by_method(money: OpenMoney, item: int, line: int) -> bool:
    method = method_of(money.items[item])
    return bool(method) and money.words.has_any(line, BATCHED[method])
