"""Commission plans: which plan, on what terms, for whom."""

from __future__ import annotations

from typing import Any

from dealbooks.determine.rules import CommissionSettings, PlanRule
from dealbooks.determine.work import Work, by_source

# Role -> columns of the person's id and name, and of the amount that the source worked out.
COLUMNS = {
    "sales": ("salesperson_id", "salesperson_name", "commission_amount"),
    "finance": ("fi_manager_id", "fi_manager_name", "fi_commission_amount"),
    "manager": ("manager_id", "manager_name", "manager_commission_amount"),
}
_TERMS = ("rate", "minimum", "maximum", "flat")


def fill_commissions(work: Work) -> None:
    """A plan for each role that earns on this sale, with its people; R010, R029."""
    settings, deal = work.rules.commission, work.deal
    if settings is None:
        work.found("R008", "commission_plans", "commissions", section="commissions.settings", date=work.day)
        return
    department = str(deal.get("department") or "")
    if department in settings.fees_in_front:
        work.fill(deal, "", "include_fees_in_front", True, settings.why)
    if settings.chargeback_reserve_rate is not None and deal.get("chargeback_reserve") is None:
        deal["chargeback_reserve"] = {"rate": settings.chargeback_reserve_rate}
        work.provenance["chargeback_reserve"] = settings.why
    if not department:
        return
    plans: list[dict[str, Any]] = deal.get("commission_plans") or []
    stated = {plan.get("role") for plan in plans}
    for index, plan in enumerate(plans):
        rule = work.rules.plan(str(plan.get("role") or ""), department)
        if rule is not None and plan.get("plan_id") in (None, rule.plan_id):
            _fill_terms(work, f"commission_plans[{index}]", plan, rule)
    for role in COLUMNS:
        if role not in stated:
            _add_plan(work, plans, role, department, settings)
    if plans:
        deal["commission_plans"] = plans


def _fill_terms(work: Work, path: str, plan: dict[str, Any], rule: PlanRule) -> None:
    work.fill(plan, path, "plan_id", rule.plan_id, rule.why)
    if plan.get("base") not in (None, rule.base):
        return
    work.fill(plan, path, "base", rule.base, rule.why)
    for term in _TERMS:
        work.fill(plan, path, term, getattr(rule, term), rule.why)
    if rule.base != "flat":
        work.fill(plan, path, "pack", rule.pack, rule.why)


def _add_plan(
    work: Work, plans: list[dict[str, Any]], role: str, department: str, settings: CommissionSettings
) -> None:
    id_column, name_column, amount_column = COLUMNS[role]
    person_id, name = work.said.get(id_column), work.said.get(name_column)
    amount = work.said.get(amount_column)
    rule = work.rules.plan(role, department)
    if rule is None or not rule.holds_for(str(work.deal.get("sale_class") or "")):
        if role in work.rules.roles and (person_id or name or amount):
            work.found("R029", "commission_plans", department, role=role, date=work.day)
        return
    if not (person_id or name):
        financed = (work.deal.get("finance") or {}).get("amount_financed") is not None
        if rule.when == "person" or (rule.when == "financed" and not financed):
            return
    path = f"commission_plans[{len(plans)}]"
    plan: dict[str, Any] = {"role": role}
    work.provenance[path] = rule.why
    if amount is not None and settings.stated_amount == "pay_stated":
        plan |= {"plan_id": rule.plan_id, "base": "flat", "flat": amount}
        work.provenance[f"{path}.flat"] = by_source(amount_column)
    else:
        _fill_terms(work, path, plan, rule)
    plan["splits"] = [_person(work, f"{path}.splits[0]", settings, rule, person_id, name, id_column)]
    plans.append(plan)


def _person(
    work: Work,
    path: str,
    settings: CommissionSettings,
    rule: PlanRule,
    person_id: object,
    name: object,
    column: str,
) -> dict[str, Any]:
    for told in (person_id, name):
        known = work.rules.person(str(told)) if told else None
        if known is not None:
            work.provenance[path] = known.why
            split = {"person": known.person, "share": "1"}
            if known.location is not None and known.location != work.deal.get("location"):
                split["location"] = known.location
            return split
    if person_id and settings.unlisted_person == "keep":
        work.provenance[path] = by_source(column)
        return {"person": str(person_id), "share": "1"}
    stated = f" (the source says '{person_id or name}')" if person_id or name else ""
    work.found("R010", path, stated, role=rule.role, plan=rule.plan_id, house=settings.house_account)
    work.provenance[path] = settings.why
    return {"person": settings.house_account, "share": "1"}
