"""What refuses a deal before it is posted: the rules of the deal model, and an account that does not end as stated."""

from __future__ import annotations

from collections.abc import Sequence

from dealbooks.deal import Deal
from dealbooks.deal.rules import Known, check_deal, check_identity, tolerance
from dealbooks.findings import Finding, Severity
from dealbooks.posting.errors import PostingError
from dealbooks.posting.foreign import on_account
from dealbooks.posting.lifecycle import ended
from dealbooks.posting.posted import Posted

_FIX = "Correct the deal at its source, then plan it again."
_NOT_YET = frozenset({"draft", "contracted", "delivered", "funded"})


def refuse_broken(deal: Deal, known: Known) -> None:
    """Refuse a deal that breaks a rule of the deal model; one that ended before it was completed is not posted.

    Raises:
        PostingError: with every rule that it breaks.
    """
    end = ended(deal)
    if end is not None and end.event == "cancelled" and not any(one.event == "completed" for one in deal.lifecycle):
        return
    if end is None and deal.status in ("cancelled", "unwound"):
        raise PostingError(
            deal.deal_id,
            f"its status is {deal.status}, but its lifecycle does not say when that was",
            fix=f"Add the event {deal.status} with its day to the lifecycle of the deal.",
        )
    _refuse(deal, [one for one in check_deal(deal, known=known) if one.severity is Severity.ERROR])


def refuse_unready(deal: Deal, missing: Sequence[str]) -> None:
    """Refuse a deal that is not to be posted yet; `missing` says what its book still waits for.

    Raises:
        PostingError: naming all of it.
    """
    if missing:
        raise PostingError(
            deal.deal_id,
            f"its status is {deal.status}; it is posted when {' and '.join(missing)}",
            fix="Complete the deal at its source, or change post_when of the book.",
        )


def not_completed(deal: Deal) -> tuple[str, ...]:
    """What a deal waits for where no book says otherwise: its completion."""
    return ("the deal is completed",) if deal.status in _NOT_YET else ()


def refuse_unsettled(posted: Posted) -> None:
    """The deal identity: over all entries of a deal that stands, the customer's account ends at `balance_due`, within
    the tolerance of the deal (deal-model.md section 7).

    Raises:
        PostingError: saying what is left on the account, and of what.
    """
    deal = posted.deal
    if ended(deal) is not None:
        return
    left, _ = on_account(posted.entries, "receivable.customer")
    if abs(left - deal.balance_due) <= tolerance(deal):
        return
    told = [one for one in check_identity(deal, posted.invoice.gross_total) if one.severity is Severity.ERROR]
    _refuse(deal, told)
    raise PostingError(
        deal.deal_id,
        f"{left} {deal.currency} are left on the customer's account, and the balance due is {deal.balance_due}",
        fix="Correct what was paid, or the balance due.",
    )


def _refuse(deal: Deal, told: list[Finding]) -> None:
    if not told:
        return
    reasons = [f"{one.message} [{one.code}]" for one in told]
    reason = reasons[0] if len(reasons) == 1 else "".join(f"\n  - {text}" for text in reasons)
    raise PostingError(deal.deal_id, reason, fix=_FIX)
