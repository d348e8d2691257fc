"""What of the posting rules occurs in a life: a table of features, each with the regions that have it.

The table is what the samples promise: every feature occurs among the first hundreds of seeds of its regions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple, get_args

from dealbooks.deal import CommissionPlan, Deal, SaleLine, TaxComponent, TradeIn
from dealbooks.deal.fields import DealType, LineKind, SaleClass
from dealbooks.samples.lives import KINDS, Life, random_life
from dealbooks.samples.markets import REGIONS

_ALL = " ".join(REGIONS)
_ADDITIVE = "us ca"
_INCLUSIVE = "uk au eu nz jp gulf"
_MARGIN = "uk eu gulf"
_HIRE = "uk eu"

_Rows = tuple[tuple[str, str, Callable[[Any], bool]], ...]


class Feature(NamedTuple):
    """Something that the rules know, the regions where it occurs, and how to tell."""

    name: str
    regions: frozenset[str]
    occurs: Callable[[Life], bool]


_FINANCE = {
    "retail_instalment": _ADDITIVE, "loan": _ALL, "lease": _ALL, "hire_purchase": _HIRE, "pcp": _HIRE,
    "chattel_mortgage": "au",
}  # fmt: skip
_SOME_LINES = {"recycling_deposit": "jp", "recharge": "uk eu jp"}


def _is_priced_at_cost(line: SaleLine) -> bool:
    return line.kind == "insurance" and line.cost == line.unit_price


_LINES: _Rows = (
    ("price finer than the currency", _ALL, lambda x: str(x.unit_price) == "33.333"),
    ("quantity above one", _ALL, lambda x: x.quantity > 1),
    ("quantity in fractions", _ALL, lambda x: bool(x.quantity % 1)),
    ("insurance without commission", _ALL, _is_priced_at_cost),
    ("commission of an insurer with tax in it", "au nz", lambda x: x.commission_tax_code is not None),
)
_COMPONENTS: _Rows = (
    ("tax with a cap on its base", "us", lambda x: x.base_cap is not None),
    ("tax of a group of lines", _ADDITIVE, lambda x: x.tax_groups is not None),
    ("tax on the cap reduction", "us", lambda x: x.base == "cap_reduction"),
)
_TRADES: _Rows = (
    ("part-exchange", _ALL, lambda x: True),
    ("over-allowance", _ALL, lambda x: x.allowance > x.acv),
    ("under-allowance", _ALL, lambda x: x.allowance < x.acv),
    ("payoff", _ALL, lambda x: x.payoff > 0),
    ("negative equity", _ALL, lambda x: x.payoff > x.allowance),
    ("payoff paid", _ALL, lambda x: x.payoff_paid is not None),
    ("part-exchange without tax credit", _ALL, lambda x: not x.tax_credit_eligible),
    ("input tax inside the allowance", "nz", lambda x: x.input_tax_fraction is not None),
    ("input tax on top of the allowance", "au ca", lambda x: x.input_tax_amount is not None),
)
_PLANS: _Rows = (
    ("commission split", _ALL, lambda x: len(x.splits) > 1),
    ("commission to the house", _ALL, lambda x: not x.splits),
    ("commission at another location", _ALL, lambda x: any(split.location for split in x.splits)),
    ("commission with a minimum", _ALL, lambda x: x.minimum is not None),
    ("commission with a maximum", _ALL, lambda x: x.maximum is not None),
    ("commission after a pack", _ALL, lambda x: x.pack > 0),
    ("flat commission", _ALL, lambda x: x.base == "flat"),
)
_CONTRACTS: _Rows = (
    ("reserve with a tax code", _INCLUSIVE, lambda x: x.reserve_tax_code is not None),
    ("kept by the lessor", _ALL, lambda x: x.withheld_by_lessor > 0),
)
_DEALS: _Rows = (
    ("billed to somebody else", _ALL, lambda d: d.bill_to is not None),
    ("two government fees of one authority", _ALL, lambda d: _has_two_fees(d)),
    ("margin scheme", _MARGIN, lambda d: _margin(d) is not None),
    ("margin scheme at a loss", _MARGIN, lambda d: (_margin(d) or 0) < 0),
    ("scheme car sold outside the scheme", _MARGIN, lambda d: _margin(d) is None and _is_scheme_car(d)),
    ("second-hand credit", "au", lambda d: d.vehicle.second_hand_credit is not None),
    ("luxury car tax may be due", "au", lambda d: d.tax.lct is not None),
    ("car of the group", _ALL, lambda d: d.group_transfer is not None),
    ("car stocked at another location", _ALL, lambda d: d.vehicle.stock_location is not None),
    ("reconditioning", _ALL, lambda d: d.vehicle.recon_cost > 0),
    ("car of no cost", _ALL, lambda d: d.vehicle.cost == 0),
    ("dealer's pack", _ALL, lambda d: d.vehicle.pack is not None),
    ("tax rounded by line", "us ca uk au eu nz gulf", lambda d: d.tax.rounding == "line"),
    ("tax rounded by document", "us ca uk au eu jp gulf", lambda d: d.tax.rounding == "document"),
    ("tax cut off", "us jp", lambda d: d.tax.mode == "floor"),
    ("no tax regime", "gulf", lambda d: d.tax.regime == "none"),
    ("two taxes", _ADDITIVE, lambda d: len(d.tax.components) > 1),
    ("trade-in credit in full", _ADDITIVE, lambda d: _has_credit(d, "full")),
    ("trade-in credit capped", "us", lambda d: _has_credit(d, "capped")),
    ("trade-in credit, none", "us", lambda d: _has_credit(d, "none")),
    ("rebate out of the tax base", _ADDITIVE, lambda d: _is_rebate_untaxed(d)),
    ("two part-exchanges", _ALL, lambda d: len(d.trade_ins) > 1),
    ("deposit", _ALL, lambda d: bool(d.deposits)),
    ("two deposits", _ALL, lambda d: len(d.deposits) > 1),
    ("deposit of an earlier VAT quarter", _INCLUSIVE, lambda d: _has_early_deposit(d)),
    ("several payments", _ALL, lambda d: len(d.payments) > 1),
    ("rebate to the dealer", _ALL, lambda d: any(x.assigned_to_dealer for x in d.rebates)),
    ("rebate to the customer", _ALL, lambda d: any(not x.assigned_to_dealer for x in d.rebates)),
    ("dealer incentive", _ALL, lambda d: bool(d.dealer_incentives)),
    ("contract funded", _ALL, lambda d: any(x.kind == "contract" for x in d.fundings)),
    ("reserve received", _ALL, lambda d: any(x.kind == "reserve" for x in d.fundings)),
    ("chargeback of the reserve", _ALL, lambda d: any(x.line_id is None for x in d.chargebacks)),
    ("chargeback of a product", _ALL, lambda d: any(x.line_id is not None for x in d.chargebacks)),
    ("signed total", _ALL, lambda d: d.contract_total is not None),
    ("tolerance of its own", _ALL, lambda d: d.rounding_tolerance is not None),
    ("customer owes a balance", _ALL, lambda d: d.balance_due > 0),
    ("we owe a balance", _ALL, lambda d: d.balance_due < 0),
    ("foreign currency", _ALL, lambda d: _is_foreign(d)),
    ("foreign currency, part payments", _ALL, lambda d: _is_foreign(d) and len(d.payments) > 1),
    ("foreign currency, deposit", _ALL, lambda d: _is_foreign(d) and bool(d.deposits)),
    ("no commission plan", _ALL, lambda d: not d.commission_plans),
    ("chargeback reserve", _ALL, lambda d: d.chargeback_reserve is not None),
    ("fees in front gross", _ALL, lambda d: d.include_fees_in_front),
    ("refund paid", _ALL, lambda d: any(x.method is not None for x in d.refunds)),
    ("refund agreed, not paid", _ALL, lambda d: any(x.method is None for x in d.refunds)),
    ("refund of a credit balance", _ALL, lambda d: bool(d.refunds) and not d.lifecycle),
    ("refund in parts", _ALL, lambda d: len(d.refunds) > 1),
)


def _of(rows: _Rows, group: Callable[[Deal], Iterable[Any]]) -> Iterator[Feature]:
    """Features of the deals in which some part of a group has what the row says."""
    for name, regions, test in rows:
        yield Feature(name, frozenset(regions.split()), _any(test, group))


def _any(test: Callable[[Any], bool], group: Callable[[Deal], Iterable[Any]]) -> Callable[[Life], bool]:
    return lambda life: any(test(part) for part in group(life.deal))


def _each(name: str, values: Iterable[str], some: dict[str, str]) -> _Rows:
    """A row for each value of a field, everywhere or where `some` says."""
    return tuple((f"{name.replace('_', ' ')} {value}", some.get(value, _ALL), _equal(name, value)) for value in values)


def _equal(name: str, value: str) -> Callable[[Any], bool]:
    return lambda part: bool(getattr(part, name.rsplit(" ", 1)[-1]) == value)


def _lives() -> Iterator[Feature]:
    everywhere = frozenset(REGIONS)
    for kind in KINDS:
        if kind != "whole":
            yield Feature(f"life: {kind}", everywhere, _is_kind(kind))
    yield Feature("closed period", everywhere, lambda life: any(x.closed_through is not None for x in life.steps))


def _is_kind(kind: str) -> Callable[[Life], bool]:
    return lambda life: life.kind == kind


def _deal(deal: Deal) -> tuple[Deal]:
    return (deal,)


def _lines(deal: Deal) -> tuple[SaleLine, ...]:
    return deal.lines


def _trades(deal: Deal) -> tuple[TradeIn, ...]:
    return deal.trade_ins


def _plans(deal: Deal) -> tuple[CommissionPlan, ...]:
    return deal.commission_plans


def _components(deal: Deal) -> tuple[TaxComponent, ...]:
    return deal.tax.components


def _contracts(deal: Deal) -> Iterable[Any]:
    return () if deal.finance is None else (deal.finance,)


def _has_two_fees(deal: Deal) -> bool:
    paid = [line.provider for line in deal.lines if line.kind == "government_fee"]
    return len(paid) > len(set(paid))


def _margin(deal: Deal) -> int | None:
    """The sign of the margin of a scheme car; None for other cars."""
    priced = [x for x in deal.lines if deal.tax.rates.get(x.tax_code or "") == "margin"]
    if not priced or deal.vehicle.stock_book_purchase_price is None:
        return None
    margin = sum(x.quantity * x.unit_price for x in priced) - deal.vehicle.stock_book_purchase_price
    return (margin > 0) - (margin < 0)


def _is_scheme_car(deal: Deal) -> bool:
    return deal.vehicle.tax_acquisition == "margin"


def _has_credit(deal: Deal, kind: str) -> bool:
    return bool(deal.trade_ins) and any(part.trade_in_credit == kind for part in deal.tax.components)


def _is_rebate_untaxed(deal: Deal) -> bool:
    return bool(deal.rebates) and any(not part.rebate_taxable for part in deal.tax.components)


def _is_foreign(deal: Deal) -> bool:
    return deal.currency != deal.base_currency


def _has_early_deposit(deal: Deal) -> bool:
    return any(_quarter(part.date) < _quarter(deal.accounting_date) for part in deal.deposits)


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3


_FEATURES: tuple[Feature, ...] = (
    *_of(_each("deal_type", get_args(DealType), {"finance_house_sale": _HIRE}), _deal),
    *_of(_each("sale_class", get_args(SaleClass), {}), _deal),
    *_of(_each("line kind", get_args(LineKind), _SOME_LINES), _lines),
    *_of(_each("finance type", _FINANCE, _FINANCE), _contracts),
    *_of(_DEALS, _deal),
    *_of(_LINES, _lines),
    *_of(_COMPONENTS, _components),
    *_of(_TRADES, _trades),
    *_of(_PLANS, _plans),
    *_of(_CONTRACTS, _contracts),
    *_lives(),
)


def features_of(life: Life) -> list[str]:
    """The features of a life, seen at its last deal, by name, in the order of the table."""
    return [feature.name for feature in _FEATURES if feature.occurs(life)]


def promised(region: str) -> list[str]:
    """The features that occur in a region, in the order of the table."""
    return [feature.name for feature in _FEATURES if region in feature.regions]


def coverage(region: str, seeds: Iterable[int]) -> Counter[str]:
    """How often each feature of a region occurs in the lives of some seeds; those that never do count nil."""
    found = Counter(dict.fromkeys(promised(region), 0))
    for seed in seeds:
        found.update(name for name in features_of(random_life(seed, region)) if name in found)
    return found
