"""The car sold, and the cars taken in part-exchange."""

from __future__ import annotations

from decimal import Decimal

from dealbooks.demo.cars import make_vin
from dealbooks.samples.dice import Dice
from dealbooks.samples.sketch import BRANCH, Data, Sketch

# Positions 1 to 8 of invented VINs: North America's check digit is valid, and elsewhere does no harm.
_STARTS = ("1HGCY2F7", "1FTEW3LP", "2T3N1RFV", "4T1K61AK", "5YJ3E1EB", "WVWZZZCD", "SALCA2BN", "VF1RJA00")
_MAKES = ("Honda", "Ford", "Toyota", "Toyota", "Tesla", "Volkswagen", "Land Rover", "Renault")
_MODELS = ("Accord", "F-150", "RAV4", "Camry", "Model 3", "Golf", "Discovery Sport", "Clio")
_ON_THE_STOCK_BOOK = ("margin", "margin", "qualifying")


def identity(dice: Dice, serial: int, plant: str, *, used: bool) -> Data:
    """VIN, year, make, model, mileage. One serial number and plant are one car."""
    number = dice.whole(0, len(_STARTS) - 1)
    year = dice.whole(2012, 2025) if used else 2026
    return {
        "vin": make_vin(_STARTS[number], year, serial, plant),
        "year": year,
        "make": _MAKES[number],
        "model": _MODELS[number],
        "odometer": dice.whole(3000, 180_000) if used else dice.whole(3, 90),
    }


def draw_vehicle(sketch: Sketch, price: Decimal) -> Data:
    """The car sold, with what it stands at in stock."""
    dice, shape, market = sketch.dice, sketch.shape, sketch.market
    car = identity(dice, sketch.number, "N", used=sketch.used) | {
        "stock_no": f"{'U' if sketch.used else 'N'}{sketch.number:06d}"
    }
    car["cost"] = Decimal(0) if dice.percent(2) else sketch.in_base(sketch.part(price, dice.whole(55, 106)))
    if sketch.used and dice.percent(70):
        car["recon_cost"] = sketch.base_amount(20, 2500)
    if dice.percent(30):
        car["pack"] = sketch.base_amount(100, 700)
    if dice.percent(20) and "transfer" not in shape.also:
        car["stock_location"] = BRANCH
    if dice.percent(10):
        car |= {"holdback": sketch.base_amount(100, 900), "floorplan_amount": car["cost"]}
        car["floorplan_lender"] = "FLOORPLAN-1"
    if sketch.foreign and dice.percent(50):
        car["cost_currency"] = sketch.base
    car |= _acquired(sketch)
    if shape.taxed_as == "margin" or car.get("tax_acquisition") == "margin":
        car["stock_book_purchase_price"] = _stock_book(sketch, car["cost"])
    if "second_hand" in shape.also and market.second_hand is not None:
        bought = car["cost"] if car["cost"] and dice.percent(60) else sketch.base_amount(301, 60_000)
        car["second_hand_credit"] = {**market.second_hand.model_dump(), "purchase_price": bought}
    return car


def _acquired(sketch: Sketch) -> Data:
    """How the car was bought; it decides which taxes it can be sold under."""
    shape, dice = sketch.shape, sketch.dice
    if sketch.market.tax.regime != "inclusive":
        return {}
    if shape.taxed_as == "margin":
        return {"tax_acquisition": "margin"}
    if "second_hand" in shape.also:
        return {"tax_acquisition": "second_hand_unregistered"}
    if not sketch.used:
        return {"tax_acquisition": dice.pick(("qualifying", "qualifying", "import"))}
    if shape.taxed_as == "zero" and "margin" in sketch.market.codes:
        return {"tax_acquisition": dice.pick(_ON_THE_STOCK_BOOK)}
    return {"tax_acquisition": dice.pick(("qualifying", "qualifying", "import", "exempt"))}


def _stock_book(sketch: Sketch, cost: Decimal) -> Decimal:
    """What the stock book says was paid: mostly the cost, at times more (an allowance written down) or less."""
    if sketch.dice.percent(70):
        return cost
    return sketch.in_base(sketch.part(cost / sketch.rate, sketch.dice.whole(80, 130)))
