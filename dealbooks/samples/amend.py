"""What an amendment changes in a deal: the price, a line, a part-exchange, the costs, the commission, the reserve."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from dealbooks.money import minor_unit
from dealbooks.samples.lines import draw_accessory
from dealbooks.samples.sketch import Data, Sketch


def amend(sketch: Sketch, before: Data) -> Data:
    """The fields of the deal after one to three changes. Facts (money, documents of others) and tax codes stay; a
    signed total falls away with the document that showed it."""
    data = dict(before)
    data.pop("contract_total", None)
    for _ in range(sketch.dice.whole(1, 3)):
        sketch.dice.pick(_CHANGES)(sketch, data)
    return data


def _price(sketch: Sketch, data: Data) -> None:
    """The car's price; the contract of a lease stays as it is."""
    if data["deal_type"] == "lease":
        return
    car, *others = data["lines"]
    price = max(sketch.part(car["unit_price"], sketch.dice.whole(94, 106)), minor_unit(sketch.currency))
    data["lines"] = [car | {"unit_price": price}, *others]


def _more(sketch: Sketch, data: Data) -> None:
    """An accessory is added."""
    number = str(max(int(line["line_id"]) for line in data["lines"]) + 1)
    data["lines"] = [*data["lines"], draw_accessory(sketch) | {"line_id": number}]


def _less(sketch: Sketch, data: Data) -> None:
    """A line falls away."""
    others = [line for line in data["lines"] if line["kind"] not in ("vehicle", "lessor_fee", "auction_fee")]
    if others:
        gone = sketch.dice.pick(others)["line_id"]
        data["lines"] = [line for line in data["lines"] if line["line_id"] != gone]


def _trade(sketch: Sketch, data: Data) -> None:
    """What the traded car is worth, or what was allowed for it; once its payoff was paid the allowance stays."""
    if not data.get("trade_ins"):
        return
    first, *others = data["trade_ins"]
    changed = {"acv": sketch.part(first["allowance"], sketch.dice.whole(70, 110))}
    if "payoff_paid" not in first and "input_tax_amount" not in first and sketch.dice.percent(50):
        allowed = sketch.part(first["allowance"], sketch.dice.whole(85, 115))
        changed["allowance"] = max(allowed, minor_unit(sketch.currency))
    data["trade_ins"] = [first | changed, *others]


def _costs(sketch: Sketch, data: Data) -> None:
    """A late reconditioning invoice."""
    car = data["vehicle"]
    data["vehicle"] = car | {"recon_cost": car.get("recon_cost", Decimal(0)) + sketch.base_amount(10, 700)}


def _commission(sketch: Sketch, data: Data) -> None:
    """One plan fewer, or the reserve for chargebacks goes."""
    if data["commission_plans"] and sketch.dice.percent(60):
        data["commission_plans"] = data["commission_plans"][1:]
    else:
        data.pop("chargeback_reserve", None)


def _reserve(sketch: Sketch, data: Data) -> None:
    """The lender corrects its commission, as long as it has not paid it."""
    if data.get("finance") and not data.get("fundings"):
        data["finance"] = data["finance"] | {"reserve": sketch.amount(40, 1800)}


def _financed(sketch: Sketch, data: Data) -> None:
    """Less is financed; the customer owes the rest."""
    finance = data.get("finance")
    if finance and finance["type"] != "lease" and not data.get("fundings"):
        less = sketch.part(finance["amount_financed"], sketch.dice.whole(80, 99))
        data["finance"] = finance | {"amount_financed": less or finance["amount_financed"]}


def _bill_to(sketch: Sketch, data: Data) -> None:
    """Who is invoiced is another company of the customer's."""
    if data["customer"].get("type") == "business" and sketch.shape.buyer == "company":
        data["bill_to"] = {"id": "PARENT-2", "type": "business", "name": "Other parent company"}


_CHANGES: tuple[Callable[[Sketch, Data], None], ...] = (
    _price, _price, _more, _less, _trade, _trade, _costs, _commission, _reserve, _financed, _bill_to,
)  # fmt: skip
