"""Exact money: the only place where an amount is made, rounded or split.

An amount is a Decimal in a named currency, cut to the currency's ISO 4217 minor unit. A float never
gets in: `exact` refuses it, and everything else that makes an amount goes through `exact`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

RoundingMode = Literal["half_up", "floor"]

# ISO 4217 minor units, amendment 176 (list one); every other currency has two decimals.
_NO_DECIMALS = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
_THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_FOUR_DECIMALS = frozenset(("CLF", "UYW"))

_CURRENCY = re.compile(r"[A-Z]{3}")
# At most 15 digits before the point and 12 after it: no sum of money needs more, and 1e400 never gets in.
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,12})?")


class MoneyError(ValueError):
    """A value that cannot be an exact amount, or two currencies in one sum."""


@lru_cache(maxsize=256)
def minor_digits(currency: str) -> int:
    """Number of decimals of a currency (ISO 4217): 2 for GBP, 0 for JPY, 3 for KWD."""
    if not _CURRENCY.fullmatch(currency):
        raise MoneyError(f"{currency!r} is not an ISO 4217 currency code (three capital letters, such as GBP)")
    if currency in _NO_DECIMALS:
        return 0
    if currency in _THREE_DECIMALS:
        return 3
    return 4 if currency in _FOUR_DECIMALS else 2


@lru_cache(maxsize=256)
def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: Decimal('0.01') for GBP."""
    return Decimal(1).scaleb(-minor_digits(currency))


def exact(value: object) -> Decimal:
    """Read an exact decimal from a str, int or Decimal.

    Raises:
        MoneyError: for float, bool, NaN, infinity, scientific notation, or more digits than money can have.
    """
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise MoneyError(f"{value} is not a number that can be an amount")
        return _read(format(value, "f"))
    if isinstance(value, str):
        return _read(value)
    if isinstance(value, bool | float):
        raise MoneyError(f"{value!r} is a {type(value).__name__}: amounts are written as text, such as '12.50'")
    if isinstance(value, int):
        return _read(str(value))
    raise MoneyError(f"{type(value).__name__} cannot be an amount")


@lru_cache(maxsize=16_384)
def _read(text: str) -> Decimal:
    """A deal states most of its amounts more than once, and each is read at every stage."""
    if not _PLAIN_NUMBER.fullmatch(text):
        raise MoneyError(f"{text[:40]!r} is not a plain decimal number (digits, and a point before the decimals)")
    return Decimal(text)


def round_exact(value: Decimal | Fraction, digits: int, mode: RoundingMode = "half_up") -> Decimal:
    """Round to a number of decimals; half up is away from zero, floor is towards zero (posting-rules.md section 2)."""
    rounding = ROUND_HALF_UP if mode == "half_up" else ROUND_DOWN
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-digits), rounding)
    scaled = abs(value) * 10**digits
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    if mode == "half_up" and 2 * rest >= scaled.denominator:
        whole += 1
    return Decimal(whole if value >= 0 else -whole).scaleb(-digits)


def round_amount(value: Decimal | Fraction, currency: str, mode: RoundingMode = "half_up") -> Decimal:
    """Round to the minor unit of a currency."""
    return round_exact(value, minor_digits(currency), mode)


def allocate(total: Decimal, weights: Sequence[Decimal | Fraction], currency: str) -> list[Decimal]:
    """Split an amount by weights so that the parts add up to exactly the amount.

    Each part is cut to the minor unit; the units left over go to the largest remainders, first listed first on ties.
    `total` may be negative. Weights must not be negative and not all be zero.

    Raises:
        MoneyError: for weights that split nothing, or an amount with more decimals than the currency.
    """
    digits = minor_digits(currency)
    top, bottom = total.as_integer_ratio()
    units, rest = divmod(abs(top) * 10**digits, bottom)
    if rest:
        raise MoneyError(f"{total} has more decimals than {currency} allows")
    ratios = [weight.as_integer_ratio() for weight in weights]
    common = lcm(*(ratio[1] for ratio in ratios))
    shares = [numerator * (common // denominator) for numerator, denominator in ratios]
    whole = sum(shares)
    if whole <= 0 or min(shares) < 0:
        raise MoneyError("an amount can only be split by weights that are not negative and not all zero")
    parts = [units * share // whole for share in shares]
    spare = units - sum(parts)
    if spare:
        for index in sorted(range(len(parts)), key=lambda i: (-(units * shares[i] % whole), i))[:spare]:
            parts[index] += 1
    return [Decimal(part if top >= 0 else -part).scaleb(-digits) for part in parts]


def amount_text(value: Decimal, currency: str) -> str:
    """Write an amount with the decimals of its currency, no grouping: '1250.00', '129572' for JPY.

    Raises:
        MoneyError: when the amount has more decimals than the currency.
    """
    unit = minor_unit(currency)
    cut = value if value.same_quantum(unit) else value.quantize(unit)
    if cut is not value and cut != value:
        raise MoneyError(f"{value} has more decimals than {currency} allows")
    return format(cut if cut else abs(cut), "f")


@dataclass(frozen=True, slots=True, init=False)
class Money:
    """An amount in a currency, exact to the minor unit. Adding two currencies is an error, never a conversion."""

    amount: Decimal
    currency: str

    def __init__(self, amount: Decimal, currency: str) -> None:
        if type(amount) is not Decimal:
            amount = exact(amount)
        unit = minor_unit(currency)
        if not amount.same_quantum(unit):
            cut = amount.quantize(unit)
            if cut != amount:
                raise MoneyError(f"{amount} has more decimals than {currency} allows")
            amount = cut
        _set_amount(self, amount)
        _set_currency(self, currency)

    @classmethod
    def at_unit(cls, amount: Decimal, currency: str) -> Money:
        """An amount that is cut to the unit of its currency already: what comes of adding and turning such amounts.
        Nothing is checked."""
        made = object.__new__(cls)
        _set_amount(made, amount)
        _set_currency(made, currency)
        return made

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in a currency."""
        return cls(Decimal(0), currency)

    @classmethod
    def total(cls, items: Iterable[Money], currency: str) -> Money:
        """Add up; every item must be in the currency."""
        amount = Decimal(0)
        for item in items:
            if item.currency != currency:
                raise MoneyError(f"cannot add {item.currency} to {currency}")
            amount += item.amount
        return cls(amount, currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise MoneyError(f"cannot combine {self.currency} with {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money.at_unit(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money.at_unit(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money.at_unit(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def split(self, weights: Sequence[Decimal | Fraction]) -> list[Money]:
        """Split by weights; the parts add up to exactly this amount (see `allocate`)."""
        return [Money(part, self.currency) for part in allocate(self.amount, weights, self.currency)]

    def __str__(self) -> str:
        return f"{amount_text(self.amount, self.currency)} {self.currency}"


# How a frozen value is filled, once and at its making; by the field itself, which is quicker than by its name.
_set_amount = Money.__dict__["amount"].__set__
_set_currency = Money.__dict__["currency"].__set__


def _plain(value: Decimal) -> str:
    return format(value, "f")


# A decimal field of a model: read by `exact`, written as plain text, never a float on either side.
Amount = Annotated[
    Decimal, BeforeValidator(exact), PlainSerializer(_plain, return_type=str), WithJsonSchema({"type": "string"})
]
