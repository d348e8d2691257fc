"""Tax inside a commission from a lender or an insurer.

Source: posting-rules.md sections 2 and 5. In Australia the dealer's commission is a taxable supply to the financier:
one eleventh of it is GST (ATO private rulings 1011652184005 and 1012396174988). It is never on the customer's invoice.
"""

from __future__ import annotations

from decimal import Decimal

from dealbooks.deal import Deal
from dealbooks.posting.arithmetic import tax_inside
from dealbooks.posting.figures import CommissionTax


def commission_tax(deal: Deal, code: str, rate: Decimal, amount: Decimal, line_id: str | None) -> CommissionTax:
    """The amount given contains the tax: commission x r/(1+r), each commission rounded on its own."""
    tax = tax_inside(amount, rate, deal.currency, deal.tax.mode)
    return CommissionTax(code, line_id, amount - tax, tax)
