"""The tax of a deal, by regime: one small module per rule, to be read beside the law.

additive    on top of the price: United States, Canada
inclusive   inside the price: United Kingdom, EU, Australia, New Zealand, Japan
none        no tax at all
"""

from __future__ import annotations

from dealbooks.deal import Deal
from dealbooks.posting.arithmetic import ZERO, extend
from dealbooks.posting.figures import PricedLine, Taxes
from dealbooks.posting.taxes.additive import additive
from dealbooks.posting.taxes.inclusive import inclusive, rate_of

__all__ = ["rate_of", "taxes_of"]


def taxes_of(deal: Deal) -> Taxes:
    """Extend every line, and tax it as the deal's regime says."""
    currency, base_currency = deal.currency, deal.base_currency
    tax = deal.tax
    lines: list[PricedLine] = []
    for line in deal.lines:
        gross = extend(line.quantity, line.unit_price, currency)
        # A premium is collected in the currency of the deal; every other cost stands in the books.
        cost_currency = currency if line.kind == "insurance" else base_currency
        cost = extend(line.quantity, line.cost, cost_currency) if line.cost else ZERO
        lines.append(PricedLine(line, gross, gross, ZERO, cost))
    if tax.regime == "additive":
        return additive(deal, lines)
    if tax.regime == "inclusive":
        return inclusive(deal, lines)
    return Taxes(tuple(lines), ())
