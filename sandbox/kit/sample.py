"""A dealership's books as plain data: what a stand-in is furnished with, so that those books can be kept in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

DEPARTMENTS = ("new", "used", "service")


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """An account of the dealership's chart; `type` is asset, liability, equity, income, contra_income, cost_of_sales
    or expense, `role` what it is used for (`cash.bank`)."""

    role: str
    number: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class SampleBooks:
    """The books: `country` is US, GB, AU or NZ; `places` are names of locations."""

    name: str
    country: str
    currency: str
    accounts: Sequence[SampleAccount]
    places: Sequence[str]
    departments: Sequence[str] = DEPARTMENTS

    def each(self) -> Sequence[SampleAccount]:
        """Every account once: several roles may share one."""
        return tuple({account.number: account for account in reversed(self.accounts)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class Furnished:
    """What a connection to a furnished stand-in is set to: names of settings, a path added to the address for those of
    `addresses`, and the secret ones apart."""

    settings: Mapping[str, Any]
    addresses: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SampleSale:
    """A completed sale of a used car under the margin scheme in the United Kingdom, paid by bank transfer."""

    number: int
    customer: str
    vin: str
    year: int
    make: str
    model: str
    cost: str
    price: str
    sold: date
    delivered: date

    @property
    def car(self) -> str:
        """What it says on the line."""
        return f"{self.year} {self.make} {self.model}"


def sample_sales(now: datetime) -> tuple[SampleSale, ...]:
    """A few sales of the last days."""
    day = now.date()
    return (
        SampleSale(
            501, "Harriet Thackray", "TMBJR7NX9TE000501", 2022, "Skoda", "Octavia", "12400.00", "14995.00",
            day - timedelta(days=4), day - timedelta(days=2),
        ),
        SampleSale(
            502, "Owen Pritchard", "TMBJR7NX0TE000502", 2021, "Skoda", "Octavia", "9850.00", "11750.00",
            day - timedelta(days=3), day - timedelta(days=2),
        ),
        SampleSale(
            503, "Nasreen Malik", "TMBJR7NX2TE000503", 2023, "Skoda", "Octavia", "15200.00", "17995.00",
            day - timedelta(days=2), day - timedelta(days=1),
        ),
    )  # fmt: skip
