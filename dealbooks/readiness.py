"""When a deal may be posted: the book's `post_when`, read against the deal. Pure."""

from __future__ import annotations

from dealbooks.config import Condition, PostWhen
from dealbooks.deal import Deal

_WORDS: dict[Condition, str] = {
    "completed": "the deal is completed",
    "delivered": "the car is delivered",
    "paid_in_full": "the customer has paid in full",
}


def missing_for(deal: Deal, post_when: PostWhen) -> list[str]:
    """What is still missing before this deal may be posted, in words; empty when it is ready."""
    missing = [_WORDS[name] for name in post_when.all if not _holds(deal, name)]
    if post_when.any and not any(_holds(deal, name) for name in post_when.any):
        missing.append(" or ".join(_WORDS[name] for name in post_when.any))
    return missing


def _holds(deal: Deal, condition: Condition) -> bool:
    if condition == "completed":
        return deal.status in ("completed", "posted", "amended", "unwound")
    if condition == "delivered":
        return deal.dates.delivery is not None
    return deal.balance_due == 0
