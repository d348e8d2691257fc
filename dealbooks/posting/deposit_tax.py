"""Part `deposit_tax`: a deposit that makes a tax point in an earlier VAT period than its sale (posting-rules.md
section 4).

The VAT inside the deposit is due in the period in which the money came; the sale takes the same amount back, so that
its invoice still shows the whole VAT. A margin car is not taxed until what was paid exceeds its purchase price, then on
the excess (VATMARG13500).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from dealbooks.book import Locks, Policies, vat_period
from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.posting.arithmetic import ZERO, share_of, tax_inside, total
from dealbooks.posting.figures import Taxes
from dealbooks.posting.settlement import deposit_held
from dealbooks.posting.sheet import Dated, Sheet, open_day

PART = "deposit_tax"


@dataclass(frozen=True, slots=True)
class DepositTax:
    """Tax on one deposit: what of it was (or is) due before the sale."""

    role: str
    code: str
    amount: Decimal


def deposit_taxes(
    deal: Deal, taxes: Taxes, policies: Policies, sale: Dated, found: Mapping[str, Entry], locks: Locks
) -> dict[str, DepositTax]:
    """The tax of each deposit that was taken in an earlier VAT period than the sale is booked in, by receipt id.

    A deposit that is recorded already was taxed as it is recorded, or not at all.
    """
    if not policies.vat_period_starts or deal.tax.regime != "inclusive" or not deal.deposits:
        return {}
    taxed: dict[str, DepositTax] = {}
    received = ZERO
    for deposit in deal.deposits:
        received += deposit.amount
        recorded = found.get(f"receipt-{deposit.receipt_id}")
        if recorded is not None:
            tax = _recorded(recorded)
        else:
            day = open_day(deposit.date, locks).booked
            early = vat_period(policies.vat_period_starts, day) != vat_period(policies.vat_period_starts, sale.booked)
            tax = _due(deal, taxes, received, deposit.amount) if early and day < sale.booked else None
        if tax is not None and tax.amount:
            taxed[deposit.receipt_id] = tax
    return taxed


def write_deposit_tax(sheet: Sheet, deal: Deal, receipt_id: str, tax: DepositTax, *, back: bool = False) -> None:
    """The tax out of the deposit when it is taken; back into it with the sale, or when the deposit is given back."""
    amount = -tax.amount if back else tax.amount
    sheet.debit(PART, "payable.customer_deposits", amount, deposit_held(deal, receipt_id))
    sheet.credit(PART, tax.role, amount, (), tax.code)


def tax_on_refund(
    entries: Iterable[Entry], receipt_id: str, part: Decimal, held: Decimal, currency: str
) -> DepositTax | None:
    """The tax to take back when `part` of what is `held` of a deposit is given back: pro rata of the tax that stands
    on it over `entries`, so that the last part takes the rest. None when it was never taxed."""
    found = [tax for tax in (_recorded(one, receipt_id) for one in entries) if tax is not None]
    standing = total(tax.amount for tax in found)
    if not standing:
        return None
    share = Fraction(part) / Fraction(held)
    return replace(found[-1], amount=share_of(standing, share.numerator, share.denominator, currency))


def _due(deal: Deal, taxes: Taxes, received: Decimal, amount: Decimal) -> DepositTax | None:
    """The VAT inside what of the deposit pays for something that is taxed."""
    code = next((priced.line.tax_code for priced in taxes.lines if priced.line.kind == "vehicle"), None)
    before = received - amount
    if code is None:
        return None
    if taxes.margin is not None and taxes.margin.code == code:
        bought, sold, rate = taxes.margin.purchase_price, taxes.margin.selling_price, deal.tax.margin_rate
        role = "tax.margin"
    else:
        mine = [priced for priced in taxes.lines if priced.line.tax_code == code]
        row = next((row for row in taxes.rows if row.code == code), None)
        if row is None:
            return None
        bought, sold, rate, role = ZERO, total(priced.gross for priced in mine), Decimal(row.rate), "tax.output"

    def over(paid: Decimal) -> Decimal:
        return max(min(paid, sold) - bought, ZERO)

    taxable = over(received) - over(before)
    return DepositTax(role, code, tax_inside(taxable, rate or ZERO, deal.currency, deal.tax.mode))


def _recorded(entry: Entry, receipt: str | None = None) -> DepositTax | None:
    """What an entry says of the tax of a deposit, credit positive."""
    held = [line for line in entry.lines if line.part == PART and line.role == "payable.customer_deposits"]
    mine = [line for line in held if receipt is None or line.dimensions["receipt"] == receipt]
    if not mine:
        return None
    other = next(line for line in entry.lines if line.part == PART and line.role != "payable.customer_deposits")
    return DepositTax(other.role, other.tax_code or "", total(line.amount.amount for line in mine))
