"""What a deal comes to, worked out here and apart from the posting rules: a deal that is settled by these totals and
ends at its balance in the books says something about both."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from dealbooks.money import minor_unit

_ZERO = Decimal(0)
_GST_FREE = (10, 11)  # the part of a price without Australia's GST, in the formula of the luxury car tax


def invoice_total(data: Mapping[str, Any]) -> Decimal:
    """The lines, and the taxes on top of them; `data` are the fields of a deal with Decimal amounts."""
    unit, tax = minor_unit(data["currency"]), data["tax"]
    extended = [
        (line, (line.get("quantity", 1) * line["unit_price"]).quantize(unit, ROUND_HALF_UP)) for line in data["lines"]
    ]
    whole = sum((amount for _, amount in extended), _ZERO)
    rounding = ROUND_DOWN if tax.get("mode") == "floor" else ROUND_HALF_UP
    for component in tax.get("components", ()):
        pieces = _taxed(data, component, extended)
        if component.get("base_cap") is not None:
            pieces = [min(sum(pieces, _ZERO), component["base_cap"])]
        if tax.get("rounding") != "line":
            pieces = [sum(pieces, _ZERO)]
        whole += sum(((piece * component["rate"]).quantize(unit, rounding) for piece in pieces), _ZERO)
    return whole + _luxury(data, extended, unit)


def settled(data: Mapping[str, Any]) -> Decimal:
    """What settles the invoice before the customer pays the rest: deposits, payments, trades, rebates, finance."""
    whole = sum((part["amount"] for group in ("deposits", "payments") for part in data.get(group, ())), _ZERO)
    whole += sum((part["amount"] for part in data.get("rebates", ()) if part["assigned_to_dealer"]), _ZERO)
    for trade in data.get("trade_ins", ()):
        whole += trade["allowance"] - trade.get("payoff", _ZERO) + trade.get("input_tax_amount", _ZERO)
    return whole + (data["finance"]["amount_financed"] if data.get("finance") else _ZERO)


def _taxed(
    data: Mapping[str, Any], component: Mapping[str, Any], extended: list[tuple[dict[str, Any], Decimal]]
) -> list[Decimal]:
    if component.get("base") == "cap_reduction":
        reduction: Decimal = data["finance"]["cap_cost_reduction"]
        return [reduction]
    groups = component.get("tax_groups")
    car: list[Decimal] = []
    others: list[Decimal] = []
    for line, amount in extended:
        group = line.get("tax_group", "vehicle")
        if line.get("taxable") and (groups is None or group in groups):
            (car if group == "vehicle" else others).append(amount)
    off = _credit(data, component)
    if off:
        car = [*car, -off] if off < sum(car, _ZERO) else []
    return car + others


def _credit(data: Mapping[str, Any], component: Mapping[str, Any]) -> Decimal:
    credit = component.get("trade_in_credit", "none")
    off = _ZERO
    if credit != "none":
        off = sum((t["allowance"] for t in data.get("trade_ins", ()) if t.get("tax_credit_eligible", True)), _ZERO)
    if credit == "capped":
        off = min(off, component["trade_in_credit_cap"])
    if not component.get("rebate_taxable", True):
        off += sum((part["amount"] for part in data.get("rebates", ()) if part["assigned_to_dealer"]), _ZERO)
    return off


def _luxury(data: Mapping[str, Any], extended: list[tuple[dict[str, Any], Decimal]], unit: Decimal) -> Decimal:
    rule = data["tax"].get("lct")
    if not rule:
        return _ZERO
    over = sum((amount for line, amount in extended if line.get("in_lct_value")), _ZERO) - rule["threshold"]
    if over <= 0:
        return _ZERO
    rounding = ROUND_DOWN if rule.get("rounding") == "floor" else ROUND_HALF_UP
    top, bottom = _GST_FREE
    exact: Decimal = over * top * rule["rate"] / bottom
    return exact.quantize(unit, rounding)
