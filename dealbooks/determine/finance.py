"""The finance contract: who lends, what kind of finance it is, who is invoiced, what the lender owes."""

from __future__ import annotations

from typing import Any, get_args

from dealbooks.deal.fields import FinanceType
from dealbooks.determine.dated import words
from dealbooks.determine.rules import Defaults, LenderRule
from dealbooks.determine.work import Work, by_source
from dealbooks.money import exact

_TYPES = frozenset(get_args(FinanceType))


def fill_finance(work: Work, defaults: Defaults) -> None:
    """Finance and bill-to, when an amount is financed; R002, R011 when lender or kind cannot be told."""
    said = work.said.get("finance") or {}
    finance: dict[str, Any] = work.deal.get("finance") or {}
    stated_amount = finance.get("amount_financed")
    amount = said.get("amount") if stated_amount is None else stated_amount
    if amount is None or exact(amount) == 0:
        if not finance.get("lender"):
            work.deal.pop("finance", None)
        return
    work.deal["finance"] = finance
    work.fill(finance, "finance", "amount_financed", amount, by_source("finance_amount"))
    work.fill(finance, "finance", "reserve", said.get("commission"), by_source("finance_commission"))
    work.fill(finance, "finance", "contract_no", said.get("reference"), by_source("finance_reference"))
    name = str(finance.get("lender") or said.get("company") or "")
    lender = work.rules.lender(name) if name else None
    if lender is None:
        _unknown_lender(work, name)
        return
    work.replace(finance, "finance", "lender", lender.id, lender.why)
    _fill_type(work, defaults, finance, lender, str(said.get("type") or ""))
    work.fill(finance, "finance", "receivable_role", lender.receivable_role, lender.why)
    work.fill(finance, "finance", "reserve_tax_code", lender.reserve_tax_code, lender.why)
    if work.deal.get("bill_to") is None and finance.get("type") in lender.bill_to_for:
        work.deal["bill_to"] = {"id": lender.id, "type": "finance_company", "name": lender.name}
        work.provenance["bill_to"] = lender.why


def _fill_type(work: Work, defaults: Defaults, finance: dict[str, Any], lender: LenderRule, said: str) -> None:
    stated = finance.get("type")
    told = str(stated or said)
    kind = told if told in _TYPES else defaults.finance_types.get(words(told)) if told else None
    if kind is None and not told and len(lender.types) == 1:
        work.fill(finance, "finance", "type", lender.types[0], lender.why)
        return
    if kind is None or kind not in lender.types:
        allowed = " or ".join(one.replace("_", " ") for one in lender.types)
        work.found("R011", "finance.type", told or "nothing", lender=lender.name, allowed=allowed)
        return
    if kind != stated:
        work.replace(finance, "finance", "type", kind, by_source("finance_type") if told == kind else defaults.why)


def _unknown_lender(work: Work, name: str) -> None:
    for rule in work.rulebook.finance.lenders:
        if name and words(name) in (*rule.names, words(rule.id)) and not rule.covers(work.day):
            work.found("R008", "finance.lender", name, section="finance.lenders", date=work.day)
            return
    work.found("R002", "finance.lender", name or "not stated")
