"""A deal's whole life, from a seed: sold, paid, amended, amended back, charged back, unwound, with closed periods.

Money that came is a fact: no step takes it back. Every step's deal is valid by itself, and says what is left on the
customer's account in `balance_due`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

from dealbooks.deal import Deal
from dealbooks.money import minor_unit
from dealbooks.samples.amend import amend
from dealbooks.samples.deals import DRAWN, draw_deal
from dealbooks.samples.dice import Dice
from dealbooks.samples.settlement import METHODS, left_to_pay
from dealbooks.samples.sketch import Data, Own, Sketch

StepName = Literal["sold", "settled", "amended", "restored", "charged back", "refunded", "unwound", "cancelled"]
Kind = Literal[
    "sold",
    "settled",
    "amended",
    "amended back",
    "charged back",
    "refunded",
    "unwound",
    "unwound early",
    "amended, unwound",
    "cancelled",
    "whole",
]
KINDS: dict[Kind, tuple[StepName, ...]] = {
    "sold": ("settled",),
    "settled": ("sold", "settled"),
    "amended": ("sold", "settled", "amended"),
    "amended back": ("sold", "settled", "amended", "restored"),
    "charged back": ("settled", "charged back"),
    "refunded": ("settled", "refunded"),
    "unwound": ("settled", "unwound"),
    "unwound early": ("sold", "unwound"),
    "amended, unwound": ("sold", "settled", "amended", "unwound"),
    "cancelled": ("cancelled",),
    "whole": ("sold", "settled", "amended", "restored", "unwound"),
}
_WEIGHTS: dict[Kind, int] = {
    "sold": 50, "settled": 25, "amended": 8, "amended back": 3, "unwound": 4, "unwound early": 2,
    "amended, unwound": 3, "cancelled": 5,
}  # fmt: skip
_REASONS = ("financing_declined", "customer_rescission", "returned", "misdescribed", "other")
_LATER = ("payments", "fundings")


@dataclass(frozen=True, slots=True)
class Step:
    """The deal as it reaches us on a day; the books are closed through `closed_through` when it is posted."""

    name: StepName
    on: date
    deal: Deal
    closed_through: date | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """The steps of a deal's life, in the order in which they happen."""

    region: str
    kind: Kind
    steps: tuple[Step, ...]

    @property
    def deal(self) -> Deal:
        """The deal as it stands in the end."""
        return self.steps[-1].deal


def random_life(seed: int | Random, region: str, kind: Kind | None = None, own: Own = DRAWN) -> Life:
    """A deal's life. With a whole number as seed it is that of `random_deal(seed, region)`.

    Args:
        seed: a whole number, or a Random to draw from as it stands.
        region: one of `dealbooks.samples.REGIONS`.
        kind: which life; by default one is drawn, and most are plain sales.
        own: the number and the days that the deal is to have; drawn too when left out, and then not unique.
    """
    sketch = draw_deal(Dice.of(seed, region), region, own)
    weights = _weights(sketch)
    drawn = sketch.dice.weighted(tuple(weights), tuple(weights.values()))
    found = kind or drawn
    return Life(region, found, tuple(_steps(sketch, KINDS[found])))


def _weights(sketch: Sketch) -> dict[Kind, int]:
    """How often each life is drawn: what is charged back must have been earned, what is refunded owed."""
    found = dict(_WEIGHTS)
    if _earned(sketch.data) and not sketch.foreign:
        found["charged back"] = 8
    if sketch.data["balance_due"] < 0:
        found["refunded"] = 60
    return found


def _earned(data: Data) -> list[tuple[str | None, Decimal]]:
    """The F&I income of a deal: line and amount; without a line it is the finance reserve."""
    found: list[tuple[str | None, Decimal]] = [
        (line["line_id"], line["unit_price"] - line["cost"])
        for line in data["lines"]
        if line["kind"] in ("fi_product", "insurance") and line.get("cost") is not None
    ]
    if data.get("finance"):
        found.append((None, data["finance"].get("reserve", Decimal(0))))
    return [(line_id, amount) for line_id, amount in found if amount > 0]


def _steps(sketch: Sketch, names: tuple[StepName, ...]) -> Iterator[Step]:
    whole = dict(sketch.data)
    data, on = whole, sketch.delivered
    for name in names:
        if name != "sold":
            on = sketch.dice.after(max(on, _last_fact(data if name != "settled" else whole)), 0, 25)
        data = _MAKE[name](sketch, whole, data, on)
        yield Step(name, on, Deal.model_validate(data), _closed(sketch.dice, name, on))


def _sold(sketch: Sketch, whole: Data, before: Data, on: date) -> Data:
    """On the day of the sale: what came later is not known yet."""
    data = dict(whole)
    for group in _LATER:
        known = [part for part in whole.get(group, ()) if part["date"] <= on]
        data.pop(group, None)
        if known:
            data[group] = known
    if "trade_ins" in whole:
        data["trade_ins"] = [
            {name: value for name, value in trade.items() if name != "payoff_paid"} for trade in whole["trade_ins"]
        ]
    return data | {"balance_due": left_to_pay(data)}


