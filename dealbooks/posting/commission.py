"""Parts `commission` and `chargeback_reserve`: what is earned by people, and set aside (deal-model.md section 8)."""

from __future__ import annotations

from decimal import Decimal

from dealbooks.deal import CommissionPlan, Deal
from dealbooks.posting.arithmetic import ONE, ZERO, cut, split, total
from dealbooks.posting.errors import PostingError
from dealbooks.posting.figures import CommissionShare
from dealbooks.posting.sheet import Sheet

# Where nobody is named, the commission is accrued to the house (deal-model.md section 8).
HOUSE = "HOUSE"


def plan_amount(deal: Deal, plan: CommissionPlan, front: Decimal, back: Decimal) -> Decimal:
    """What a plan pays: (basis - pack) x rate, raised to the minimum, cut to the maximum, rounded half up, never
    below nil; a flat plan pays its amount. In base currency.

    Raises:
        PostingError: when the plan lacks its rate or its amount.
    """
    if plan.base == "flat":
        amount = plan.flat
    else:
        basis = {"front": front, "back": back, "total": front + back}[plan.base]
        amount = None if plan.rate is None else (basis - plan.pack) * plan.rate
    if amount is None:
        missing = "amount" if plan.base == "flat" else "rate"
        raise PostingError(
            deal.deal_id, f"commission plan {plan.plan_id} has no {missing}", fix=f"State the {missing} of the plan."
        )
    if plan.minimum is not None:
        amount = max(amount, plan.minimum)
    if plan.maximum is not None:
        amount = min(amount, plan.maximum)
    return cut(max(amount, ZERO), deal.base_currency)


def commissions_of(deal: Deal, front: Decimal, back: Decimal) -> tuple[CommissionShare, ...]:
    """Every person's commission: the plan's amount is rounded once, then split to the unit."""
    found: list[CommissionShare] = []
    for plan in deal.commission_plans:
        amount = plan_amount(deal, plan, front, back)
        if not plan.splits:
            found.append(CommissionShare(plan, HOUSE, None, amount))
            continue
        shares = [person.share for person in plan.splits]
        if total(shares) != ONE or min(shares) < 0:
            raise PostingError(
                deal.deal_id,
                f"the shares of commission plan {plan.plan_id} add up to {total(shares)}, not to 1",
                fix="Correct the shares of the plan.",
            )
        for person, part in zip(plan.splits, split(amount, shares, deal.base_currency), strict=True):
            found.append(CommissionShare(plan, person.person, person.location, part))
    return tuple(found)


def chargeback_provision(deal: Deal, back: Decimal) -> Decimal:
    """Provision at sale for F&I income that will be given back: rate x back gross, nothing on a loss."""
    policy = deal.chargeback_reserve
    return ZERO if policy is None else cut(max(back, ZERO) * policy.rate, deal.base_currency)


def write_chargeback_reserve(sheet: Sheet, provision: Decimal) -> None:
    """Set the provision aside."""
    sheet.debit("chargeback_reserve", "income.chargebacks", provision)
    sheet.credit("chargeback_reserve", "liability.chargeback_reserve", provision)


def write_commissions(sheet: Sheet, commissions: tuple[CommissionShare, ...]) -> None:
    """Accrue with the sale; a share of another location is booked there (G23)."""
    for share in commissions:
        person = (("person", share.person),)
        sheet.debit("commission", f"expense.commission_{share.plan.role}", share.amount, person, at=share.location)
        sheet.credit("commission", "payable.commission", share.amount, person, at=share.location)
