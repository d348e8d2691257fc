"""What every rule of a rulebook is made of: effective dates, a source, and the kinds of value that a file may hold.

Amounts and rates are exact decimals written in quotes. Names to match are compared without case and punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    model_validator,
)

from dealbooks.money import Amount, MoneyError, exact

_NOT_WORDS = re.compile(r"[\W_]+")


def words(text: str) -> str:
    """A name as it is compared: lower case, its words parted by one space, punctuation left out."""
    return _NOT_WORDS.sub(" ", text.casefold()).strip()


def occurs(phrase: str, said: str) -> bool:
    """Whether a phrase occurs in a name as whole words; both as `words` writes them."""
    return f" {phrase} " in f" {said} "


def _phrase(text: str) -> str:
    if not words(text):
        raise ValueError("a name to match needs at least one letter or digit")
    return words(text)


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _fraction(rate: Decimal) -> Decimal:
    if not 0 <= rate <= 1:
        raise ValueError(f"{rate} is no rate: write a rate as a fraction of 1, 7.25 percent as 0.0725")
    return rate


def _rate(value: object) -> str:
    if value == "margin":
        return "margin"
    try:
        _fraction(exact(value))
    except MoneyError as error:
        raise ValueError(f"{error}; or the word margin") from error
    return str(value)


Phrase = Annotated[str, AfterValidator(_phrase)]
Code = Annotated[str, BeforeValidator(_upper), StringConstraints(min_length=1, max_length=64)]
Rate = Annotated[Amount, AfterValidator(_fraction)]
RateOrMargin = Annotated[str, BeforeValidator(_rate)]
Source = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]


class Strict(BaseModel):
    """Base of every part of a rulebook: immutable, and a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Dated(Strict):
    """Base of every rule: in force from `from` to `to`, both days included; without `to` until further notice."""

    from_: date = Field(alias="from", description="First day on which the rule holds.")
    to: date | None = Field(None, description="Last day on which it holds; empty: until further notice.")
    source: Source = Field(description="Where the rule comes from: a law, a guide, or who decided it, and when.")

    _why: str = PrivateAttr("")

    @model_validator(mode="after")
    def _in_order(self) -> Dated:
        if self.to is not None and self.to < self.from_:
            raise ValueError(f"to ({self.to}) is before from ({self.from_})")
        return self

    @cached_property
    def why(self) -> str:
        """The rule in words: 'rulebook uk: fees[admin], in force from 2026-01-01'."""
        return self._why

    def called(self, rulebook: str, section: str) -> None:
        """Told once, by the rulebook that holds the rule, where it stands."""
        until = f" to {self.to}" if self.to else ""
        self._why = f"rulebook {rulebook}: {section}[{self.title()}], in force from {self.from_}{until}"

    def title(self) -> str:
        """What tells this rule from the others of its section."""
        raise NotImplementedError

    def answers_for(self) -> Iterable[Hashable]:
        """What the rule answers for; no two rules of a section may hold one key on one day."""
        return (self.title(),)

    def covers(self, day: date) -> bool:
        """Whether the rule is in force on a day."""
        return self.from_ <= day and (self.to is None or day <= self.to)
