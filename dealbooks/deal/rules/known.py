"""What the rules of a deal may know besides the deal: the configuration of its book, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dealbooks.book import Regime, vat_period


@dataclass(frozen=True, slots=True)
class Known:
    """None means: not known, so the rules that need it say nothing.

    `vat_period_starts` are the months in which the book's VAT periods begin ((1, 4, 7, 10) for calendar quarters; all
    twelve for monthly returns); empty for a book without VAT periods. `today` is the business date of the book, and
    `future_days` how many days after it a sale may be dated before that is flagged.
    """

    legal_entities: frozenset[str] | None = None
    locations: frozenset[str] | None = None
    sources: frozenset[str] | None = None
    base_currency: str | None = None
    regime: Regime | None = None
    vat_period_starts: tuple[int, ...] = ()
    today: date | None = None
    future_days: int = 0

    def vat_period(self, day: date) -> tuple[int, int] | None:
        """The (year, first month) of the VAT period that a day is in."""
        return vat_period(self.vat_period_starts, day)


NOTHING_KNOWN = Known()
