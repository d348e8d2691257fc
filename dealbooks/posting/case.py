"""A worked deal from beginning to end, in the form of a golden case's `expected` (posting-rules.md section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from dealbooks.book import Book, Locks
from dealbooks.deal import Deal, LifecycleEvent
from dealbooks.entries import Entry
from dealbooks.errors import UsageError
from dealbooks.money import amount_text
from dealbooks.posting.arithmetic import ZERO
from dealbooks.posting.lifecycle import ended
from dealbooks.posting.post import post_deal
from dealbooks.posting.posted import History, Posted


def case_expected(
    deal: Deal | Mapping[str, Any],
    amended: Deal | Mapping[str, Any] | None = None,
    scenario: Mapping[str, Any] | None = None,
    book: Book | None = None,
) -> dict[str, Any]:
    """What a case comes to. The first version is posted before the books close; `scenario.closed_through` is the lock
    at the last event of the case: the amendment or the unwind, or the sale itself when there is neither.

    Args:
        deal: the first version.
        amended: the version that stands in the end, if it was amended.
        scenario: of the case; `closed_through` is an ISO date.
        book: by default a book of the deal's own legal entity and currency, without a chart.

    Raises:
        UsageError: when the case cannot be read.
        PostingError: when it cannot be posted.
    """
    first = _read(deal)
    second = None if amended is None else _read(amended)
    last = second or first
    kept = book or Book(name="case", legal_entity=first.legal_entity, currency=first.base_currency, regime="us")
    locks = Locks(_closed_through(scenario or {}))
    unwound = ended(first) or ended(last)

    stages = [first] if second is None else [first, second]
    if unwound is not None and (second is not None or _was_completed(unwound, last)):
        stages = [_before_end(stage) for stage in stages]
        stages.append(last if ended(last) else last.model_copy(update={"lifecycle": first.lifecycle}))
    history = History()
    posted: list[Posted] = []
    for stage in stages:
        lock = locks if stage is stages[-1] else Locks()
        posted.append(post_deal(stage, book=kept, history=history, locks=lock))
        history = History.of(posted[-1].entries)

    data = posted[-1].as_expected()
    if second is not None:
        data["superseded"] = {"version": first.deal_version, **posted[0].figures_as_json()}
        data["delta_if_target_posts_net_journal"] = _delta(posted[1].entries, first, second)
    return data


def _read(deal: Deal | Mapping[str, Any]) -> Deal:
    if isinstance(deal, Deal):
        return deal
    try:
        return Deal.model_validate(deal)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise UsageError(f"The deal cannot be read: {where}: {wrong['msg']}", fix="Correct that field.") from error


def _closed_through(scenario: Mapping[str, Any]) -> date | None:
    closed = scenario.get("closed_through")
    if closed is None or isinstance(closed, date):
        return closed
    try:
        return date.fromisoformat(closed)
    except (TypeError, ValueError) as error:
        raise UsageError(f"scenario.closed_through is not a date: {closed}", fix="Write it as 2026-02-28.") from error


def _was_completed(end: LifecycleEvent, deal: Deal) -> bool:
    """An unwound deal was posted before; a cancelled one only when it was completed first."""
    return end.event == "unwound" or any(event.event == "completed" for event in deal.lifecycle)


def _before_end(deal: Deal) -> Deal:
    """The deal before it was unwound or cancelled, and before money went back."""
    kept = tuple(event for event in deal.lifecycle if event.event == "completed")
    return deal.model_copy(update={"lifecycle": kept, "refunds": ()})


def _delta(entries: tuple[Entry, ...], first: Deal, second: Deal) -> dict[str, str]:
    """The new version less the old one, by role: for a ledger that takes one net journal."""
    wanted = {f"reversal-v{first.deal_version}", f"sale-v{second.deal_version}"}
    sums: dict[str, Decimal] = {}
    for entry in entries:
        if entry.entry_id in wanted:
            for line in entry.lines:
                sums[line.role] = sums.get(line.role, ZERO) + line.amount.amount
    return {role: amount_text(amount, second.currency) for role, amount in sorted(sums.items()) if amount}
