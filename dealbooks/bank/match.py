"""Match what we have booked as money (receipts, refunds, fundings, payoffs) with the lines of bank statements. Pure.

In tiers (period-close.md section 2), each only with what those before it left:
1. a reference of its own in the line as whole words, and the amount; a receipt number that several deals have is one
   only beside the deal, or where nothing else under it has the amount;
2. the amount, within three business days, and one strong attribute (who paid or was paid, how);
3. one with many, and many with one: split receipts, one wire for several contracts, a batch net of a stated fee;
4. a suggestion, which clears nothing: a person decides.

Nothing is taken twice, sums tie to the minor unit, and the same items and lines in any order give the same result.
Where two are equally likely (equal amounts, customers of one name), neither is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dealbooks.bank.items import BankItem, BankPolicy, BankResult
from dealbooks.bank.left_over import differing, net_batches, undecided
from dealbooks.bank.many_to_one import by_party_parts, in_batches, in_parts, in_wires
from dealbooks.bank.model import BankLine
from dealbooks.bank.one_to_one import accept, by_attribute, by_method, by_reference
from dealbooks.bank.open_money import OpenMoney
from dealbooks.bank.shared_number import by_shared_number, sums_of_shared_number

USUAL = BankPolicy()


def match_bank(
    items: Iterable[BankItem],
    lines: Iterable[BankLine],
    *,
    policy: BankPolicy = USUAL,
    decided: Iterable[tuple[str, str]] = (),
    known: Mapping[str, Iterable[str]] | None = None,
    numbers: Mapping[str, Iterable[str]] | None = None,
) -> BankResult:
    """Match items with lines. `decided` are pairs (item key, line identity) that a person has accepted; `known` gives
    the names of deals that may have no item (deal id -> names), `numbers` those of their single receipts."""
    money = OpenMoney(items, lines, policy, known or {}, numbers or {})
    accept(money, decided)
    by_reference(money)
    by_attribute(money)
    by_shared_number(money)
    for whose in (money.own_lines, money.deal_lines):
        in_parts(money, whose)
    sums_of_shared_number(money)
    by_party_parts(money)
    in_wires(money)
    in_batches(money)
    by_method(money)
    differences = differing(money)
    to_decide = undecided(money)
    hints = net_batches(money)
    return BankResult(
        tuple(sorted(money.matches, key=lambda one: (one.tier, one.items, one.lines))),
        differences, to_decide, hints, money.free_items, money.free_lines,
        {money.ids[index]: deals for index, deals in sorted(money.named.items())},
        {identity: (line.amount, line.currency) for identity, line in zip(money.ids, money.lines, strict=True)},
    )  # fmt: skip
