"""Parts `deposit` and `rebate`: what else settles the customer's account at the sale (posting-rules.md section 1)."""

from __future__ import annotations

from dealbooks.deal import Deal
from dealbooks.posting.roles import customer_account, with_party
from dealbooks.posting.sheet import Dims, Sheet


def deposit_held(deal: Deal, receipt_id: str) -> Dims:
    """A deposit is held for the customer, also where somebody else is invoiced."""
    return (("party", deal.customer.id), ("receipt", receipt_id))


def write_deposits(sheet: Sheet, deal: Deal) -> None:
    """Deposits taken before are no longer owed to the customer."""
    for deposit in deal.deposits:
        held = deposit_held(deal, deposit.receipt_id)
        sheet.debit("deposit", "payable.customer_deposits", deposit.amount, held)
        sheet.credit("deposit", "receivable.customer", deposit.amount, customer_account(deal))


def write_rebates(sheet: Sheet, deal: Deal) -> None:
    """A rebate assigned to the dealer is owed by the manufacturer; one that is not is between those two alone."""
    for rebate in deal.rebates:
        if rebate.assigned_to_dealer:
            sheet.debit("rebate", "receivable.manufacturer", rebate.amount, with_party(deal, rebate.program))
            sheet.credit("rebate", "receivable.customer", rebate.amount, customer_account(deal))
