"""Luxury car tax: which threshold holds for the car, and which lines are in its value (posting-rules.md section 5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dealbooks.determine.dated import words
from dealbooks.determine.identity import read_date
from dealbooks.determine.regime_rules import LuxuryCarTaxRule
from dealbooks.determine.work import Work
from dealbooks.money import exact
from dealbooks.posting.arithmetic import extend


def fill_luxury_car_tax(work: Work) -> None:
    """The threshold and rate of the car, and the lines that count; R008, R101, R102 when they cannot be told.

    Only for a sale with tax in it: an export and a tax-free sale bear none.
    """
    every = work.rulebook.luxury_car_tax.thresholds
    tax = work.deal.get("tax")
    if not every or not tax or tax.get("lct") is not None or work.scheme != "standard" or _free(work):
        return
    valued = work.rules.luxury_value
    if valued is None:
        work.found("R008", "tax.lct", "value", section="luxury_car_tax.value", date=work.day)
        return
    counted = _counted(work, valued.kinds)
    value = sum((amount for _, amount in counted), Decimal(0))
    rules: dict[str, LuxuryCarTaxRule] = {rule.fuel: rule for rule in work.rules.luxury_thresholds}
    if "other" not in rules or "efficient" not in rules:
        _no_threshold(work, every, value)
        return
    if work.deal.get("sale_class") not in rules["other"].sale_classes:
        lowest = min(rule.threshold for rule in rules.values())
        if value > lowest:
            said = " or ".join(name for rule in work.rules.luxury_free for name in rule.names)
            work.found("R102", "tax.lct", value, amount=value, threshold=lowest, words=f"luxury_car_tax: {said}")
        return
    rule = _of_fuel(work, rules)
    if rule is None:
        if value > rules["other"].threshold:
            shown = rules["other"].threshold
            work.found("R101", "vehicle.fuel_l_100km", "", amount=value, threshold=shown)
        return
    for index, _ in counted:
        work.fill(work.deal["lines"][index], f"lines[{index}]", "in_lct_value", True, valued.why)
    work.fill(tax, "tax", "lct", {"threshold": rule.threshold, "rate": rule.rate, "rounding": rule.rounding}, rule.why)


def _free(work: Work) -> bool:
    deal, said = work.deal, words(str(work.said.get("luxury_car_tax") or ""))
    status = (deal.get("customer") or {}).get("tax_status")
    built = (deal.get("vehicle") or {}).get("year")
    sold = read_date((deal.get("dates") or {}).get("delivery")) or work.day
    for rule in work.rules.luxury_free:
        # A car of the year 2023 was certainly built more than two years before any day of 2026.
        old = rule.older_than_years is not None and built is not None and sold.year - int(built) > rule.older_than_years
        if said in rule.names or status in rule.customer_statuses or deal.get("sale_class") in rule.sale_classes or old:
            return True
    return False


def _counted(work: Work, kinds: tuple[str, ...]) -> list[tuple[int, Decimal]]:
    deal = work.deal
    found = []
    for index, line in enumerate(deal.get("lines") or ()):
        if line.get("kind") in kinds and line.get("unit_price") is not None:
            quantity = exact(line["quantity"]) if line.get("quantity") is not None else Decimal(1)
            found.append((index, extend(quantity, exact(line["unit_price"]), str(deal["currency"]))))
    return found


def _of_fuel(work: Work, rules: dict[str, LuxuryCarTaxRule]) -> LuxuryCarTaxRule | None:
    vehicle: dict[str, Any] = work.deal.get("vehicle") or {}
    efficient, used = rules["efficient"], vehicle.get("fuel_l_100km")
    if used is not None:
        limit = efficient.max_l_100km
        return efficient if limit is not None and exact(used) <= limit else rules["other"]
    if words(str(vehicle.get("powertrain") or "")) in efficient.powertrains:
        return efficient
    return None


def _no_threshold(work: Work, every: tuple[LuxuryCarTaxRule, ...], value: Decimal) -> None:
    # Thresholds never fall, so a car below the last ones known bears no tax whatever the new ones are.
    ended = [rule for rule in every if rule.fuel == "other" and rule.from_ <= work.day]
    last = max(ended, key=lambda rule: rule.from_, default=None)
    if last is None or value > last.threshold:
        work.found("R008", "tax.lct", value, section="luxury_car_tax.thresholds", date=work.day)
