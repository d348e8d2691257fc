"""Tax hidden in second-hand cars: the credit on the car sold, and the input tax of cars taken in part-exchange."""

from __future__ import annotations

from typing import Any

from dealbooks.determine.work import Work
from dealbooks.money import exact


def fill_second_hand_credit(work: Work) -> None:
    """The credit taken when a second-hand car is sold, on what was paid for it; R103 when that had to be assumed."""
    vehicle = work.deal.get("vehicle") or {}
    rule = work.rules.second_hand.get(vehicle.get("tax_acquisition"))
    if rule is None or work.scheme not in rule.schemes or vehicle.get("second_hand_credit") is not None:
        return
    paid = vehicle.get("stock_book_purchase_price")
    assumed = paid is None
    if paid is None:
        paid = vehicle.get("cost")
    if paid is None or exact(paid) <= rule.above:
        return
    if assumed:
        work.found("R103", "vehicle.second_hand_credit", paid)
    credit = {"fraction": str(rule.fraction), "purchase_price": paid, "tax_code": rule.tax_code}
    work.fill(vehicle, "vehicle", "second_hand_credit", credit, rule.why)


def fill_trade_in_tax(work: Work) -> None:
    """The input tax inside each allowance, by the seller's tax status; R104, R105. What is stated is left alone."""
    rules = work.rules.trade_in_tax
    if not rules:
        return
    for index, trade in enumerate(work.deal.get("trade_ins") or ()):
        _fill_one(work, trade, f"trade_ins[{index}]", rules)


def _fill_one(work: Work, trade: dict[str, Any], path: str, rules: dict[Any, Any]) -> None:
    customer = work.deal.get("customer") or {}
    seller = work.rules.trade_in_seller(str(customer.get("tax_status") or ""), str(customer.get("type") or ""))
    if seller is not None:
        work.fill(trade, path, "seller_tax_status", seller.status, seller.why)
    rule = rules.get(trade.get("seller_tax_status"))
    stated = trade.get("input_tax_fraction") is not None or trade.get("input_tax_amount") is not None
    if rule is None:
        decides = any(one.fraction is not None for one in rules.values())
        if trade.get("seller_tax_status") is None and decides and not stated:
            work.found("R104", f"{path}.seller_tax_status", trade.get("stock_no") or "")
        return
    if not stated and rule.fraction is None:
        work.found("R105", f"{path}.input_tax_amount", trade.get("stock_no") or "")
    elif not stated:
        work.fill(trade, path, "input_tax_fraction", str(rule.fraction), rule.why)
    if stated or rule.fraction is not None:
        work.fill(trade, path, "input_tax_code", rule.tax_code, rule.why)
