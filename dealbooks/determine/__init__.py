"""Determine: fills a draft from the effective-dated rules of a book. Pure: no clock, no store, no network.

    (draft, rulebook, book) -> Determined(deal, provenance, findings)

What the source states wins and is compared; each field filled records the rule that filled it; what cannot be derived
gives a finding, never a guess. The rules in force on the delivery date hold (else accounting, else contract date).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealbooks.book import Book
from dealbooks.determine.bands import fill_bands
from dealbooks.determine.commission import fill_commissions
from dealbooks.determine.compare import commission_by_plan, compare_commissions, compare_tax_total
from dealbooks.determine.credits import fill_input_tax, fill_trade_in_credits
from dealbooks.determine.destination import fill_destination
from dealbooks.determine.finance import fill_finance
from dealbooks.determine.identity import (
    deciding_date,
    fill_class,
    fill_customer,
    fill_dates,
    fill_entity,
    fill_location,
)
from dealbooks.determine.lines import fill_cost, fill_lines
from dealbooks.determine.luxury import fill_luxury_car_tax
from dealbooks.determine.rulebook import Rulebook, load_rulebook, parse_rulebook
from dealbooks.determine.second_hand import fill_second_hand_credit, fill_trade_in_tax
from dealbooks.determine.settlement import fill_settlement, fill_total
from dealbooks.determine.tax import compare_rates, fill_exemption, fill_scheme, fill_tax, fill_tax_point
from dealbooks.determine.trades import fill_trades
from dealbooks.determine.work import Work, finding, plain_copy
from dealbooks.draft import Determined, Draft

__all__ = [
    "Rulebook",
    "commission_by_plan",
    "compare_commissions",
    "compare_tax_total",
    "determine",
    "load_rulebook",
    "parse_rulebook",
]


def determine(
    draft: Draft, *, rulebook: Rulebook, book: Book, source_system: str, locations: Mapping[str, Any]
) -> Determined:
    """Fill a draft from the rules in force on its date; the draft itself is left as it is.

    `locations` holds the book's locations by name; empty: the rulebook's own are enough. `deal` validates as a Deal
    unless a finding of severity E says why not. Provenance paths are those of the deal: `lines[2].tax_code`; where a
    whole part was filled by one rule, the path of the part stands for all in it.
    """
    deal: dict[str, Any] = plain_copy(draft.deal)
    day = deciding_date(deal.get("dates") or {})
    if day is None:
        return Determined(deal, {}, (finding("R012", "dates.contract"),))
    rules = rulebook.on(day)
    work = Work(deal, draft.said, rulebook, rules, book, day)
    fill_entity(work, source_system)
    defaults = rules.defaults
    if defaults is None:
        work.found("R008", "", "defaults", section="defaults", date=day)
        return Determined(deal, work.provenance, tuple(work.findings))
    fill_location(work, locations)
    fill_dates(work)
    fill_class(work, defaults)
    fill_customer(work)
    fill_cost(work)
    fill_tax(work, defaults)
    fill_scheme(work)
    fill_destination(work)
    fill_exemption(work)
    fill_lines(work)
    fill_luxury_car_tax(work)
    fill_second_hand_credit(work)
    fill_trades(work, defaults)
    fill_trade_in_tax(work)
    fill_trade_in_credits(work)
    fill_bands(work)
    fill_input_tax(work)
    fill_settlement(work, defaults)
    fill_total(work, defaults)
    fill_tax_point(work)
    fill_finance(work, defaults)
    fill_commissions(work)
    compare_rates(work)
    return Determined(deal, work.provenance, tuple(work.findings))
