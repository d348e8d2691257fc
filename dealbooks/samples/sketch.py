"""A deal in the making: the dice, the market and the shape that it is of, and the fields drawn so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dealbooks.money import minor_digits, minor_unit
from dealbooks.samples.dice import Dice
from dealbooks.samples.markets import Market, entity_of
from dealbooks.samples.shapes import Shape

Data = dict[str, Any]
HOME, BRANCH = "MAIN", "BRANCH"
MOST_NUMBERS = 999_999
LEVEL = 100


@dataclass(frozen=True, slots=True)
class Own:
    """What a deal is given rather than drawn: its number, from 1 to 999,999, which its stock numbers, receipts and VINs
    are made with; and the days between which the car is delivered."""

    number: int | None = None
    first: date = date(2026, 1, 2)
    last: date = date(2026, 12, 28)


class Sketch:
    """What the steps of making a deal share. `data` are the deal's fields, with Decimal amounts and dates."""

    def __init__(self, dice: Dice, region: str, market: Market, shape: Shape, own: Own) -> None:
        self.dice = dice
        self.region = region
        self.market = market
        self.shape = shape
        self.base = market.currency
        self.currency = dice.pick(sorted(market.foreign)) if "foreign" in shape.also else self.base
        self.rate = market.foreign[self.currency] if self.foreign else Decimal(1)
        self.level = max(int(market.level / self.rate), 1)
        self.sale_class = dice.pick(shape.sale_classes)
        self.delivered = dice.day(own.first, own.last)
        drawn = dice.whole(1, MOST_NUMBERS)
        self.number = drawn if own.number is None else own.number
        self.data: Data = {
            "source_system": "samples",
            "deal_id": f"{region.upper()}-{self.number:06d}",
            "deal_type": shape.deal_type,
            "sale_class": self.sale_class,
            "legal_entity": entity_of(region, self.base),
            "location": HOME,
            "currency": self.currency,
            "base_currency": self.base,
        }

    @property
    def foreign(self) -> bool:
        """Whether the deal is in another currency than the book."""
        return self.currency != self.base

    @property
    def used(self) -> bool:
        """Whether the car is a used one."""
        return self.sale_class in ("used", "cpo", "wholesale")

    def amount(self, low: int, high: int) -> Decimal:
        """An amount of the deal's currency, at the market's level of prices: low and high are US amounts."""
        return self.dice.amount(*self._level(low, high, self.level), minor_digits(self.currency))

    def base_amount(self, low: int, high: int) -> Decimal:
        """The same in the currency of the book."""
        return self.dice.amount(*self._level(low, high, self.market.level), minor_digits(self.base))

    @staticmethod
    def _level(low: int, high: int, level: int) -> tuple[int, int]:
        lowest = max(low * level // LEVEL, 1)
        return lowest, max(high * level // LEVEL, lowest)

    def part(self, whole: Decimal, percent: int) -> Decimal:
        """So many hundredths of an amount of the deal, to the minor unit."""
        return (whole * percent / LEVEL).quantize(minor_unit(self.currency), ROUND_HALF_UP)

    def in_base(self, amount: Decimal) -> Decimal:
        """What an amount of the deal is worth in the currency of the book, at the deal's rate."""
        return (amount * self.rate).quantize(minor_unit(self.base), ROUND_HALF_UP)
