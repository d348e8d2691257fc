"""What the source worked out itself, tax and commission, compared with ours once the deal has been posted on paper."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dealbooks.deal import Deal
from dealbooks.deal.rules import tolerance
from dealbooks.determine.commission import COLUMNS
from dealbooks.determine.rulebook import Rulebook
from dealbooks.determine.rules import PlanRule
from dealbooks.determine.work import finding
from dealbooks.findings import Finding
from dealbooks.money import exact, round_amount
from dealbooks.posting.posted import Posted

_MARGIN_ROLE = "tax.margin"


def compare_tax_total(deal: Deal, said: Mapping[str, Any], posted: Posted) -> list[Finding]:
    """The source's tax total against ours: R026 beyond the deal's tolerance.

    Tax inside a margin is not shown on an invoice; some sources count it and some do not, so either total agrees.
    """
    if said.get("tax_total") is None:
        return []
    stated = exact(said["tax_total"])
    shown = sum((row.amount for row in posted.taxes if row.shown), Decimal(0))
    inside = sum((row.amount for row in posted.taxes if row.role == _MARGIN_ROLE), Decimal(0))
    expected = min((shown, shown + inside), key=lambda ours: abs(ours - stated))
    if abs(stated - expected) <= tolerance(deal):
        return []
    return [finding("R026", "tax_total", stated, expected=expected, difference=stated - expected)]


def commission_by_plan(plan: PlanRule, *, front: Decimal, back: Decimal, currency: str) -> Decimal:
    """What a plan gives on a front and back gross (deal-model.md section 8)."""
    if plan.base == "flat":
        return plan.flat or Decimal(0)
    basis = {"front": front, "back": back, "total": front + back}[plan.base]
    amount = (basis - plan.pack) * (plan.rate or Decimal(0))
    if plan.minimum is not None:
        amount = max(amount, plan.minimum)
    if plan.maximum is not None:
        amount = min(amount, plan.maximum)
    return max(round_amount(amount, currency), Decimal(0))


def compare_commissions(deal: Deal, said: Mapping[str, Any], posted: Posted, *, rulebook: Rulebook) -> list[Finding]:
    """The commissions that the source states against the plans in force: R027 beyond the deal's tolerance."""
    dates, gross = deal.dates, posted.metrics
    rules, findings = rulebook.on(dates.delivery or deal.accounting_date), []
    for role, (_, _, column) in COLUMNS.items():
        plan = rules.plan(role, deal.department)
        if said.get(column) is None or plan is None or not plan.holds_for(deal.sale_class):
            continue
        stated = exact(said[column])
        expected = commission_by_plan(plan, front=gross.front_gross, back=gross.back_gross, currency=gross.currency)
        if abs(stated - expected) > tolerance(deal):
            words = {"role": role, "plan": plan.plan_id, "expected": expected, "difference": stated - expected}
            findings.append(finding("R027", column, stated, **words))
    return findings
