"""Arithmetic that all parts share: extend, round, and take the tax out of a price (posting-rules.md section 2).

Products of decimals are exact under `EXACT`; a fraction such as r/(1+r) is worked out in whole minor units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

from dealbooks.money import MoneyError, RoundingMode, minor_digits, minor_unit

ZERO = Decimal(0)
ONE = Decimal(1)

# Two amounts of the widest kind multiply to 54 digits: nothing that we multiply is ever cut by the context.
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


def cut(value: Decimal, currency: str, mode: RoundingMode = "half_up") -> Decimal:
    """Round to the minor unit: half up is away from zero, floor is towards zero."""
    return value.quantize(minor_unit(currency), ROUND_HALF_UP if mode == "half_up" else ROUND_DOWN)


def extend(quantity: Decimal, each: Decimal, currency: str) -> Decimal:
    """Quantity times the price or cost of one, rounded half up before anything is summed."""
    amount = each if quantity == ONE else quantity * each
    unit = minor_unit(currency)
    return amount if amount.same_quantum(unit) else amount.quantize(unit, ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, a Decimal for an empty sum too."""
    return sum(amounts, ZERO)


def inside(rate: Decimal) -> tuple[int, int]:
    """The fraction of a price that is tax at this rate, r/(1+r), as numerator and denominator: 0.20 gives 1/6."""
    top, bottom = rate.as_integer_ratio()
    return top, top + bottom


def shares_of(
    amounts: Iterable[Decimal], numerator: int, denominator: int, currency: str, mode: RoundingMode = "half_up"
) -> list[Decimal]:
    """A fraction of each amount, rounded once to the minor unit; exact before the rounding."""
    numerator *= 10 ** minor_digits(currency)
    half_up, unit = mode == "half_up", minor_unit(currency)
    found: list[Decimal] = []
    for amount in amounts:
        top, bottom = amount.as_integer_ratio()
        bottom *= denominator
        whole, rest = divmod(abs(top) * numerator, bottom)
        if half_up and 2 * rest >= bottom:
            whole += 1
        found.append((whole if top >= 0 else -whole) * unit)
    return found


def share_of(
    amount: Decimal, numerator: int, denominator: int, currency: str, mode: RoundingMode = "half_up"
) -> Decimal:
    """A fraction of an amount, rounded once to the minor unit; exact before the rounding."""
    return shares_of((amount,), numerator, denominator, currency, mode)[0]


def tax_inside(amount: Decimal, rate: Decimal, currency: str, mode: RoundingMode = "half_up") -> Decimal:
    """The tax in a price that includes it: amount x r/(1+r), rounded; the net is the rest, never worked out first."""
    return shares_of((amount,), *inside(rate), currency, mode)[0]


def taxes_inside(
    amounts: Iterable[Decimal], rate: Decimal, currency: str, mode: RoundingMode = "half_up"
) -> list[Decimal]:
    """The tax in each of some prices that include it, each rounded by itself."""
    return shares_of(amounts, *inside(rate), currency, mode)


def spread_tax(
    amounts: Sequence[Decimal], rate: Decimal, currency: str, mode: RoundingMode = "half_up"
) -> list[Decimal]:
    """Tax of a whole document, given back to its lines (G21): the tax is rounded once on the sum; each line has its
    exact tax cut to the minor unit, and the units left over go to the largest remainders, first listed first. The size
    of a remainder counts, also of a line that is taken off the price.

    Raises:
        MoneyError: when an amount has more decimals than the currency.
    """
    if len(amounts) == 1:
        return [tax_inside(amounts[0], rate, currency, mode)]
    numerator, denominator = inside(rate)
    whole, each, rests = 0, [], []
    for amount in amounts:
        units = in_units(amount, currency)
        tax, rest = divmod(abs(units) * numerator, denominator)
        each.append(tax if units >= 0 else -tax)
        rests.append(rest)
        whole += units
    due, rest = divmod(abs(whole) * numerator, denominator)
    if mode == "half_up" and 2 * rest >= denominator:
        due += 1
    spare = (due if whole >= 0 else -due) - sum(each)
    if spare:
        for index in sorted(range(len(each)), key=lambda i: (-rests[i], i))[: abs(spare)]:
            each[index] += 1 if spare > 0 else -1
    unit = minor_unit(currency)
    return [tax * unit for tax in each]


def in_units(amount: Decimal, currency: str) -> int:
    """An amount as a number of minor units.

    Raises:
        MoneyError: when it has more decimals than the currency.
    """
    scale: int = 10 ** minor_digits(currency)
    top, bottom = amount.as_integer_ratio()
    units, rest = divmod(top * scale, bottom)
    if rest:
        raise MoneyError(f"{amount} has more decimals than {currency} allows")
    return units


def split(amount: Decimal, shares: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split a rounded amount, not below nil, by shares that add up to 1: each is cut to the unit, and the units left
    over go to the largest remainders, first listed first (deal-model.md section 8)."""
    if len(shares) == 1:
        return [amount]
    unit = minor_unit(currency)
    exact = [amount * share for share in shares]
    parts = [part.quantize(unit, ROUND_DOWN) for part in exact]
    spare = int((amount - total(parts)) / unit)
    if spare:
        for index in sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))[:spare]:
            parts[index] += unit
    return parts
