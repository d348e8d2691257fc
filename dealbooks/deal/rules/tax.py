"""Rules of the taxes of a deal (deal model, section 5)."""

from __future__ import annotations

from collections.abc import Iterator

from dealbooks.catalogue import found
from dealbooks.deal.model import Deal
from dealbooks.deal.parts import SaleLine, TaxComponent
from dealbooks.deal.rules.known import Known
from dealbooks.findings import Finding
from dealbooks.money import MoneyError, exact

MARGIN = "margin"


def margin_codes(deal: Deal) -> frozenset[str]:
    """The tax codes of the margin scheme among the deal's rates."""
    return frozenset(code for code, rate in deal.tax.rates.items() if rate == MARGIN)


def check_line_codes(deal: Deal, known: Known) -> Iterator[Finding]:
    """Every line says how it is taxed, in words that the deal's taxes know."""
    for index, line in enumerate(deal.lines):
        why = _unknown_tax(deal, line)
        if why:
            yield found("D080", f"lines[{index}].tax_code", line.tax_code or "", line=line.line_id, why=why)
        elif deal.tax.regime == "additive" and line.taxable and not _covered(deal, line):
            yield found("D089", f"lines[{index}].tax_group", line.tax_group, line=line.line_id)


def _unknown_tax(deal: Deal, line: SaleLine) -> str:
    if deal.tax.regime == "none":
        return ""
    if deal.tax.regime == "inclusive":
        if line.tax_code is None:
            return "it has no tax code"
        return (
            "" if line.tax_code in deal.tax.rates else f"its tax code {line.tax_code} has no rate in this deal's taxes"
        )
    if deal.tax.components and line.taxable is None and line.tax_code is None:
        return "it is not said whether it is taxable"
    return ""


def _covered(deal: Deal, line: SaleLine) -> bool:
    groups = [tax.tax_groups for tax in deal.tax.components if tax.base is None]
    if not groups and deal.tax.components:
        return True  # a lease taxed on its cap reduction only
    return any(named is None or line.tax_group in named for named in groups)


def check_margin(deal: Deal, known: Known) -> Iterator[Finding]:
    """The margin scheme is for cars that were bought for it."""
    margin = margin_codes(deal)
    acquired = deal.vehicle.tax_acquisition
    for index, line in enumerate(deal.lines):
        if line.tax_code not in margin:
            continue
        if acquired is not None and acquired != "margin":
            said = acquired.replace("_", " ")
            yield found("D081", f"lines[{index}].tax_code", line.tax_code, line=line.line_id, acquired=said)
        if deal.tax.margin_rate is None:
            yield found("D084", "tax.margin_rate", line.tax_code, line=line.line_id)


def check_rates_table(deal: Deal, known: Known) -> Iterator[Finding]:
    """Every rate of the table can be read, and every commission's code is in it."""
    for code, rate in deal.tax.rates.items():
        if rate != MARGIN and not _is_fraction(rate):
            yield found("D083", f"tax.rates.{code}", rate, tax_code=code)
    codes = {f"lines[{index}].commission_tax_code": line.commission_tax_code for index, line in enumerate(deal.lines)}
    if deal.finance is not None:
        codes["finance.reserve_tax_code"] = deal.finance.reserve_tax_code
    for path, used in codes.items():
        if used is not None and used not in deal.tax.rates:
            yield found("D082", path, used)


def _is_fraction(rate: str) -> bool:
    try:
        return 0 <= exact(rate) <= 1
    except MoneyError:
        return False


def check_components(deal: Deal, known: Known) -> Iterator[Finding]:
    """A component has what its base needs, and taxes nothing a second time."""
    components = deal.tax.components
    for index, tax in enumerate(components):
        path = f"tax.components[{index}]"
        if tax.trade_in_credit == "capped" and tax.trade_in_credit_cap is None:
            yield found("D085", f"{path}.trade_in_credit_cap", tax.code)
        if tax.base == "cap_reduction" and (deal.finance is None or deal.finance.cap_cost_reduction is None):
            yield found("D086", "finance.cap_cost_reduction", tax.code)
        if any(_taxes_again(tax, other) for other in components[:index]):
            yield found("D087", f"{path}.code", tax.code)


def _taxes_again(tax: TaxComponent, other: TaxComponent) -> bool:
    """The same tax on the same base, of lines that both cover."""
    if (tax.code, tax.base) != (other.code, other.base):
        return False
    if tax.tax_groups is None or other.tax_groups is None:
        return True
    return not set(tax.tax_groups).isdisjoint(other.tax_groups)
