"""Arithmetic that all parts share: extend, round, and take the tax out of a price (posting-rules.md section 2).

Products of decimals are exact under `EXACT`; a fraction such as r/(1+r) is worked out in whole minor units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache

from dealbooks.money import RoundingMode, allocate, minor_digits, minor_unit

ZERO = Decimal(0)
ONE = Decimal(1)

# Two amounts of the widest kind multiply to 54 digits: nothing that we multiply is ever cut by the context.
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


def cut(value: Decimal, currency: str, mode: RoundingMode = "half_up") -> Decimal:
    """Round to the minor unit: half up is away from zero, floor is towards zero."""
    return value.quantize(minor_unit(currency), ROUND_HALF_UP if mode == "half_up" else ROUND_DOWN)


def extend(quantity: Decimal, each: Decimal, currency: str) -> Decimal:
    """Quantity times the price or cost of one, rounded half up before anything is summed."""
    return (quantity * each).quantize(minor_unit(currency), ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, a Decimal for an empty sum too."""
    return sum(amounts, ZERO)


@lru_cache(maxsize=512)
def inside(rate: Decimal) -> tuple[int, int]:
    """The fraction of a price that is tax at this rate, r/(1+r), as numerator and denominator: 0.20 gives 1/6."""
    part = Fraction(rate) / (1 + Fraction(rate))
    return part.numerator, part.denominator


def share_of(
    amount: Decimal, numerator: int, denominator: int, currency: str, mode: RoundingMode = "half_up"
) -> Decimal:
    """A fraction of an amount, rounded once to the minor unit; exact before the rounding."""
    digits = minor_digits(currency)
    top, bottom = amount.as_integer_ratio()
    whole, rest = divmod(abs(top) * numerator * 10**digits, bottom * denominator)
    if mode == "half_up" and 2 * rest >= bottom * denominator:
        whole += 1
    return Decimal(whole if top >= 0 else -whole).scaleb(-digits)


def tax_inside(amount: Decimal, rate: Decimal, currency: str, mode: RoundingMode = "half_up") -> Decimal:
    """The tax in a price that includes it: amount x r/(1+r), rounded; the net is the rest, never worked out first."""
    numerator, denominator = inside(rate)
    return share_of(amount, numerator, denominator, currency, mode)


def spread_tax(
    amounts: Sequence[Decimal], rate: Decimal, currency: str, mode: RoundingMode = "half_up"
) -> list[Decimal]:
    """Tax of a whole document, given back to its lines (G21): the tax is rounded once on the sum; each line has its
    exact tax cut to the minor unit, and the units left over go to the largest remainders, first listed first."""
    numerator, denominator = inside(rate)
    unit = minor_unit(currency)
    each = [share_of(amount, numerator, denominator, currency, "floor") for amount in amounts]
    spare = int((share_of(total(amounts), numerator, denominator, currency, mode) - total(each)) / unit)
    if spare:
        fraction = Fraction(numerator, denominator)
        rest = [abs(Fraction(amount) * fraction - Fraction(tax)) for amount, tax in zip(amounts, each, strict=True)]
        for index in sorted(range(len(each)), key=lambda i: (-rest[i], i))[: abs(spare)]:
            each[index] += unit if spare > 0 else -unit
    return each


def split(amount: Decimal, shares: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split a rounded amount by shares, to the unit (deal-model.md section 8)."""
    return [amount] if len(shares) == 1 else allocate(amount, shares, currency)
