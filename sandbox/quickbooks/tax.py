"""Tax of a sales form as the platform works it out: automated sales tax, sales tax by code, and VAT.

Sources: Intuit's guides on sales tax for US and non-US companies; Finance.xsd on UseAutomatedSalesTax and
OverrideDeltaAmount. What they leave open is in the settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.company import Company
from sandbox.quickbooks.preferences import OVERRIDE, switched
from sandbox.quickbooks.refusals import business, invalid_reference, unsupported
from sandbox.quickbooks.shapes import cents

Rates = Sequence[tuple[str, Decimal]]
_NIL = Decimal(0)
_VAT_MISSING = "Make sure all your transactions have a VAT rate before you save."


def rates_of(company: Company, code: str) -> Rates:
    """The rates (id and percent) of a code on sales."""
    details = company.tables["TaxCode"][code].get("SalesTaxRateList", {}).get("TaxRateDetail", ())
    return [_rate(company, detail["TaxRateRef"]["value"]) for detail in details]


def _rate(company: Company, ref: str) -> tuple[str, Decimal]:
    return ref, Decimal(company.tables["TaxRate"][ref]["RateValue"])


def us_tax(company: Company, document: Mapping[str, Any], taxable: Decimal, *, some_taxable: bool) -> dict[str, Any]:
    """TxnTaxDetail of a document in the United States. `taxable` is the sum of its TAX lines."""
    given = document.get("TxnTaxDetail", {})
    code = given.get("TxnTaxCodeRef")
    if company.setup.automated_tax:
        code = None  # the engine finds its own
        rates = _engine(company, document)
        stated = given.get("TotalTax") if _may_override(company, given) else None
    else:
        if code is not None:
            code = company.reference(code, "TaxCode", "TxnTaxDetail.TxnTaxCodeRef")
        rates = rates_of(company, code["value"]) if code else []
        stated = given.get("TotalTax") if company.settings.manual_override and rates else None
    if not some_taxable:
        stated = stated if stated is not None and company.settings.ast_no_base == "keep" else _NIL
    worked_out = [cents(taxable * percent / 100) for _, percent in rates]
    amounts = worked_out if stated is None else _prorated(stated, [percent for _, percent in rates])
    lines = [
        _tax_line(ref, percent, taxable, amount, amount - computed)
        for (ref, percent), computed, amount in zip(rates, worked_out, amounts, strict=True)
    ] if some_taxable else []  # fmt: skip
    total = sum(amounts, _NIL) if rates and some_taxable else (stated or _NIL)
    made: dict[str, Any] = {"TotalTax": cents(total)}
    if code:
        made["TxnTaxCodeRef"] = code
    if "UseAutomatedSalesTax" in given:
        made["UseAutomatedSalesTax"] = given["UseAutomatedSalesTax"]
    if lines:
        made["TaxLine"] = lines
    return made


def us_code(line: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """TAX or NON of a line; a line without takes its item's.

    Raises:
        Refusal: another code.
    """
    code = line.get("TaxCodeRef", {}).get("value")
    if code is None:
        return "TAX" if item.get("Taxable") else "NON"
    if code not in ("TAX", "NON"):
        raise invalid_reference("Line.SalesItemLineDetail.TaxCodeRef")
    return str(code)


def _engine(company: Company, document: Mapping[str, Any]) -> Rates:
    state = document.get("ShipAddr", {}).get("CountrySubDivisionCode") or company.setup.state
    return [_rate(company, ref) for ref in company.setup.engine.get(state, ())]


def _may_override(company: Company, given: Mapping[str, Any]) -> bool:
    wanted = given.get("UseAutomatedSalesTax")
    if wanted is True:
        return False
    if wanted is None and company.settings.ast_silent == "override":
        return True
    return switched(company.tables["Preferences"]["1"], OVERRIDE)


def _prorated(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    whole = sum(weights, _NIL)
    if not weights:
        return []
    shares = [cents(total * weight / whole) if whole else _NIL for weight in weights]
    shares[-1] = cents(total) - sum(shares[:-1], _NIL)
    return shares


def _tax_line(ref: str, percent: Decimal, base: Decimal, amount: Decimal, delta: Decimal) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "TaxRateRef": {"value": ref}, "PercentBased": True, "TaxPercent": percent, "NetAmountTaxable": cents(base),
    }  # fmt: skip
    if delta:
        detail["OverrideDeltaAmount"] = delta
    return {"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


@dataclass(slots=True)
class _Group:
    """The lines of one code, and what they come to: before tax, or with it where prices have it in them."""

    rates: Rates
    lines: list[dict[str, Any]] = field(default_factory=list)
    amounts: list[Decimal] = field(default_factory=list)
    taxes: dict[str, Decimal] = field(default_factory=dict)

    @property
    def tax(self) -> Decimal:
        return sum(self.taxes.values(), _NIL)


def global_tax(
    company: Company, document: Mapping[str, Any], lines: Sequence[dict[str, Any]], share: Decimal
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """TxnTaxDetail of a document outside the United States, and its item lines with net amounts. `share` is what a
    discount leaves of each line as the base of tax.

    Raises:
        Refusal: a line without a code of this company (6000).
    """
    way = document.get("GlobalTaxCalculation", "TaxExcluded")
    if way not in ("TaxExcluded", "TaxInclusive", "NotApplicable"):
        raise unsupported("GlobalTaxCalculation")
    if way == "NotApplicable":
        return {"TotalTax": _NIL}, list(lines)
    inclusive = way == "TaxInclusive"
    groups: dict[str, _Group] = {}
    made: list[dict[str, Any]] = []
    for line in lines:
        detail = line["SalesItemLineDetail"]
        code = detail.get("TaxCodeRef", {}).get("value", "")
        if not company.tables["TaxCode"].get(code, {}).get("Active"):
            raise business(_VAT_MISSING)
        group = groups.setdefault(code, _Group(rates_of(company, code)))
        copied = {**line, "SalesItemLineDetail": dict(detail)}
        group.lines.append(copied)
        group.amounts.append(_amount(company, line, group.rates) if inclusive else line["Amount"])
        made.append(copied)
    for group in groups.values():
        _work_out(company, group, share, inclusive=inclusive)
    if company.settings.tax_lines_honoured:
        _overridden(document.get("TxnTaxDetail", {}), groups)
    if inclusive:
        for group in groups.values():
            _net(group)
    total = sum((group.tax for group in groups.values()), _NIL)
    return {"TotalTax": total, "TaxLine": _tax_lines(groups, share)}, made


def _amount(company: Company, line: Mapping[str, Any], rates: Rates) -> Decimal:
    gross: Decimal | None = line["SalesItemLineDetail"].get("TaxInclusiveAmt")
    amount: Decimal = line["Amount"]
    if gross is not None:
        return gross
    if company.settings.inclusive_amount == "gross":
        return amount
    return amount + sum((cents(amount * percent / 100) for _, percent in rates), _NIL)


def _work_out(company: Company, group: _Group, share: Decimal, *, inclusive: bool) -> None:
    whole = sum((percent for _, percent in group.rates), _NIL)
    divisor = 100 + whole if inclusive else Decimal(100)
    by_line = company.settings.tax_rounding == "line"
    bases = group.amounts if by_line else [sum(group.amounts, _NIL)]
    for ref, percent in group.rates:
        group.taxes[ref] = sum((cents(base * share * percent / divisor) for base in bases), _NIL)


def _overridden(given: Mapping[str, Any], groups: Mapping[str, _Group]) -> None:
    stated: dict[str, Decimal] = {}
    for line in given.get("TaxLine", ()):
        ref = line.get("TaxLineDetail", {}).get("TaxRateRef", {}).get("value")
        if ref is not None and "Amount" in line:
            stated[ref] = stated.get(ref, _NIL) + line["Amount"]
    used = {ref for group in groups.values() for ref in group.taxes}
    if not stated or not used <= set(stated):
        return
    for ref in used:
        having = [group for group in groups.values() if ref in group.taxes]
        computed = sum((group.taxes[ref] for group in having), _NIL)
        having[0].taxes[ref] += stated[ref] - computed


def _net(group: _Group) -> None:
    """Net amounts of tax-inclusive lines; the last takes the cent that is over, so that net and tax make the price."""
    whole = sum((percent for _, percent in group.rates), _NIL)
    for line, gross in zip(group.lines, group.amounts, strict=True):
        line["SalesItemLineDetail"]["TaxInclusiveAmt"] = gross
        line["Amount"] = cents(gross * 100 / (100 + whole))
    over = sum(group.amounts, _NIL) - group.tax - sum((line["Amount"] for line in group.lines), _NIL)
    group.lines[-1]["Amount"] += over


def _tax_lines(groups: Mapping[str, _Group], share: Decimal) -> list[dict[str, Any]]:
    found: dict[str, tuple[Decimal, Decimal, Decimal]] = {}
    for group in groups.values():
        base = sum((line["Amount"] for line in group.lines), _NIL) * share
        for ref, percent in group.rates:
            _, before, tax = found.get(ref, (percent, _NIL, _NIL))
            found[ref] = (percent, before + base, tax + group.taxes[ref])
    return [_tax_line(ref, percent, base, tax, _NIL) for ref, (percent, base, tax) in found.items()]
