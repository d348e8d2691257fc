"""A worked deal from beginning to end, in the form of a golden case's `expected` (posting-rules.md section 9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from dealbooks.book import Book, Locks, OtherBook, Policies
from dealbooks.deal import Deal, LifecycleEvent
from dealbooks.deal.rules import Known, structure_findings
from dealbooks.deal.rules.known import NOTHING_KNOWN
from dealbooks.entries import Entry
from dealbooks.errors import UsageError
from dealbooks.findings import Finding
from dealbooks.money import amount_text
from dealbooks.posting.arithmetic import ZERO
from dealbooks.posting.errors import PostingError
from dealbooks.posting.lifecycle import ended
from dealbooks.posting.post import NO_OTHERS, post_deal
from dealbooks.posting.posted import History, Posted
from dealbooks.posting.refusal import not_completed, refuse_broken, refuse_unready, refuse_unsettled

_SCENARIO = ("closed_through", "policies")
_WHY = {"model_type": "it is not a group of fields", "extra_forbidden": "there is no such policy"}
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Worked:
    """A deal as it was posted, version by version; the last is how it stands. `first` is set when it was amended."""

    posted: Posted
    first: Posted | None = None
    amended: Posted | None = None

    def as_expected(self) -> dict[str, Any]:
        """The form of a golden case's `expected`, with `unwind_incomplete` when an unwind leaves something open."""
        data = self.posted.as_expected()
        if self.first is not None and self.amended is not None:
            old = self.first.deal
            data["superseded"] = {"version": old.deal_version, **self.first.figures_as_json()}
            data["delta_if_target_posts_net_journal"] = _delta(self.amended.entries, old, self.amended.deal)
        if self.posted.open_items:
            data["unwind_incomplete"] = list(self.posted.open_items)
        return data


def case_expected(
    deal: Deal | Mapping[str, Any],
    amended: Deal | Mapping[str, Any] | None = None,
    scenario: Mapping[str, Any] | None = None,
    book: Book | None = None,
) -> dict[str, Any]:
    """What a case comes to: see `work_case`."""
    return work_case(deal, amended, scenario, book).as_expected()


def work_case(
    deal: Deal | Mapping[str, Any],
    amended: Deal | Mapping[str, Any] | None = None,
    scenario: Mapping[str, Any] | None = None,
    book: Book | None = None,
) -> Worked:
    """Work a case. What happened before its last event was posted before the books closed: `scenario.closed_through`
    is the lock at that event, which is the amendment or the unwind, or the sale itself when there is neither.

    Args:
        deal: the first version.
        amended: the version that stands in the end, if it was amended.
        scenario: of the case. `closed_through` is an ISO date, or one by legal entity where a car came from another;
            `policies` are those of the book, as in its settings.
        book: by default a book of the deal's own legal entity and currency, without a chart.

    Raises:
        UsageError: when the case cannot be read.
        PostingError: when a rule refuses it, or it cannot be posted.
    """
    first = read_deal(deal)
    second = None if amended is None else read_deal(amended, "deal_amended")
    if second is not None:
        _refuse_other_deal(first, second)
    last = second or first
    told = _told(scenario)
    kept = book or Book("case", first.legal_entity, first.base_currency, "us", policies=_policies(told))
    locks, others = _locks(told, last)
    unwound = ended(first) or ended(last)

    stages = [first] if second is None else [first, second]
    for version in stages:
        refuse_unready(version, not_completed(version))
        refuse_broken(version, NOTHING_KNOWN)
    if unwound is not None and (second is not None or _was_completed(unwound, last)):
        stages = [_before_end(stage) for stage in stages]
        stages.append(last if ended(last) else last.model_copy(update={"lifecycle": first.lifecycle}))
    history = _facts_before(stages[0], kept) if len(stages) == 1 and locks.closed_through else History()
    posted: list[Posted] = []
    for stage in stages:
        at_last = stage is stages[-1]
        posted.append(
            post_deal(
                stage,
                book=kept,
                history=history,
                locks=locks if at_last else Locks(),
                others=others if at_last else NO_OTHERS,
            )
        )
        history = History.of(posted[-1].entries)
    refuse_unsettled(posted[-1])
    return Worked(posted[-1]) if second is None else Worked(posted[-1], posted[0], posted[1])


def work_deal(
    deal: Deal | Mapping[str, Any],
    book: Book,
    *,
    known: Known = NOTHING_KNOWN,
    missing: Callable[[Deal], Sequence[str]] = not_completed,
    locks: Locks | None = None,
    others: Mapping[str, OtherBook] = NO_OTHERS,
) -> Worked:
    """Work one deal as it would be posted to its book now, nothing of it recorded before. `known` and `missing` are
    what the settings of the book say of locations and the like, and of what a deal waits for.

    Raises:
        UsageError: when the deal cannot be read.
        PostingError: when a rule refuses it, or it cannot be posted.
    """
    read = read_deal(deal)
    if ended(read) is None:
        refuse_unready(read, missing(read))
    refuse_broken(read, known)
    history, end = History(), ended(read)
    if end is not None and _was_completed(end, read):
        history = History.of(post_deal(_before_end(read), book=book, others=others).entries)
    posted = post_deal(read, book=book, history=history, locks=locks, others=others)
    refuse_unsettled(posted)
    return Worked(posted)


