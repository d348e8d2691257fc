"""Rows of the demo that must be refused, each for another reason, and the reason that must be given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from dealbooks.demo.cars import spoil_vin
from dealbooks.demo.recipes import Recipe
from dealbooks.demo.sales import Row

Kind = Literal[
    "missing cost", "no tax acquisition", "impossible date", "wrong check digit", "total off by 0.40", "unknown lender",
    "scientific notation", "no lienholder",
]  # fmt: skip

_UK_USED = Recipe(1, "used", "margin", fees=("admin",), pay=("card",))
_US_CASH = Recipe(1, "used", fees=("doc", "title"))
_US_FINANCED = Recipe(1, "used", finance="retail_instalment", fees=("doc", "title"), products=("gap",))
_US_LIEN = Recipe(1, "used", finance="retail_instalment", fees=("doc", "title"), trade="lien")
_UNKNOWN_LENDER = "Granite Peak Funding"


@dataclass(frozen=True, slots=True)
class Flaw:
    """A deal that must be quarantined: `code` is the rule that refuses it, `says` a part of the reason given."""

    deal_number: str
    book: str
    store: str
    kind: Kind
    code: str
    says: str
    delivered: date
    recipe: Recipe


FLAWS: tuple[Flaw, ...] = (
    Flaw(
        "NG-79001", "northgate", "LEEDS", "missing cost", "R007", "cost of the car is missing", date(2026, 7, 9),
        _UK_USED,
    ),
    Flaw(
        "NG-79002", "northgate", "LEEDS", "no tax acquisition", "R001", "acquired for tax", date(2026, 8, 20), _UK_USED
    ),
    Flaw("NG-79003", "northgate", "LEEDS", "impossible date", "F107", "2026-09-31", date(2026, 9, 29), _UK_USED),
    Flaw(
        "SC-29001", "suncoast", "TAMPA", "wrong check digit", "D043", "fails its check digit", date(2026, 7, 8),
        _US_CASH,
    ),
    Flaw(
        "SC-29002", "suncoast", "TAMPA", "total off by 0.40", "F115", "a difference of 0.40", date(2026, 7, 14),
        _US_CASH,
    ),
    Flaw("SC-29003", "suncoast", "TAMPA", "unknown lender", "R002", _UNKNOWN_LENDER, date(2026, 8, 6), _US_FINANCED),
    Flaw(
        "SC-29004", "suncoast", "BRANDON", "scientific notation", "F104", "scientific notation", date(2026, 8, 19),
        _US_CASH,
    ),
    Flaw(
        "SC-29005", "suncoast", "BRANDON", "no lienholder", "D093", "lienholder is missing", date(2026, 9, 15), _US_LIEN
    ),
)  # fmt: skip


def flawed_row(row: Row, kind: Kind) -> Row:
    """The row with its flaw, and nothing else wrong with it."""
    match kind:
        case "missing cost":
            return row | {"vehicle_cost": ""}
        case "no tax acquisition":
            return row | {"tax_acquisition": ""}
        case "impossible date":
            return row | {"sale_date": "2026-09-31"}
        case "wrong check digit":
            return row | {"vin": spoil_vin(row["vin"])}
        case "total off by 0.40":  # paid as stated, so that only the sum of its parts is wrong
            return row | {name: f"{Decimal(row[name]) + Decimal('0.40'):f}" for name in ("total", "bank_transfer_paid")}
        case "unknown lender":
            return row | {"finance_company": _UNKNOWN_LENDER}
        case "scientific notation":
            return row | {"vehicle_price": f"{Decimal(row['vehicle_price']):.2E}"}
        case "no lienholder":
            return row | {"trade1_payoff_lender": ""}
