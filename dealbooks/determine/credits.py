"""What a trade-in does to the taxes added on top: how far each tax credits it, and the tax that its seller charges.

The deal carries one credit a component, for all its trade-ins (deal-model.md section 5); a rule may depend on the tax
status of each trade-in's seller, and may let only some cars count. Where the two do not fit, a finding says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dealbooks.determine.tax_rules import TradeInCreditRule
from dealbooks.determine.work import Work
from dealbooks.money import exact, minor_unit, round_amount

_Rules = Mapping[str, TradeInCreditRule]


def fill_trade_in_credits(work: Work) -> None:
    """The credit of each component, and which trade-ins count; R034, R035, R036. Only in a tax that we filled."""
    if "tax" not in work.provenance:
        return
    components: list[dict[str, Any]] = work.deal["tax"].get("components") or []
    trades: list[dict[str, Any]] = work.deal.get("trade_ins") or []
    ruled = {str(one["code"]): rules for one in components if (rules := work.rules.trade_in_credits(one["code"]))}
    if not ruled:
        return
    if any("" not in rules for rules in ruled.values()) and not _fill_sellers(work, trades):
        return
    _leave_out(work, trades, components, ruled)
    counted = [index for index, trade in enumerate(trades) if trade.get("tax_credit_eligible") is not False]
    for component in components:
        if component["code"] in ruled:
            _fill_credit(work, component, ruled[component["code"]], trades, counted)


def fill_input_tax(work: Work) -> None:
    """The tax that a registered seller charges on the allowance: a second supply, beside the car sold; R017, R035.

    What the source states is kept, and compared; it may differ by one unit of the currency, as it was rounded there.
    """
    if "tax" not in work.provenance:
        return
    for index, trade in enumerate(work.deal.get("trade_ins") or ()):
        charged = []
        for component in work.deal["tax"].get("components") or ():
            rule = _rule(work.rules.trade_in_credits(component["code"]), trade)
            if rule is not None and rule.input_tax_code is not None:
                charged.append((component, rule))
        path = f"trade_ins[{index}]"
        if len(charged) > 1:
            taxes = " and ".join(str(component["code"]) for component, _ in charged)
            work.found("R035", f"{path}.input_tax_amount", _named(trade, index), tax=taxes)
        elif charged and trade.get("allowance") is not None:
            component, rule = charged[0]
            currency = work.deal["currency"]
            tax = round_amount(exact(trade["allowance"]) * exact(component.get("rate") or 0), currency)
            stated = trade.get("input_tax_amount")
            if stated is not None and abs(exact(stated) - tax) > minor_unit(currency):
                what = f"the tax on the allowance of trade-in {_named(trade, index)}"
                work.differs(f"{path}.input_tax_amount", what, stated, tax)
            work.fill(trade, path, "input_tax_amount", tax, rule.why)
            work.fill(trade, path, "input_tax_code", rule.input_tax_code, rule.why)


def _fill_sellers(work: Work, trades: list[dict[str, Any]]) -> bool:
    """The seller's tax status of every trade-in; false when one cannot be told."""
    customer = work.deal.get("customer") or {}
    seller = work.rules.trade_in_seller(str(customer.get("tax_status") or ""), str(customer.get("type") or ""))
    known = True
    for index, trade in enumerate(trades):
        if trade.get("seller_tax_status"):
            continue
        if seller is None:
            work.found("R034", f"trade_ins[{index}].seller_tax_status", _named(trade, index))
            known = False
        else:
            work.fill(trade, f"trade_ins[{index}]", "seller_tax_status", seller.status, seller.why)
    return known


def _leave_out(
    work: Work, trades: list[dict[str, Any]], components: list[dict[str, Any]], ruled: Mapping[str, _Rules]
) -> None:
    """Trade-ins that count for no tax, and those beyond the number that may count, are not eligible."""
    fixed = any(one["code"] not in ruled and one.get("trade_in_credit", "none") != "none" for one in components)
    counting: list[int] = []
    limits: dict[int, TradeInCreditRule] = {}
    for index, trade in enumerate(trades):
        rules = [rule for one in ruled.values() if (rule := _rule(one, trade)) is not None]
        if trade.get("tax_credit_eligible") is False:
            continue
        if rules and not fixed and all(rule.credit == "none" for rule in rules):
            if len(trades) > 1:
                work.fill(trade, f"trade_ins[{index}]", "tax_credit_eligible", False, rules[0].why)
            continue
        counting.append(index)
        limits.update({rule.vehicles: rule for rule in rules if rule.vehicles is not None})
    if not limits or len(counting) <= min(limits):
        return
    rule = limits[min(limits)]
    by_value = sorted(counting, key=lambda index: exact(trades[index].get("allowance") or 0), reverse=True)
    for index in sorted(by_value[min(limits) :]):
        trade, path = trades[index], f"trade_ins[{index}]"
        if trade.get("tax_credit_eligible") is None:
            work.found("R036", f"{path}.tax_credit_eligible", _named(trade, index), number=min(limits))
            work.fill(trade, path, "tax_credit_eligible", False, rule.why)


def _fill_credit(
    work: Work, component: dict[str, Any], rules: _Rules, trades: list[dict[str, Any]], counted: list[int]
) -> None:
    found = {index: _rule(rules, trades[index]) for index in counted}
    for index, rule in found.items():
        if rule is None:
            status = trades[index].get("seller_tax_status")
            work.found("R034", f"trade_ins[{index}].seller_tax_status", _named(trades[index], index), status=status)
            return
    chosen = [rule for rule in found.values() if rule is not None] or [rule for rule in (rules.get(""),) if rule]
    if len({(rule.credit, rule.cap) for rule in chosen}) > 1:
        work.found("R035", f"trade_ins[{counted[-1]}].seller_tax_status", "", tax=component["code"])
        return
    if chosen:
        component["trade_in_credit"] = chosen[0].credit
        if chosen[0].cap is not None:
            component["trade_in_credit_cap"] = chosen[0].cap
        place = work.deal["tax"]["components"].index(component)
        work.provenance[f"tax.components[{place}].trade_in_credit"] = chosen[0].why


def _rule(rules: _Rules, trade: Mapping[str, Any]) -> TradeInCreditRule | None:
    return rules.get(str(trade.get("seller_tax_status") or "")) or rules.get("")


def _named(trade: Mapping[str, Any], index: int) -> str:
    return str(trade.get("stock_no") or index + 1)


def credit_of(component: Mapping[str, Any], trades: list[dict[str, Any]]) -> Decimal:
    """What the trade-ins take off the base of a component, as the posting rules take it off."""
    allowances = sum(
        (exact(one.get("allowance") or 0) for one in trades if one.get("tax_credit_eligible") is not False), Decimal(0)
    )
    credit = component.get("trade_in_credit", "none")
    if credit == "none":
        return Decimal(0)
    return allowances if credit == "full" else min(allowances, exact(component.get("trade_in_credit_cap") or 0))