def _settled(sketch: Sketch, whole: Data, before: Data, on: date) -> Data:
    return whole


def _amended(sketch: Sketch, whole: Data, before: Data, on: date) -> Data:
    data = amend(sketch, before)
    data |= {"deal_version": 2, "amended_at": on, "amend_reason": "Corrected after the sale was posted"}
    left = left_to_pay(data)
    if left > 0 and sketch.dice.percent(50):
        more: Data = {"receipt_id": f"P{sketch.number:06d}-X", "amount": left, "method": "card", "date": on}
        if sketch.foreign:
            more["fx_rate"] = sketch.rate
        data["payments"] = [*data.get("payments", ()), more]
    return data | {"balance_due": left_to_pay(data)}


def _restored(sketch: Sketch, whole: Data, before: Data, on: date) -> Data:
    """As it was first, but for the money that has come since."""
    data = whole | {"deal_version": before["deal_version"] + 1, "amended_at": on, "amend_reason": "Put right again"}
    if "payments" in before:
        data["payments"] = before["payments"]
    return data | {"balance_due": left_to_pay(data)}


def _charged_back(sketch: Sketch, whole: Data, before: Data, on: date) -> Data:
    """F&I income is taken back: part of the finance reserve, of a product's margin or of an insurer's commission."""
    dice = sketch.dice
    found: list[Data] = []
    for line_id, earned in _earned(before):
        amount = sketch.part(earned, dice.whole(10, 100))
        if amount <= 0 or sketch.foreign:
            continue
        taken: Data = {"chargeback_id": f"B{sketch.number:06d}-{len(found) + 1}", "amount": amount, "date": on}
        if line_id is not None:
            taken["line_id"] = line_id
        found.append(taken | {"reason": dice.pick(("cancelled", "early_payoff", "other"))})
    return before | {"chargebacks": found} if found else before


def _refunded(sketch: Sketch, whole: Data, before: Data, on: date) -> Data:
    """What we owe on the customer's account is given back; the sale stands."""
    if before["balance_due"] >= 0:
        return before
    return before | {"refunds": _refunds(sketch, -before["balance_due"], on), "balance_due": Decimal(0)}


def _unwound(sketch: Sketch, whole: Data, before: Data, on: date) -> Data:
    """The sale is taken back, and all that the customer paid is given back: at once, in parts, or agreed only."""
    event: Data = {"at": on, "event": "unwound", "reason": sketch.dice.pick(_REASONS)}
    return before | {"lifecycle": [event], "refunds": _refunds(sketch, _paid(before), on)}


def _cancelled(sketch: Sketch, whole: Data, before: Data, on: date) -> Data:
    """Called off before it was sold: there is nothing but the deposit, and its refund."""
    data = _sold(sketch, whole, before, date.min)
    data |= {"status": "cancelled", "lifecycle": [{"at": on, "event": "cancelled"}]}
    return data | {"refunds": _refunds(sketch, _paid(data), on)}


_MAKE: dict[StepName, Callable[[Sketch, Data, Data, date], Data]] = {
    "sold": _sold,
    "settled": _settled,
    "amended": _amended,
    "restored": _restored,
    "charged back": _charged_back,
    "refunded": _refunded,
    "unwound": _unwound,
    "cancelled": _cancelled,
}


def _paid(data: Data) -> Decimal:
    """All that the customer paid."""
    return sum((part["amount"] for group in ("deposits", "payments") for part in data.get(group, ())), Decimal(0))


def _refunds(sketch: Sketch, left: Decimal, on: date) -> list[Data]:
    """An amount given back from a day on: at once, in parts, or agreed only."""
    dice, unit = sketch.dice, minor_unit(sketch.currency)
    found: list[Data] = []
    while left:
        more = dice.percent(25) and left > unit and len(found) < 2
        amount = dice.whole(1, int(left / unit) - 1) * unit if more else left
        left -= amount
        refund: Data = {"refund_id": f"X{sketch.number:06d}-{len(found) + 1}", "amount": amount}
        if dice.percent(80):
            refund["method"] = dice.pick(METHODS)
        found.append(refund | {"date": dice.after(on, 0, 10)})
    return found


def _last_fact(data: Data) -> date:
    """The last day on which something happened."""
    days: list[date] = [data["dates"]["delivery"]]
    days += [part["date"] for group in _LATER for part in data.get(group, ())]
    days += [trade["payoff_paid"]["date"] for trade in data.get("trade_ins", ()) if "payoff_paid" in trade]
    return max(*days, data.get("amended_at") or days[0], days[0])


def _closed(dice: Dice, name: StepName, on: date) -> date | None:
    """Mostly nothing is closed; else the month before, or at times the very month."""
    if not dice.percent(30):
        return None
    first = on.replace(day=1)
    if dice.percent(20) and name not in ("sold", "settled"):
        first = (first + timedelta(days=32)).replace(day=1)
    return first - timedelta(days=1)
