"""A random deal of a region: valid under every rule of the deal model, settled to the minor unit, ready to post."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from dealbooks.deal import Deal
from dealbooks.samples.cars import draw_vehicle
from dealbooks.samples.dice import Dice
from dealbooks.samples.lines import draw_lines
from dealbooks.samples.markets import Market, entity_of, fields_of, markets
from dealbooks.samples.people import draw_bill_to, draw_customer, draw_plans
from dealbooks.samples.settlement import draw_settlement
from dealbooks.samples.shapes import SHAPES, Shape
from dealbooks.samples.sketch import BRANCH, Data, Own, Sketch

DRAWN = Own()


def random_deal(seed: int | Random, region: str, own: Own = DRAWN) -> Deal:
    """A valid completed deal. The same seed and region give the same deal on every machine and in every process.

    Args:
        seed: a whole number, or a Random to draw from as it stands.
        region: one of `dealbooks.samples.REGIONS`.
        own: the number and the days that the deal is to have; drawn too when left out, and then not unique.
    """
    return Deal.model_validate(deal_data(seed, region, own))


def deal_data(seed: int | Random, region: str, own: Own = DRAWN) -> Data:
    """The same deal as plain fields, with Decimal amounts and dates."""
    return draw_deal(Dice.of(seed, region), region, own).data


def draw_deal(dice: Dice, region: str, own: Own) -> Sketch:
    """The sketch of a whole deal, from which a life goes on."""
    market = dice.pick(markets(region))
    fitting, weights = _shapes(region, market)
    sketch = Sketch(dice, region, market, dice.weighted(fitting, weights), own)
    data = sketch.data
    data["department"] = "used" if sketch.used else "fleet" if sketch.shape.deal_type == "fleet" else "new"
    if sketch.foreign:
        data["fx_rate"] = sketch.rate
    data["dates"] = _dates(sketch)
    data["customer"] = draw_customer(sketch)
    bill_to = draw_bill_to(sketch)
    if bill_to is not None:
        data["bill_to"] = bill_to
    data["tax"] = _tax(sketch)
    data["lines"] = draw_lines(sketch)
    data["vehicle"] = draw_vehicle(sketch, data["lines"][0]["unit_price"])
    if "transfer" in sketch.shape.also:
        data["group_transfer"] = _transfer(sketch)
    draw_settlement(sketch)
    data["commission_plans"] = draw_plans(sketch)
    if dice.percent(25):
        data["include_fees_in_front"] = True
    if dice.percent(25):
        data["chargeback_reserve"] = {"rate": dice.pick(("0.05", "0.075", "0.1", "0.0333"))}
    return sketch


def _shapes(region: str, market: Market) -> tuple[list[Shape], list[int]]:
    fitting = [shape for shape in SHAPES[region] if shape.fits(market)]
    return fitting, [shape.weight for shape in fitting]


def _dates(sketch: Sketch) -> Data:
    dice, delivered = sketch.dice, sketch.delivered
    dates: Data = {"contract": dice.after(delivered, -20, 0), "delivery": delivered}
    if dice.percent(60):
        dates["accounting"] = delivered
    if sketch.market.tax.regime == "inclusive":
        dates["tax_point"] = delivered
    return dates


def _tax(sketch: Sketch) -> Data:
    """The market's taxes: those of a lease, of an export, or of a car that luxury car tax may be due on."""
    market, shape = sketch.market, sketch.shape
    tax = fields_of(market.tax)
    if shape.deal_type == "lease" and tax["regime"] == "additive":
        tax["components"] = [fields_of(part) for part in sketch.dice.pick(market.leases)]
    elif sketch.foreign and tax["regime"] == "additive":
        tax["components"] = []
    if "lct" in shape.also and market.lct is not None:
        tax["lct"] = fields_of(market.lct)
    return tax


def _transfer(sketch: Sketch) -> Data:
    """The car came from a sister of the group at its cost there, at times with a profit."""
    dice, car = sketch.dice, sketch.data["vehicle"]
    recon = sketch.base_amount(20, 900) if sketch.used and dice.percent(60) else None
    own = max(car["cost"] - (recon or 0), Decimal(0))
    transfer: Data = {
        "from_entity": f"{entity_of(sketch.region, sketch.base)}-SISTER",
        "from_location": "SISTER",
        "from_department": "used" if sketch.used else "new",
        "from_stock_no": f"S{sketch.number:06d}",
        "from_cost": own if dice.percent(70) else sketch.in_base(sketch.part(car["cost"], dice.whole(90, 105))),
        "price": car["cost"],
        "date": dice.after(sketch.delivered, -15, 0),
    }
    if recon is not None:
        transfer["from_recon_cost"] = recon
    code = sketch.market.codes.get("goods")
    if code is not None and dice.percent(50):
        transfer["tax_code"] = code
    if dice.percent(20):
        car["stock_location"] = BRANCH
    return transfer
