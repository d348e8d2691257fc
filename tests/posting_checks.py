"""What holds for every deal's life in the books; `check_life` walks one, and an oracle of its own works out the sale.

To repeat a seed that failed: `.venv/bin/python -m tests.posting_checks REGION SEED` shows the deal and what is wrong.
"""

from __future__ import annotations

import json
import sys
import traceback
from datetime import timedelta

from dealbooks.book import Book, Locks, OtherBook
from dealbooks.deal import Deal
from dealbooks.deal.rules import Known, check_deal, check_identity
from dealbooks.entries import Entry
from dealbooks.errors import DealbooksError
from dealbooks.findings import has_errors
from dealbooks.posting import History, Posted, post_deal
from dealbooks.samples import Kind, Life, Step, random_life, sample_book
from tests.posting_carried import TARGETS, Carried
from tests.posting_entries import check_customer, check_ended, check_entry, check_mirror, check_restored
from tests.posting_figures import check_chargebacks, check_deposit_tax, check_figures, check_money
from tests.posting_oracle import Expected, expect

# What a broken property, a refusal or a fault of ours raises.
FAULTS = (AssertionError, DealbooksError, ArithmeticError, LookupError, AttributeError, TypeError, ValueError)
QUARTERS = (1, 4, 7, 10)
# The lives that a whole one does not have in it, for one seed in ten each.
OTHER_LIVES: tuple[Kind, ...] = ("cancelled", "charged back", "refunded")


class Broken(AssertionError):
    """A property that does not hold, and the command that shows it again."""

    def __init__(self, region: str, seed: int, what: str) -> None:
        super().__init__(f"{what}\nrepeat it with: .venv/bin/python -m tests.posting_checks {region} {seed}")
        self.what = what


def check_seed(region: str, seed: int) -> None:
    """Every property over the whole life of a seed's deal, and for some seeds over another life of it.

    Raises:
        Broken: naming the seed.
    """
    try:
        check_life(random_life(seed, region, "whole"))
        if seed % 10 < len(OTHER_LIVES):
            check_life(random_life(seed, region, OTHER_LIVES[seed % 10]))
    except FAULTS as error:
        raise Broken(region, seed, "".join(traceback.format_exception(error))) from None


def check_life(life: Life) -> None:
    """Post a life step by step; every property that the books must have is checked at each."""
    first = life.steps[0].deal
    net = first.currency == first.base_currency and first.deal_id[-1] in "02468"
    quarterly = first.tax.regime == "inclusive" and first.deal_id[-1] in "147"
    starts = QUARTERS if quarterly else ()
    book = sample_book(life.region, first.base_currency, "net" if net else "gross", starts)
    history = History()
    carried = Carried(TARGETS[int(first.deal_id[-2:]) % len(TARGETS)])
    # Money that comes later changes no figure: what was reckoned for the sale holds until it is amended, and again
    # when it is put back.
    at_first = want = expect(first, net=net)
    for step in life.steps:
        if step.name in ("amended", "restored"):
            want = expect(step.deal, net=net) if step.name == "amended" else at_first
        if step.name != "restored":
            check_valid(step.deal, book, want)
        posted = post(step, book, history)
        for entry in posted.new:
            if entry.reverses is None:  # else it is the exact mirror of one that was checked
                check_entry(entry, posted.deal)
            check_date(entry, step)
        check_kept(posted, history)
        check_figures(posted, want, step)
        check_money(posted)
        check_deposit_tax(posted, want, book)
        check_chargebacks(posted, want)
        check_customer(posted, step)
        carried.add(posted)
        history = History.of(posted.entries)
        if step.name == "restored":
            check_restored(posted.entries)
        elif step.name in ("unwound", "cancelled"):
            check_ended(posted)
    again = post(life.steps[-1], book, history)
    carried.check(posted.entries)
    assert again.new == (), [entry.entry_id for entry in again.new]
    assert again.entries == tuple(posted.entries)


def post(step: Step, book: Book, history: History) -> Posted:
    """The sister of the group, whose car it may have been, has closed its books as we have."""
    locks = Locks(step.closed_through)
    others = {f"{book.legal_entity}-SISTER": OtherBook(locks=locks)}
    return post_deal(step.deal, book=book, history=history, locks=locks, others=others)


def check_valid(deal: Deal, book: Book, want: Expected) -> None:
    """No rule of the deal model refuses it, and it adds up."""
    known = Known(
        legal_entities=frozenset({deal.legal_entity, f"{deal.legal_entity}-SISTER"}),
        locations=frozenset({"MAIN", "BRANCH"}),
        sources=frozenset({"samples"}),
        base_currency=book.currency,
        regime=book.regime,
        vat_period_starts=book.policies.vat_period_starts,
    )
    found = check_deal(deal, known=known)
    found += check_identity(deal, want.total)
    assert not has_errors(found), found


def check_date(entry: Entry, step: Step) -> None:
    """Closed is closed: the first open day, its own date beside it, and a note; else its own date, which is kept."""
    closed = step.closed_through
    if closed is None:
        assert entry.original_date is None, entry.entry_id
        return
    assert entry.accounting_date > closed, entry.entry_id
    if entry.original_date is not None:
        assert entry.original_date <= closed
        assert entry.accounting_date == closed + timedelta(days=1)
        assert closed.isoformat() in entry.note


def check_kept(posted: Posted, history: History) -> None:
    """What is recorded stands as it was; a mirror is the exact mirror of what it takes back."""
    entries = {entry.entry_id: entry for entry in posted.entries}
    assert len(entries) == len(posted.entries)
    assert all(entries[name] == entry for name, entry in history.entries.items())
    for entry in posted.new:
        if entry.reverses is not None:
            check_mirror(entry, entries[entry.reverses])


def main(region: str, seed: int) -> int:
    """Show a seed's life and what is wrong with it."""
    life = random_life(seed, region, "whole")
    for step in life.steps:
        print(f"-- {step.name} on {step.on}, closed through {step.closed_through}")
        print(json.dumps(step.deal.as_json(), indent=1))
    try:
        check_seed(region, seed)
    except Broken as error:
        print(error.what)
        return 1
    print("every property holds")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
