"""The markets of made-up deals, read from markets.yaml: what a sale is taxed with, and in which money."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter

from dealbooks.book import Book, Policies, Regime
from dealbooks.charts import load_chart
from dealbooks.deal.fields import LineKind
from dealbooks.deal.parts import LuxuryCarTax, Tax, TaxComponent
from dealbooks.yamlfile import read_yaml

REGIONS: tuple[Regime, ...] = get_args(Regime)
_FILE = Path(__file__).with_name("markets.yaml")


class TradedIn(BaseModel):
    """The input tax of a traded car: inside the allowance, or charged on top of it by a registered customer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    inside: str | None = None
    on_top: Decimal | None = None


class SecondHand(BaseModel):
    """The credit for a second-hand car on its resale."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fraction: str
    tax_code: str


class Market(BaseModel):
    """One market of a region, as markets.yaml explains."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    region: str
    currency: str
    level: int = 100
    tax: Tax
    codes: dict[str, str] = {}
    taxed: frozenset[LineKind] = frozenset()
    groups: dict[LineKind, str] = {}
    leases: tuple[tuple[TaxComponent, ...], ...] = ()
    lct: LuxuryCarTax | None = None
    second_hand: SecondHand | None = None
    traded_in: TradedIn | None = None
    authority: str
    vat_number: str | None = None
    foreign: dict[str, Decimal] = {}
    source: str


@lru_cache(maxsize=1)
def _all() -> dict[str, tuple[Market, ...]]:
    found: Any = read_yaml(_FILE)
    return TypeAdapter(dict[str, tuple[Market, ...]]).validate_python(found)


def markets(region: str) -> tuple[Market, ...]:
    """The markets of a region.

    Raises:
        KeyError: for a region that there is none of; REGIONS lists them.
    """
    return _all()[region]


def fields_of(part: BaseModel) -> dict[str, Any]:
    """The fields that were stated of a part of a deal, with their Decimal amounts as they are."""
    return {name: _plain(getattr(part, name)) for name in type(part).model_fields if name in part.model_fields_set}


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return fields_of(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def entity_of(region: str, currency: str) -> str:
    """The legal entity that sells in a market: one for each region and currency of its books."""
    return f"SAMPLE-{region.upper()}-{currency}"


@lru_cache(maxsize=64)
def sample_book(
    region: Regime,
    currency: str,
    fi_presentation: Literal["gross", "net"] = "gross",
    vat_period_starts: tuple[int, ...] = (),
) -> Book:
    """The book of a market's entity, with the shipped chart of accounts of its region."""
    entity = entity_of(region, currency)
    policies = Policies(fi_presentation=fi_presentation, vat_period_starts=vat_period_starts)
    return Book(entity.lower(), entity, currency, region, load_chart(region), policies)
