"""Invented cars for the demo: catalogue, vehicle identification numbers with their check digit, number plates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

# Values and weights of 49 CFR 565.15 (table III and IV); position 9 is the check digit.
_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"
_FIRST_CODED_YEAR = 2010
_PLATE_LETTERS = "ABCDEFGHJKLMNOPRSTUVWXY"
_FIRST_HALF, _SECOND_HALF = 3, 9  # new plates come out on 1 March and 1 September


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the catalogue. `vin_start` are positions 1 to 8; `list_price` is new, in the group's own currency."""

    make: str
    model: str
    trim: str
    vin_start: str
    list_price: Decimal


@dataclass(frozen=True, slots=True)
class Car:
    """A car in stock. `cost` is its carrying amount without reconditioning; `stock_book` what the stock book says was
    paid, for cars bought under the margin scheme. `came_from` is the deal it was taken in with, if it was."""

    stock_no: str
    vin: str
    registration: str
    year: int
    make: str
    model: str
    trim: str
    odometer: int
    cost: Decimal
    recon: Decimal = Decimal(0)
    stock_book: Decimal | None = None
    acquired: str = ""
    came_from: str = ""


def _models(*rows: tuple[str, str, str, str, int]) -> tuple[Model, ...]:
    return tuple(Model(*row[:4], Decimal(row[4])) for row in rows)


UK_MODELS = _models(
    ("Volkswagen", "Golf", "1.5 TSI Life", "WVWZZZCD", 28940),
    ("Volkswagen", "Tiguan", "1.5 eTSI R-Line", "WVGZZZCT", 39995),
    ("Skoda", "Octavia", "1.5 TSI SE L", "TMBJR7NX", 29195),
    ("Skoda", "Karoq", "1.5 TSI SE", "TMBLK7NU", 31750),
    ("Audi", "A3 Sportback", "35 TFSI S line", "WAUZZZGY", 33480),
    ("BMW", "320i", "M Sport", "WBA5R120", 44275),
    ("BMW", "X3", "xDrive20d", "WBA11GP0", 48870),
    ("Land Rover", "Discovery Sport", "D200 S", "SALCA2BN", 47220),
    ("Nissan", "Qashqai", "1.3 DIG-T Acenta", "SJNJ1ABA", 30610),
    ("Ford", "Puma", "1.0 EcoBoost ST-Line", "WF02XXER", 28540),
    ("Renault", "Clio", "TCe 90 Evolution", "VF1RJA00", 19495),
    ("Peugeot", "e-208", "GT Electric", "VR3UHZKX", 31950),
    ("Toyota", "Yaris", "1.5 Hybrid Icon", "VNKKBAC3", 23645),
    ("MINI", "Cooper C", "Exclusive", "WMW51XM0", 26300),
)
UK_VANS = _models(
    ("Ford", "Transit Custom", "280 Trend L1", "WF0YXXTT", 38340),
    ("Volkswagen", "Caddy Cargo", "2.0 TDI Commerce", "WV1ZZZSK", 29520),
)
US_MODELS = _models(
    ("Honda", "Accord", "EX-L", "1HGCY2F7", 34750),
    ("Honda", "CR-V", "Sport Touring", "7FARS6H9", 40500),
    ("Toyota", "Camry", "XSE", "4T1K61AK", 36425),
    ("Toyota", "RAV4", "Limited", "2T3N1RFV", 38670),
    ("Ford", "F-150", "XLT SuperCrew", "1FTEW3LP", 54890),
    ("Ford", "Explorer", "ST-Line", "1FMUK7KH", 47450),
    ("Chevrolet", "Silverado 1500", "LT", "1GCPDKEK", 52195),
    ("Chevrolet", "Equinox", "RS", "3GNAXMEG", 34895),
    ("Nissan", "Rogue", "SV", "5N1BT3BA", 32640),
    ("Hyundai", "Tucson", "SEL", "5NMJBCAE", 33050),
    ("Kia", "Telluride", "EX", "5XYP3DGC", 44190),
    ("Tesla", "Model 3", "Long Range", "5YJ3E1EB", 42490),
    ("BMW", "X5", "xDrive40i", "5UX23EU0", 68900),
    ("Jeep", "Wrangler", "Sahara", "1C4PJXEG", 51295),
)


def check_digit(vin: str) -> str:
    """The character that position 9 needs: 49 CFR 565.15(c)."""
    rest = sum(_VALUES[sign] * weight for sign, weight in zip(vin, _WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def make_vin(start: str, year: int, serial: int, plant: str) -> str:
    """A VIN with a valid check digit from its first eight characters, model year, plant and serial number."""
    code = _YEAR_CODES[(year - _FIRST_CODED_YEAR) % len(_YEAR_CODES)]
    draft = f"{start}0{code}{plant}{serial:06d}"
    return draft[:8] + check_digit(draft) + draft[9:]


def spoil_vin(vin: str) -> str:
    """The same VIN with a check digit that is wrong."""
    return vin[:8] + ("7" if vin[8] != "7" else "3") + vin[9:]


def make_plate(rng: Random, registered: date) -> str:
    """A UK number plate in the form of 2001, for a car first registered on that day."""
    year = registered.year % 100
    if registered.month >= _SECOND_HALF:
        age = year + 50
    elif registered.month >= _FIRST_HALF:
        age = year
    else:
        age = year + 49
    letters = "".join(rng.choice(_PLATE_LETTERS) for _ in range(3))
    return f"{rng.choice('LMNPSVWY')}{rng.choice('ABCDEFGHJKLMNPRST')}{age:02d} {letters}"