def read_deal(deal: object, name: str = "The deal") -> Deal:
    """The canonical deal of some JSON; `name` is what errors call it.

    Raises:
        UsageError: naming the fields that cannot be read, and why.
    """
    if isinstance(deal, Deal):
        return deal
    if not isinstance(deal, Mapping):
        raise UsageError(
            f"{name} cannot be read: it is not a group of fields.", fix="Write it as the deal of a worked case is."
        )
    if not deal:
        raise UsageError(f"{name} cannot be read: it is empty.", fix="Fill it in, or leave it out.")
    try:
        return Deal.model_validate(deal)
    except ValidationError as error:
        wrong = "; ".join(_reason(one) for one in structure_findings(error))
        raise UsageError(f"{name} cannot be read: {wrong}", fix="Correct these fields of the deal.") from error


def _reason(found: Finding) -> str:
    """Nobody maps the fields of a deal that is given as it is."""
    if found.code == "D004":
        return f"{found.field} is not a field of a deal (is the name misspelt?)"
    if found.code == "D002" and "plain number" in found.message and _NUMBER.fullmatch(found.value):
        return f"{found.field} is {found.value}: it has more digits than a sum of money can have"
    return found.message


def _refuse_other_deal(first: Deal, second: Deal) -> None:
    """An amendment is a later version of the same deal (deal-model.md section 1)."""
    for what, was, now in (
        ("deal_id", first.deal_id, second.deal_id),
        ("source_system", first.source_system, second.source_system),
        ("legal_entity", first.legal_entity, second.legal_entity),
    ):
        if was != now:
            raise PostingError(
                first.deal_id,
                f"deal_amended is another deal: its {what} is {now}, and that of the deal is {was}",
                fix="Amend the same deal; another deal is a case of its own.",
            )
    if second.deal_version <= first.deal_version:
        raise PostingError(
            first.deal_id,
            f"deal_amended is version {second.deal_version}, and the deal before it version {first.deal_version}",
            fix="Give each amendment a higher deal_version than the version that it replaces.",
        )


def _told(scenario: object) -> Mapping[str, Any]:
    if scenario is None:
        return {}
    if not isinstance(scenario, Mapping):
        raise UsageError("scenario is not a group of fields.", fix=f"Its fields are {' and '.join(_SCENARIO)}.")
    unknown = ", ".join(sorted(str(name) for name in scenario if name not in _SCENARIO))
    if unknown:
        raise UsageError(f"A scenario has no {unknown}.", fix=f"Its fields are {' and '.join(_SCENARIO)}.")
    return scenario


def _policies(scenario: Mapping[str, Any]) -> Policies:
    try:
        return Policies.model_validate(scenario.get("policies") or {})
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        where = ".".join(["scenario.policies", *(str(part) for part in wrong["loc"])])
        why = _WHY.get(wrong["type"], wrong["msg"])
        raise UsageError(f"{where} cannot be read: {why}.", fix="Write it as in dealbooks.yaml.") from error


def _locks(scenario: Mapping[str, Any], deal: Deal) -> tuple[Locks, Mapping[str, OtherBook]]:
    closed = scenario.get("closed_through")
    if not isinstance(closed, Mapping):
        return Locks(_day(closed)), NO_OTHERS
    locks = {entity: Locks(_day(day)) for entity, day in closed.items()}
    others = {entity: OtherBook(locks=lock) for entity, lock in locks.items() if entity != deal.legal_entity}
    return locks.get(deal.legal_entity, Locks()), others


def _day(closed: object) -> date | None:
    if closed is None:
        return None
    try:
        day = closed if isinstance(closed, date) else date.fromisoformat(closed if isinstance(closed, str) else "")
    except ValueError as error:
        told = f": {closed}" if isinstance(closed, (str, int)) else ""
        raise UsageError(f"scenario.closed_through is not a date{told}.", fix="Write it as 2026-02-28.") from error
    if day.year == date.max.year:
        raise UsageError(f"scenario.closed_through is {day}: no day comes after it.", fix="Write it as 2026-02-28.")
    return day


def _facts_before(deal: Deal, book: Book) -> History:
    """A sale that comes late: what is a fact of its own, such as money that was taken, was booked on its own day. What
    belongs into another entity's book follows that book's lock."""
    ours = [one for one in post_deal(deal, book=book).entries if one.legal_entity == deal.legal_entity]
    return History.of([one for one in ours if one.event not in ("sale.posted", "sale.cost_posted")])


def _was_completed(end: LifecycleEvent, deal: Deal) -> bool:
    """An unwound deal was posted before; a cancelled one only when it was completed first."""
    return end.event == "unwound" or any(event.event == "completed" for event in deal.lifecycle)


def _before_end(deal: Deal) -> Deal:
    """The deal before it was unwound or cancelled, and before money went back."""
    kept = tuple(event for event in deal.lifecycle if event.event == "completed")
    end = ended(deal)
    charged = tuple(one for one in deal.chargebacks if end is None or one.date < end.at)
    return deal.model_copy(update={"lifecycle": kept, "refunds": (), "chargebacks": charged})


def _delta(entries: Sequence[Entry], first: Deal, second: Deal) -> dict[str, str]:
    """The new version less the old one, by role: for a ledger that takes one net journal."""
    wanted = {f"reversal-v{first.deal_version}", f"sale-v{second.deal_version}"}
    sums: dict[str, Decimal] = {}
    for entry in entries:
        if entry.entry_id in wanted:
            for line in entry.lines:
                sums[line.role] = sums.get(line.role, ZERO) + line.amount.amount
    return {role: amount_text(amount, second.currency) for role, amount in sorted(sums.items()) if amount}
