"""A book: one legal entity's accounting, and the policies that its accountant signed off. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

AccountType = Literal["asset", "liability", "equity", "income", "contra_income", "cost_of_sales", "expense"]
Regime = Literal["us", "uk", "au", "eu", "ca", "nz", "jp", "gulf"]


class Account(BaseModel):
    """One account of a chart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = Field(description="The account's number or code in the dealership's chart.")
    name: str = Field(description="The account's name.")
    type: AccountType = Field(description="What kind of account it is.")


class Chart(BaseModel):
    """Maps every account role to an account of the dealership's own chart (posting-rules.md section 8)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="The chart's name.")
    roles: Mapping[str, Account] = Field(description="Role -> account.")


class Policies(BaseModel):
    """Accounting choices of a book, agreed with its accountant; none is a silent default of the code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fi_presentation: Literal["gross", "net"] = Field(
        "gross", description="F&I products as sale and cost (management presentation), or as commission only (agency)."
    )
    vat_period_starts: tuple[Annotated[int, Field(ge=1, le=12)], ...] = Field(
        (),
        description="The months in which the book's VAT periods begin ([1, 4, 7, 10] for calendar quarters, all twelve"
        " for monthly returns): a deposit taken in an earlier period than its sale is taxed there. Left out, deposits"
        " are taxed with the sale.",
    )


def vat_period(starts: Iterable[int], day: date) -> tuple[int, int] | None:
    """The (year, first month) of the VAT period that a day is in; None for a book without VAT periods."""
    months = sorted(starts)
    if not months:
        return None
    begun = [month for month in months if month <= day.month]
    return (day.year, begun[-1]) if begun else (day.year - 1, months[-1])


@dataclass(frozen=True, slots=True)
class Book:
    """What the posting rules need to know of a book."""

    name: str
    legal_entity: str
    currency: str
    regime: Regime
    chart: Chart | None = None
    policies: Policies = field(default_factory=Policies)


@dataclass(frozen=True, slots=True)
class Locks:
    """Until when a book is closed: nothing may be dated on or before this day. None: nothing is closed."""

    closed_through: date | None = None


@dataclass(frozen=True, slots=True)
class OtherBook:
    """The book of another legal entity of the group, from which a car of this deal came."""

    book: Book | None = None
    locks: Locks = field(default_factory=Locks)
