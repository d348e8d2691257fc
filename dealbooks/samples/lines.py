"""What the customer buys: the lines of a deal, with their tax codes."""

from __future__ import annotations

from decimal import Decimal

from dealbooks.samples.sketch import Data, Sketch

_THIRD = Decimal("33.333")  # a price of more decimals than the currency (golden case G07)
_WITH_THE_CAR = frozenset({"vehicle", "discount", "recharge", "admin_fee", "delivery_fee"})
_OUTSIDE = frozenset({"government_fee", "lessor_fee", "auction_fee"})
_EXEMPT = frozenset({"insurance", "recycling_deposit"})
_LUXURY = frozenset({"vehicle", "discount", "accessory", "delivery_fee"})
_COSTS = (Decimal("11.125"), Decimal("0.5"), Decimal(150))
_MOST = 3


def draw_lines(sketch: Sketch) -> list[Data]:
    """The lines of a deal; the car comes first."""
    shape = sketch.shape
    low, high = (55_000, 170_000) if "wide" in shape.also else (1500, 70_000)
    price = sketch.amount(200, 9000) if "auction" in shape.also else sketch.amount(low, high)
    lines = [_line(sketch, "vehicle", price)]
    if "auction" in shape.also:
        lines.append(_line(sketch, "auction_fee", -sketch.amount(50, 180)))
    if "bare" not in shape.also:
        lines += _extras(sketch, price)
    for number, line in enumerate(lines, 1):
        line["line_id"] = str(number)
    return lines


def _extras(sketch: Sketch, price: Decimal) -> list[Data]:
    dice, shape = sketch.dice, sketch.shape
    found: list[Data] = []
    if dice.percent(35):
        found.append(_line(sketch, "discount", -sketch.part(price, dice.whole(1, 6))))
    found += [draw_accessory(sketch) for _ in range(dice.whole(0, _MOST) if dice.percent(60) else 0)]
    if "recharged" in shape.also:
        found.append(_line(sketch, "recharge", sketch.amount(20, 400)))
    if "recycled" in shape.also and dice.percent(80):
        found.append(_line(sketch, "recycling_deposit", sketch.amount(60, 160)))
    for kind, chance, most in (("doc_fee", 50, 900), ("admin_fee", 40, 500), ("delivery_fee", 25, 1500)):
        if dice.percent(chance):
            found.append(_line(sketch, kind, sketch.amount(20, most)))
    found += [_fee(sketch) for _ in range(dice.whole(0, 2))]
    found += _finance_and_insurance(sketch)
    if shape.deal_type == "lease":
        found += [
            _line(sketch, "lessor_fee", sketch.amount(150, 950), provider="LENDER-1") for _ in range(dice.whole(0, 2))
        ]
    return found


def draw_accessory(sketch: Sketch) -> Data:
    """An accessory; its price or its cost may be finer than the currency, its quantity above one."""
    dice = sketch.dice
    line = _line(sketch, "accessory", _THIRD if dice.percent(15) else sketch.amount(15, 1200))
    if dice.percent(30):
        line["quantity"] = Decimal(dice.pick(("2", "3", "0.5", "2.25")))
    if dice.percent(80):
        line["cost"] = dice.pick(_COSTS) if dice.percent(20) else sketch.base_amount(5, 600)
    return line


def _fee(sketch: Sketch) -> Data:
    line = _line(sketch, "government_fee", sketch.amount(5, 1300), provider=sketch.market.authority)
    if sketch.dice.percent(30):
        line["provider"] = "COUNTY-OFFICE"
    if not sketch.foreign and sketch.dice.percent(30):
        line["cost"] = line["unit_price"]
    return line


def _finance_and_insurance(sketch: Sketch) -> list[Data]:
    dice = sketch.dice
    found: list[Data] = []
    for _ in range(dice.whole(0, 2) if dice.percent(55) else 0):
        line = _line(sketch, "fi_product", sketch.amount(250, 3000), provider=dice.pick(("WARRANTYCO", "GAPCO")))
        if dice.percent(95):
            line["cost"] = Decimal(0) if dice.percent(5) else sketch.base_amount(100, 1900)
        found.append(line)
    if sketch.shape.buyer != "lender" and not sketch.foreign and dice.percent(30):
        price = sketch.amount(90, 1500)
        line = _line(sketch, "insurance", price, provider="INSURER-1")
        line["cost"] = price if dice.percent(15) else sketch.part(price, dice.whole(20, 99))
        code = sketch.market.codes.get("commission")
        if code is not None and dice.percent(80):
            line["commission_tax_code"] = code
        found.append(line)
    return found


def _line(sketch: Sketch, kind: str, price: Decimal, provider: str | None = None) -> Data:
    market, shape = sketch.market, sketch.shape
    line: Data = {"kind": kind, "description": kind.replace("_", " "), "unit_price": price}
    if provider is not None:
        line["provider"] = provider
    if market.tax.regime == "inclusive":
        line["tax_code"] = market.codes[_purpose(kind, shape.taxed_as)]
        if kind in _LUXURY and "lct" in shape.also:
            line["in_lct_value"] = True
    elif market.tax.regime == "additive":
        line["taxable"] = kind in market.taxed and _is_taxed(sketch)
        if kind in market.groups:
            line["tax_group"] = market.groups[kind]
    return line


def _is_taxed(sketch: Sketch) -> bool:
    """Whether an additive tax falls on the sale: not on a resale, an export, an exempt buyer, an untaxed lease."""
    shape = sketch.shape
    return shape.taxed_as == "goods" and shape.buyer != "reseller" and bool(sketch.data["tax"]["components"])


def _purpose(kind: str, taxed_as: str) -> str:
    """What a line is taxed as, when the car is sold as `taxed_as`."""
    if kind in _OUTSIDE:
        return "outside"
    if kind in _EXEMPT:
        return "exempt"
    if kind in _WITH_THE_CAR:
        return taxed_as
    return "goods" if taxed_as == "margin" else taxed_as
