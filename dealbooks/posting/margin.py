"""Part `margin_vat`: the VAT of a margin-scheme car, by journal and never on the invoice (section 4)."""

from __future__ import annotations

from dealbooks.deal import Deal
from dealbooks.posting.figures import Taxes
from dealbooks.posting.roles import VEHICLE_ROLES, stock
from dealbooks.posting.sheet import Sheet


def write_margin_vat(sheet: Sheet, deal: Deal, taxes: Taxes) -> None:
    """Take the VAT out of the car's revenue; wholly, also where a fee shares the margin (a stated simplification)."""
    if taxes.margin is not None:
        code = taxes.margin.code
        sheet.debit("margin_vat", VEHICLE_ROLES[deal.sale_class].sales, taxes.margin.vat, stock(deal), code)
        sheet.credit("margin_vat", "tax.margin", taxes.margin.vat, (), code)
