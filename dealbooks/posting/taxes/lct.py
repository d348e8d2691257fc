"""Australia: luxury car tax.

Source: ato.gov.au, working out the LCT on a sale; posting-rules.md section 5. The LCT value has the GST in it, the
dealer's delivery and accessories, but neither LCT itself nor stamp duty, registration, CTP and service plans.
LCT = (LCT value - threshold) x 10/11 x rate; there is no GST on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from dealbooks.deal import Deal
from dealbooks.money import round_amount
from dealbooks.posting.arithmetic import total
from dealbooks.posting.errors import PostingError
from dealbooks.posting.figures import PricedLine, TaxRow

LCT_CODE = "AU-LCT"
# The value above the threshold is freed of the GST in it, 10/11, before the rate applies: fixed by the law's formula.
_WITHOUT_GST = Fraction(10, 11)


def luxury_car_tax(deal: Deal, lines: Sequence[PricedLine]) -> TaxRow | None:
    """The row of luxury car tax, or None when none is due."""
    rule = deal.tax.lct
    if rule is None:
        return None
    over = total(priced.gross for priced in lines if priced.line.in_lct_value) - rule.threshold
    if over <= 0:
        return None
    if deal.currency != deal.base_currency:
        raise PostingError(
            deal.deal_id,
            f"luxury car tax is worked out in {deal.base_currency}, and the deal is in {deal.currency}",
            fix="Enter the deal in the currency of the book.",
        )
    amount = round_amount(Fraction(over) * _WITHOUT_GST * Fraction(rule.rate), deal.currency, rule.rounding)
    return TaxRow(LCT_CODE, over, format(rule.rate, "f"), amount, "tax.lct", shown=True) if amount else None
