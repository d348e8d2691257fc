"""From deals to their new postings: what a deal comes to, under which keys, in the calls of which ledger. Reads and
writes nothing of the store.

Each step is taken for all deals before the next, as in `judge_records`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dealbooks.book import Locks, OtherBook
from dealbooks.deal import Deal, Deposit, Payment
from dealbooks.entries import Entry
from dealbooks.errors import ConfigError
from dealbooks.house import House
from dealbooks.ledger import Posting
from dealbooks.outbox import Planned
from dealbooks.pipeline.facts_laid import with_facts
from dealbooks.pipeline.history import SUMMED
from dealbooks.pipeline.periods import locks as locks_of
from dealbooks.pipeline.postings import postings_of
from dealbooks.pipeline.work import Work, was_sent
from dealbooks.posting import History, Posted, PostingError, post_deal
from dealbooks.posting.arithmetic import ZERO
from dealbooks.posting.lifecycle import posted_versions

# A new version of a sale goes out only when the old one is taken back.
_TAKES_BACK = frozenset({"reversal", "reversal-cost", "unwind", "unwind-cost"})
_SELLS = frozenset({"sale", "cost"})


@dataclass(slots=True)
class Plan:
    """One deal on its way to new postings. `gone` are ids of entries that they supersede because no byte of them has
    left, `names` what those are called."""

    item: Work
    gone: set[str]
    names: set[str]
    posted: Posted | None = None
    postings: list[Posting] = field(default_factory=list)
    new: list[Planned] = field(default_factory=list)


def plan_deals(house: House, book: str, chunk: Sequence[Work], lock: Locks) -> tuple[list[Plan], list[tuple[str, str]]]:
    """The new postings of some deals, and what cannot be posted: deal number and reason."""
    plans: list[Plan] = []
    for item in chunk:
        gone = _unsent_entries(item) if item.version is not None else set()
        plans.append(Plan(item, gone, {row["entry_id"] for row in item.entry_rows if row["id"] in gone}))
    unfit: list[tuple[str, str]] = []
    post = partial(_post, house, book, lock)
    for step in (post, partial(_name, house, book), partial(_translate, house)):
        going: list[Plan] = []
        for plan in plans:
            try:
                step(plan)
            except (PostingError, ConfigError) as error:
                unfit.append((plan.item.deal["deal_number"], error.message))
            else:
                going.append(plan)
        plans = going
    return plans, unfit


def _post(house: House, book: str, lock: Locks, plan: Plan) -> None:
    """What the deal comes to in the books, beside what is recorded of it."""
    item = plan.item
    recorded = {name: entry for name, entry in item.recorded.items() if name not in plan.names}
    money = item.money(plan.names)
    if money.doubled:
        raise PostingError(item.canonical.deal_id, money.doubled)
    deal = _with_receipts_gone(with_facts(money.deal, item.facts), recorded)
    if unwinds(deal) and not posted_versions(recorded):
        deal = _cancelled(deal)
    history = History(entries=recorded, elsewhere=money.elsewhere)
    plan.posted = post_deal(
        deal, book=house.book(book), history=history, locks=lock, others=_other_books(house, book, deal)
    )


def _name(house: House, book: str, plan: Plan) -> None:
    """The new entries under their keys."""
    if plan.posted is not None:
        plan.postings = postings_of(house, book, plan.item, plan.posted, plan.posted.new, without=plan.names)


def _translate(house: House, plan: Plan) -> None:
    """The postings as the calls of their ledgers."""
    takes_back = tuple(one.key for one in plan.postings if one.key.purpose in _TAKES_BACK)
    plan.new = [
        Planned(one, house.ledger(one.key.book).effects(one), takes_back if one.key.purpose in _SELLS else ())
        for one in plan.postings
    ]


def _other_books(house: House, book: str, deal: Deal) -> dict[str, OtherBook]:
    """The book of the legal entity that a car came from, with its own locks."""
    moved = deal.group_transfer
    if moved is None or moved.from_entity == house.book(book).legal_entity:
        return {}
    name = house.book_of_entity(moved.from_entity)
    return {moved.from_entity: OtherBook(house.book(name), locks_of(house, name))}


def _with_receipts_gone(deal: Deal, recorded: Mapping[str, Entry]) -> Deal:
    """A file that states only sums by method says that money did not come by a method by leaving it out: the receipt
    that is recorded becomes one of nothing, so that the difference is booked back."""
    there = {part.receipt_id for part in deal.deposits} | {part.receipt_id for part in deal.payments}
    gone = sorted(name for name in SUMMED if name not in there and f"receipt-{name}" in recorded)
    deposits, payments = list(deal.deposits), list(deal.payments)
    for name in gone:
        entry = recorded[f"receipt-{name}"]
        method = next(line.dimensions["method"] for line in entry.lines if line.role.startswith("cash."))
        day = entry.original_date or entry.accounting_date
        values: dict[str, Any] = {"receipt_id": name, "amount": ZERO, "date": day, "method": method}
        if entry.event == "deposit.received":
            deposits.append(Deposit.model_construct(**values))
        else:
            payments.append(Payment.model_construct(**values))
    return deal.model_copy(update={"deposits": tuple(deposits), "payments": tuple(payments)}) if gone else deal


def _cancelled(deal: Deal) -> Deal:
    """Taken back before its sale was ever sent: there is nothing to mirror, only money that came."""
    events = tuple(
        event.model_copy(update={"event": "cancelled"}) if event.event == "unwound" else event
        for event in deal.lifecycle
    )
    return deal.model_copy(update={"lifecycle": events})


def _unsent_entries(item: Work) -> set[str]:
    """Entries of a version of which the ledger has nothing: never sent, or refused for good. With them goes money that
    waits for them (a payment for its invoice, a receipt that a sales receipt carries): it is planned again, for the
    sale as it is now."""
    versioned = [row for row in item.effect_rows if row["version"] > 0]
    gone = {row["entry"] for row in versioned} - {row["entry"] for row in versioned if was_sent(row)}
    lost = {row["id"] for row in versioned if row["entry"] in gone}
    money = [row for row in item.effect_rows if row["version"] == 0]
    waiting = {row["entry"] for row in money if not lost.isdisjoint(json.loads(row["waits_for"]).values())}
    begun = {row["entry"] for row in money if was_sent(row) and not row["name"].startswith("customer")}
    return gone | (waiting - begun)


def unwinds(deal: Deal) -> bool:
    """Whether its sale was taken back."""
    return any(event.event == "unwound" for event in deal.lifecycle)
