"""Rules of the commission plans of a deal (deal model, section 8)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dealbooks.catalogue import found
from dealbooks.deal.model import Deal
from dealbooks.deal.rules.amounts import text
from dealbooks.deal.rules.known import Known
from dealbooks.deal.rules.money import repeated
from dealbooks.findings import Finding

_WITH_COMMISSION = frozenset({"retail", "lease"})


def check_commission(deal: Deal, known: Known) -> Iterator[Finding]:
    """Plans are complete, and their shares are the whole."""
    if not deal.commission_plans and deal.deal_type in _WITH_COMMISSION and deal.sale_class != "wholesale":
        yield found("D111", "commission_plans")
    for plan_id in repeated(plan.plan_id for plan in deal.commission_plans):
        yield found("D115", "commission_plans", plan_id)
    for index, plan in enumerate(deal.commission_plans):
        path = f"commission_plans[{index}]"
        if not plan.splits:
            yield found("D112", f"{path}.splits", plan.plan_id)
        elif (whole := sum((split.share for split in plan.splits), Decimal(0))) != 1:
            yield found("D110", f"{path}.splits", text(whole), plan=plan.plan_id)
        for number, split in enumerate(plan.splits):
            if split.share < 0:
                share = f"{path}.splits[{number}].share"
                yield found("D118", share, text(split.share), person=split.person, plan=plan.plan_id)
        if plan.base == "flat" and plan.flat is None:
            yield found("D113", f"{path}.flat", plan.plan_id, needs="its flat amount")
        if plan.base != "flat" and plan.rate is None:
            yield found("D113", f"{path}.rate", plan.plan_id, needs="its rate")
        if plan.minimum is not None and plan.maximum is not None and plan.minimum > plan.maximum:
            yield found("D114", f"{path}.minimum", text(plan.minimum), plan=plan.plan_id, maximum=text(plan.maximum))
