"""The people of a deal: customer, bill-to, and who earns a commission."""

from __future__ import annotations

from decimal import Decimal

from dealbooks.samples.sketch import BRANCH, Data, Sketch

_NAMES = ("Ada Brook", "Ben Carrow", "Chloe Dunn", "Dev Everly", "Ella Finch", "Finn Gray", "Gia Holt", "Hal Ives")
_ROLES = ("sales", "finance", "manager")
_BASES = ("front", "back", "total", "flat")
_RATES = ("0.25", "0.1", "0.125", "0.0333", "0.08", "0.3")
_PEOPLE = {"sales": "SP", "finance": "FM", "manager": "MG"}


def draw_customer(sketch: Sketch) -> Data:
    """Who buys."""
    dice, buyer = sketch.dice, sketch.shape.buyer
    customer: Data = {"id": f"C-{dice.whole(1, 99_999):05d}", "region": sketch.market.region}
    if buyer in ("person", "lender"):
        customer |= {"type": "individual", "name": dice.pick(_NAMES)}
        if dice.percent(30):
            customer["tax_status"] = "consumer"
        return customer
    customer |= {"type": "business", "name": f"{dice.pick(_NAMES)} Ltd"}
    if buyer == "reseller":
        customer |= {"tax_status": "reseller", "resale_certificate": f"RC-{dice.whole(1000, 9999)}"}
    elif buyer == "vat_company":
        customer |= {"tax_status": "vat_registered", "vat_number": sketch.market.vat_number}
    return customer


def draw_bill_to(sketch: Sketch) -> Data | None:
    """Who is invoiced, when it is not the customer: the finance house or lessor, at times an auction."""
    if sketch.shape.buyer == "lender":
        kind = "lessor" if sketch.shape.deal_type == "lease" else "finance_company"
        return {"id": "LENDER-1", "type": kind, "name": "Finance house"}
    if "auction" in sketch.shape.also and sketch.dice.percent(50):
        return {"id": "AUCTION-1", "type": "auction", "name": "Great Lakes Auction"}
    if sketch.shape.buyer == "company" and sketch.dice.percent(30):
        return {"id": "PARENT-1", "type": "business", "name": "Parent company"}
    return None


def draw_plans(sketch: Sketch) -> list[Data]:
    """Commission plans, none of them for a sale to the trade, with splits."""
    dice = sketch.dice
    if "bare" in sketch.shape.also:
        return []
    found: list[Data] = []
    for number in range(dice.weighted((0, 1, 2, 3), (5, 40, 40, 15))):
        role = dice.pick(_ROLES)
        plan: Data = {"plan_id": f"PLAN-{number + 1}", "role": role, "base": dice.pick(_BASES)}
        if plan["base"] == "flat":
            plan["flat"] = sketch.base_amount(25, 500)
        else:
            plan["rate"] = Decimal(dice.pick(_RATES))
            if dice.percent(50):
                plan["pack"] = sketch.base_amount(50, 700)
        if dice.percent(40):
            plan["minimum"] = sketch.base_amount(25, 200)
        if dice.percent(25):
            plan["maximum"] = sketch.base_amount(201, 900)
        if sketch.foreign and dice.percent(50):
            plan["currency"] = sketch.base
        plan["splits"] = _splits(sketch, f"{_PEOPLE[role]}{number}") if dice.percent(95) else []
        found.append(plan)
    return found


def _splits(sketch: Sketch, prefix: str) -> list[Data]:
    dice = sketch.dice
    shares = dice.shares(dice.weighted((1, 2, 3, 4), (55, 25, 15, 5)))
    splits: list[Data] = [{"person": f"{prefix}{n}", "share": share} for n, share in enumerate(shares, 1)]
    if dice.percent(20):
        splits[-1]["location"] = BRANCH
    return splits
