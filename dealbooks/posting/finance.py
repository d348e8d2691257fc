"""Parts `finance`, `reserve` and `commission_tax`: what the lender pays, and the dealer's share (section 1)."""

from __future__ import annotations

from dealbooks.deal import Deal
from dealbooks.posting.figures import Taxes
from dealbooks.posting.roles import customer_account, stock, with_party
from dealbooks.posting.sheet import Sheet


def write_finance(sheet: Sheet, deal: Deal) -> None:
    """The amount financed moves from the customer to the lender, less what a lessor keeps for itself (G05)."""
    finance = deal.finance
    if finance is None:
        return
    to_come = finance.amount_financed - finance.withheld_by_lessor
    sheet.debit("finance", finance.receivable_role, to_come, with_party(deal, finance.lender))
    sheet.debit("finance", "payable.lessor", finance.withheld_by_lessor, (("party", finance.lender),))
    sheet.credit("finance", "receivable.customer", finance.amount_financed, customer_account(deal))


def write_reserve(sheet: Sheet, deal: Deal) -> None:
    """The finance reserve, with any tax in it; `commission_tax` takes that out."""
    finance = deal.finance
    if finance is None:
        return
    sheet.debit("reserve", "receivable.finance_reserve", finance.reserve, with_party(deal, finance.lender))
    sheet.credit("reserve", "income.finance_reserve", finance.reserve, stock(deal), finance.reserve_tax_code)


def write_commission_tax(sheet: Sheet, deal: Deal, taxes: Taxes) -> None:
    """Tax inside commissions from lender and insurer, out of the income."""
    for item in taxes.commission:
        if item.line_id is None:
            sheet.debit("commission_tax", "income.finance_reserve", item.tax, stock(deal), item.code)
        else:
            product = (("product", item.line_id),)
            sheet.debit("commission_tax", "income.insurance_commission", item.tax, product, item.code)
        sheet.credit("commission_tax", "tax.output", item.tax, (), item.code)
