"""Taxes inside the price: VAT in the UK and the EU, GST in Australia and New Zealand, Japan's consumption tax.

Sources: posting-rules.md sections 2 and 4 to 6. The tax of a price is price x r/(1+r), rounded per line or once per
document and code; the net is what is left. A line under a margin code keeps its whole price and shows no tax.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from dealbooks.deal import Deal
from dealbooks.money import MoneyError, exact
from dealbooks.posting.arithmetic import ZERO, spread_tax, taxes_inside, total
from dealbooks.posting.errors import PostingError
from dealbooks.posting.figures import CommissionTax, PricedLine, Taxes, TaxRow
from dealbooks.posting.taxes.commission import commission_tax
from dealbooks.posting.taxes.lct import luxury_car_tax
from dealbooks.posting.taxes.margin import margin_scheme

MARGIN = "margin"


@lru_cache(maxsize=512)
def _parsed(rate: str) -> Decimal | None:
    return None if rate == MARGIN else exact(rate)


def rate_of(deal: Deal, code: str | None, of_what: str) -> Decimal | None:
    """The rate of a tax code of this deal; None for a margin code.

    Raises:
        PostingError: when there is no code, or the deal's rates do not have it or cannot be read.
    """
    if code is None or code not in deal.tax.rates:
        named = "no tax code" if code is None else f"tax code {code}, which has no rate"
        raise PostingError(
            deal.deal_id, f"{of_what} has {named}", fix="Give it a tax code that the book's tax rules know."
        )
    try:
        return _parsed(deal.tax.rates[code])
    except MoneyError as error:
        raise PostingError(
            deal.deal_id,
            f"the rate of tax code {code} cannot be read: {error}",
            fix="Correct the rate in the rulebook.",
        ) from error


def inclusive(deal: Deal, lines: Sequence[PricedLine]) -> Taxes:
    """Tax per line, one row per taxed code, the margin of a scheme car, luxury car tax, and tax inside commissions."""
    by_code: dict[str, list[int]] = {}
    rates: dict[str, Decimal | None] = {}
    for index, priced in enumerate(lines):
        code = priced.line.tax_code
        if code is None or code not in rates:
            rates[code or ""] = rate_of(deal, code, f"line {priced.line.line_id}")
            by_code[code or ""] = [index]
        else:
            by_code[code].append(index)
    taxed = list(lines)
    due: dict[str, Decimal] = {}
    for code, rate in rates.items():
        if rate:
            due[code] = _give_tax(deal, taxed, by_code[code], rate)
    margin = margin_scheme(deal, [lines[i] for code, places in by_code.items() if rates[code] is None for i in places])
    rows: list[TaxRow] = []
    for code, written in deal.tax.rates.items():
        if code in due:
            gross = total([lines[index].gross for index in by_code[code]])
            rows.append(TaxRow(code, gross - due[code], written, due[code], "tax.output", shown=True))
        elif margin is not None and code == margin.code:
            at = format(deal.tax.margin_rate or ZERO, "f")
            rows.append(TaxRow(code, margin.margin, at, margin.vat, "tax.margin", shown=False))
    lct = luxury_car_tax(deal, lines)
    if lct is not None:
        rows.append(lct)
    inside = _commission_taxes(deal, taxed)
    rows += _commission_rows(deal, inside)
    return Taxes(tuple(taxed), tuple(rows), margin, inside)


def _give_tax(deal: Deal, taxed: list[PricedLine], places: Sequence[int], rate: Decimal) -> Decimal:
    """Put the tax of a code into its lines; the sum of it."""
    tax, currency = deal.tax, deal.currency
    amounts = [taxed[index].gross for index in places]
    if tax.rounding == "document":
        each = spread_tax(amounts, rate, currency, tax.mode)
    else:
        each = taxes_inside(amounts, rate, currency, tax.mode)
    for index, amount in zip(places, each, strict=True):
        line, gross, _, _, cost = taxed[index]
        taxed[index] = PricedLine(line, gross, gross - amount, amount, cost)
    return total(each)


def _commission_taxes(deal: Deal, lines: Sequence[PricedLine]) -> tuple[CommissionTax, ...]:
    found: list[CommissionTax] = []
    finance = deal.finance
    if finance is not None and finance.reserve_tax_code is not None and finance.reserve:
        rate = rate_of(deal, finance.reserve_tax_code, "the finance commission")
        if rate:
            found.append(commission_tax(deal, finance.reserve_tax_code, rate, finance.reserve, None))
    for priced in lines:
        line = priced.line
        if line.kind == "insurance" and line.commission_tax_code is not None and priced.net != priced.cost:
            rate = rate_of(deal, line.commission_tax_code, f"the commission of line {line.line_id}")
            if rate:
                amount = priced.net - priced.cost
                found.append(commission_tax(deal, line.commission_tax_code, rate, amount, line.line_id))
    return tuple(found)


def _commission_rows(deal: Deal, inside: Sequence[CommissionTax]) -> list[TaxRow]:
    codes = dict.fromkeys(item.code for item in inside)
    return [
        TaxRow(
            code,
            total(item.net for item in inside if item.code == code),
            deal.tax.rates[code],
            total(item.tax for item in inside if item.code == code),
            "tax.output",
            shown=False,
        )
        for code in codes
    ]
