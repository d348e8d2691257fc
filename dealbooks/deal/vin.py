"""What can be told of a vehicle identification number by itself (ISO 3779; check digit 49 CFR 565.15)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from vininfo import Vin

# 49 CFR 565.15(c): what each character counts, the weight of each position, and 10 written as X.
_VALUES = {sign: int(value) for sign, value in zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True)}
_VALUES |= {sign: int(sign) for sign in "0123456789"}
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_DIGITS = "0123456789X"
_SHAPE = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_NORTH_AMERICA = frozenset("12345")
_CHECK_POSITION = 8  # position 9, counted from one

VinState = Literal["valid", "missing", "impossible", "short", "wrong_check_digit", "no_check_digit"]


@dataclass(frozen=True, slots=True)
class VinReading:
    """`should` is the check digit that position 9 would need, where the state is about it."""

    state: VinState
    should: str = ""


@lru_cache(maxsize=8192)
def read_vin(text: str | None) -> VinReading:
    """Judge a VIN. Shorter ones are old or imported chassis numbers, of which nothing more can be told; the check digit
    is certain only for cars made in North America (first character 1 to 5): elsewhere it is `no_check_digit`."""
    vin = (text or "").strip().upper()
    if not vin:
        return VinReading("missing")
    if len(vin) < 17:
        return VinReading("short")
    if not _SHAPE.fullmatch(vin):
        return VinReading("impossible")
    if not _has_check_digit(vin[:3]):
        return VinReading("valid")
    should = _check_digit(vin)
    if vin[_CHECK_POSITION] == should:
        return VinReading("valid")
    return VinReading("wrong_check_digit" if vin[0] in _NORTH_AMERICA else "no_check_digit", should)


@lru_cache(maxsize=4096)
def _has_check_digit(maker: str) -> bool:
    """Whether a maker, by the first three characters, uses position 9 for one (Ford Australia does not)."""
    return bool(getattr(Vin(f"{maker:0<17}").assembler, "uses_sae_checkdigit", True))


def _check_digit(vin: str) -> str:
    """The character that position 9 of a well-formed VIN needs; that position itself has no weight."""
    return _DIGITS[sum(_VALUES[sign] * weight for sign, weight in zip(vin, _WEIGHTS, strict=True)) % 11]
