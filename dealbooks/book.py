"""A book: one legal entity's accounting, and the policies that its accountant signed off. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

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
