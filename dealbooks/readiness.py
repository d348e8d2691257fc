"""When a deal may be posted, and on which day it is booked: the book's `post_when`, read against the deal and against
what matched events told of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from dealbooks.config import Condition, PostWhen
from dealbooks.deal import Deal
from dealbooks.deal.rules.amounts import tolerance

_WORDS: dict[Condition, str] = {
    "completed": "the deal is completed",
    "invoiced": "it is invoiced",
    "signed": "the customer has signed",
    "paid_in_full": "the customer has paid in full",
    "delivered": "the car is delivered",
}
# A car that is ordered from its maker is signed for months before it is sold.
_LONGEST_BEFORE = timedelta(days=400)
# References of a deal in which its source says the day, where it knows it.
_RECORDED: dict[Condition, str] = {"signed": "signed_on", "invoiced": "invoiced_on"}


@dataclass(frozen=True, slots=True)
class Told:
    """What matched events told of a deal: the day of the newest signature and of the newest invoice, as the dealer's
    calendar has it; None: nothing."""

    signed: date | None = None
    invoiced: date | None = None


NOTHING_TOLD = Told()


def missing_for(deal: Deal, post_when: PostWhen, told: Told = NOTHING_TOLD, *, today: date) -> list[str]:
    """What is still missing before this deal may be posted, in words; empty when it is ready. `deal` is with the money
    that came for it, `today` the business date where it is. One that was taken back waits for nothing but that its
    source calls it complete."""
    if is_ended(deal):
        complete = "completed" not in post_when.all or _holds(deal, "completed", told, today)
        return [] if complete else [_WORDS["completed"]]
    missing = [_WORDS[name] for name in post_when.all if not _holds(deal, name, told, today)]
    if post_when.any and not any(_holds(deal, name, told, today) for name in post_when.any):
        missing.append(" or ".join(_WORDS[name] for name in post_when.any))
    return missing


def cannot_be(day: date, deal: Deal, *, today: date, post_from: date | None = None) -> bool:
    """Whether a sale is not to be booked on a day that was told: it is still to come, long before the day that the deal
    states, or before go-live where the stated day is not. Tomorrow may be today at another place."""
    stated = deal.sold_on or today
    early = post_from is not None and day < post_from <= stated
    return early or not stated - _LONGEST_BEFORE <= day <= today + timedelta(days=1)


def booked_on(deal: Deal, post_when: PostWhen, told: Told = NOTHING_TOLD, *, today: date) -> date | None:
    """The day that `post_when.date` asks for, for a deal that is ready; None: as the deal states it."""
    if post_when.date == "stated":
        return None
    if post_when.date == "delivery":
        return deal.dates.delivery
    if post_when.date == "ready":
        return _ready_on(deal, post_when, told, today)
    return _day(deal, post_when.date, told)


def _ready_on(deal: Deal, post_when: PostWhen, told: Told, today: date) -> date | None:
    """The day on which the last of `all` came to hold, and the first of `any`, as far as their days are known."""
    days = [day for name in post_when.all if (day := _day(deal, name, told)) is not None]
    held = [name for name in post_when.any if _holds(deal, name, told, today)]
    either = [day for name in held if (day := _day(deal, name, told)) is not None]
    return max([*days, *([min(either)] if either else [])], default=None)


def _holds(deal: Deal, condition: Condition, told: Told, today: date) -> bool:
    if condition == "completed":
        return deal.status in ("completed", "posted", "amended", "unwound")
    if condition == "delivered":
        return deal.dates.delivery is not None and deal.dates.delivery <= today
    if condition == "paid_in_full":
        return deal.balance_due <= tolerance(deal)
    return _day(deal, condition, told) is not None


def _day(deal: Deal, condition: Condition, told: Told) -> date | None:
    """The day since which a condition holds, where it is known."""
    if condition == "completed":
        ends = [event.at for event in deal.lifecycle if event.event == "completed"]
        return max(ends, default=deal.sold_on)
    if condition == "delivered":
        return deal.dates.delivery
    if condition == "paid_in_full":
        return max([*(part.date for part in deal.deposits), *(part.date for part in deal.payments)], default=None)
    newest = told.signed if condition == "signed" else told.invoiced
    return newest or _recorded(deal, condition)


def _recorded(deal: Deal, condition: Condition) -> date | None:
    """The day that the deal's record states under `references`; a text that is no date states none."""
    text = deal.references.get(_RECORDED[condition], "").strip()[:10]
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def is_ended(deal: Deal) -> bool:
    """Whether the sale was taken back."""
    return any(event.event in ("unwound", "cancelled") for event in deal.lifecycle)
