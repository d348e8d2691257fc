"""A dealership's books as plain data: what a stand-in is furnished with, so that those books can be kept in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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

    settings: Mapping[str, str]
    addresses: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
