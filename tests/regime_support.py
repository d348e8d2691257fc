"""Golden deals without their tax, and small sales of every regime, to be determined by the shipped rulebooks."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dealbooks.book import Book
from dealbooks.deal import Deal
from dealbooks.determine import determine, load_rulebook
from dealbooks.draft import Determined, Draft
from dealbooks.posting import case_expected, post_deal
from tests.determine_support import case

BOOKS: dict[str, Book] = {
    "uk": Book("northgate", "NORTHGATE-MOTORS-LTD", "GBP", "uk"),
    "au": Book("harbour", "HARBOUR-PRESTIGE-PTY-LTD", "AUD", "au"),
    "nz": Book("southern", "SOUTHERN-CROSS-MOTORS-LTD", "NZD", "nz"),
    "jp": Book("hakata", "HAKATA-JIDOSHA-KK", "JPY", "jp"),
    "eu-de": Book("isar", "AUTOHAUS-ISAR-GMBH", "EUR", "eu"),
    "eu-fr": Book("rhone", "GARAGE-DU-RHONE-SARL", "EUR", "eu"),
    "eu-ie": Book("liffey", "LIFFEY-MOTORS-LTD", "EUR", "eu"),
    "gulf-ae": Book("dubai", "GULF-MOTORS-LLC", "AED", "gulf"),
    "gulf-sa": Book("riyadh", "GULF-MOTORS-SA", "SAR", "gulf"),
    "gulf-bh": Book("manama", "GULF-MOTORS-BH", "BHD", "gulf"),
    "gulf-om": Book("muscat", "GULF-MOTORS-OM", "OMR", "gulf"),
    "gulf-kw": Book("kuwait", "GULF-MOTORS-WLL", "KWD", "gulf"),
    "gulf-qa": Book("doha", "GULF-MOTORS-QA", "QAR", "gulf"),
}
_OF_LINES = {"tax_code", "provider", "in_lct_value", "commission_tax_code"}
_OF_TRADES = {"input_tax_fraction", "input_tax_amount", "input_tax_code"}
_OF_FINANCE = {"reserve_tax_code", "receivable_role"}
_OF_DEAL = {"tax", "bill_to", "source_system", "legal_entity", "base_currency"}
_AMOUNTS = {"unit_price", "cost", "allowance", "acv", "payoff", "amount_financed", "reserve", "purchase_price"}


def without_tax(golden: Mapping[str, Any]) -> Draft:
    """A golden deal as a source would state it: nothing of its tax, of who is owed, or of who is invoiced."""
    deal = {key: copy.deepcopy(value) for key, value in golden.items() if key not in _OF_DEAL}
    deal.setdefault("include_fees_in_front", False)  # the pay plan's matter, not the tax's
    deal["vehicle"].pop("second_hand_credit", None)
    deal["lines"] = [{key: one[key] for key in one if key not in _OF_LINES} for one in deal["lines"]]
    if "trade_ins" in deal:
        deal["trade_ins"] = [{key: one[key] for key in one if key not in _OF_TRADES} for one in deal["trade_ins"]]
    if "finance" in deal:
        deal["finance"] = {key: deal["finance"][key] for key in deal["finance"] if key not in _OF_FINANCE}
    return Draft(_as_amounts(deal))


def _as_amounts(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _as_amounts(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_amounts(one, key) for one in value]
    return Decimal(value) if key in _AMOUNTS and isinstance(value, str) else value


def golden_draft(name: str) -> Draft:
    """The draft of a golden case by its number."""
    return without_tax(case(name)["deal"])


def sale(
    day: str,
    price: str,
    *,
    sale_class: str = "new",
    lines: tuple[tuple[str, str, str], ...] = (),
    vehicle: Mapping[str, Any] | None = None,
    customer: Mapping[str, Any] | None = None,
    said: Mapping[str, Any] | None = None,
    **more: Any,
) -> Draft:
    """A cash sale of one car on a day; `lines` are further (kind, description, amount)."""
    stated = [("vehicle", "The car", price), *lines]
    deal: dict[str, Any] = {
        "deal_id": "T-1",
        "sale_class": sale_class,
        "dates": {"contract": day, "delivery": day},
        "customer": {"id": "C-1", "type": "individual", "name": "A Customer"} | dict(customer or {}),
        "vehicle": {"vin": "WVWZZZAU5JW000321", "stock_no": "U1", "cost": Decimal("1000.00")} | dict(vehicle or {}),
        "lines": [
            {"line_id": str(number), "kind": kind, "description": name, "unit_price": Decimal(amount), "cost": None}
            | ({"cost": Decimal(amount)} if kind == "insurance" else {})
            for number, (kind, name, amount) in enumerate(stated, 1)
        ],
    } | more
    return Draft(deal, {"salesperson_id": "SP-1"} | dict(said or {}))


def run(draft: Draft, rules: str) -> Determined:
    """The draft, determined by a shipped rulebook; without a location it is a sale of the first one listed."""
    rulebook = load_rulebook(rules)
    draft.deal.setdefault("location", rulebook.locations[0].location)
    return determine(draft, rulebook=rulebook, book=BOOKS[rules], source_system="drop", locations={})


def codes(determined: Determined) -> list[str]:
    """The codes of what was found."""
    return sorted({one.code for one in determined.findings})


def message(determined: Determined, code: str) -> str:
    """What a controller is told by a rule."""
    return next(one.message for one in determined.findings if one.code == code)


def line_codes(determined: Determined) -> list[str | None]:
    """The tax code of each line."""
    return [line.get("tax_code") for line in determined.deal["lines"]]


def taxes(determined: Determined, rules: str) -> list[tuple[str, str, str]]:
    """Code, base and amount of each tax of the deal once posted."""
    posted = post_deal(Deal.model_validate(determined.deal), book=BOOKS[rules])
    return [(row.code, str(row.base), str(row.amount)) for row in posted.taxes]


def check_golden(name: str, rules: str, *, said: Mapping[str, Any] | None = None, found: tuple[str, ...] = ()) -> None:
    """The golden deal, taxed anew, is posted as the golden case says."""
    draft = golden_draft(name)
    draft.said.update(said or {})
    determined = run(draft, rules)
    assert codes(determined) == sorted(found), determined.findings
    expected, posted = case(name)["expected"], case_expected(dict(determined.deal))
    for key in ("taxes", "invoice", "metrics", "commissions", "closing_balances"):
        assert posted[key] == expected[key], key
    assert _entries(posted) == _entries(expected)


def _entries(worked: Mapping[str, Any]) -> list[Any]:
    """The entries, their lines in no order."""
    return [{**one, "lines": sorted(one["lines"], key=repr)} for one in worked["entries"]]
