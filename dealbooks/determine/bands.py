"""Tax rates that depend on the price of the car: the band in force is looked up once the lines are known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dealbooks.determine.credits import credit_of
from dealbooks.determine.work import Work
from dealbooks.money import exact, round_amount


def fill_bands(work: Work) -> None:
    """The rate of every component that has a band table; R008, R037. Only in a tax that we filled."""
    jurisdiction = work.jurisdiction
    if jurisdiction is None or "tax" not in work.provenance:
        return
    tables = {one.code: one.bands for one in jurisdiction.components if one.bands is not None}
    for index, component in enumerate(work.deal["tax"].get("components") or ()):
        key = tables.get(component["code"])
        if key is not None:
            _fill_rate(work, f"tax.components[{index}]", component, key)


def _fill_rate(work: Work, path: str, component: dict[str, Any], key: str) -> None:
    vehicle, sale_class = work.deal.get("vehicle") or {}, str(work.deal.get("sale_class") or "")
    powertrain = str(vehicle.get("powertrain") or "")
    table = work.rules.bands(key, powertrain, sale_class)
    if table is None:
        work.found("R008", f"{path}.rate", key, section="tax.bands", date=work.day)
        return
    full = _price(work, component.get("tax_groups"))
    net = max(full - credit_of(component, work.deal.get("trade_ins") or []), Decimal(0))
    rate = table.rate_at(full if table.price == "before_trade_in" else net)
    if not powertrain:
        others = work.rules.bands_by_powertrain(key, sale_class)
        rates = {one.rate_at(full if one.price == "before_trade_in" else net) for one in others} - {rate}
        if rates:
            other = " or ".join(format(one, "f") for one in sorted(rates))
            work.found("R037", "vehicle.powertrain", format(rate, "f"), tax=component["code"], other=other)
    work.fill(component, path, "rate", rate, table.why)


def _price(work: Work, groups: list[str] | tuple[str, ...] | None) -> Decimal:
    """The taxable lines that a component is charged on, each rounded."""
    price, currency = Decimal(0), str(work.deal.get("currency") or work.book.currency)
    for line in work.deal.get("lines") or ():
        if line.get("taxable") and (groups is None or line.get("tax_group", "vehicle") in groups):
            extended = exact(line.get("quantity") or 1) * exact(line.get("unit_price") or 0)
            price += round_amount(extended, currency)
    return price
