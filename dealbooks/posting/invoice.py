"""Part `invoice`: what the customer is charged, and what is owed to others out of it (posting-rules.md section 1)."""

from __future__ import annotations

from decimal import Decimal

from dealbooks.book import Policies
from dealbooks.deal import Deal, SaleLine
from dealbooks.money import minor_digits
from dealbooks.posting.arithmetic import ZERO, total
from dealbooks.posting.errors import PostingError
from dealbooks.posting.figures import Invoice, PricedLine, Taxes
from dealbooks.posting.roles import CAR_PRICE, VEHICLE_ROLES, customer_account, stock
from dealbooks.posting.sheet import Sheet

PART = "invoice"

# deal-model.md section 4: how far a signed total may be from the sum of the deal, by the decimals of its currency.
_TOLERANCE = {0: Decimal(2), 2: Decimal("0.05"), 3: Decimal("0.050")}

# The role of each kind of line that is not the car, nor sold as an agent.
INCOME_ROLES = {
    "accessory": "sales.accessories",
    "fi_product": "income.fi_products",
    "doc_fee": "income.doc_fee",
    "admin_fee": "income.admin_fee",
    "delivery_fee": "income.admin_fee",
    "auction_fee": "expense.auction_fees",
}
OWED_ROLES = {"government_fee": "payable.government_fees", "lessor_fee": "payable.lessor"}


def invoice_of(deal: Deal, taxes: Taxes) -> Invoice:
    """The invoice's figures; a difference to the signed total, within tolerance, is shown as rounding (G07).

    Raises:
        PostingError: when the signed total is further away than the tolerance.
    """
    additive = deal.tax.regime == "additive"
    on_top = total([row.amount for row in taxes.rows if additive or row.role == "tax.lct"])
    computed = total([priced.gross for priced in taxes.lines]) + on_top
    difference = ZERO
    if deal.contract_total is not None:
        difference = deal.contract_total - computed
        tolerance = deal.rounding_tolerance
        if tolerance is None:
            tolerance = _TOLERANCE.get(minor_digits(deal.currency), _TOLERANCE[2])
        if abs(difference) > tolerance:
            raise PostingError(
                deal.deal_id,
                f"the signed total is {deal.contract_total} {deal.currency}, its lines and taxes come to {computed}",
                fix="Correct the line or the tax that differs, or the signed total.",
            )
    return Invoice(
        bill_to=deal.billed_to,
        currency=deal.currency,
        gross_total=computed + difference,
        tax_total_shown=total([row.amount for row in taxes.rows if row.shown]),
        lines=taxes.lines,
        rounding_difference=difference,
    )


def owed_to(deal: Deal, line: SaleLine) -> str:
    """Whom a line's money is owed to.

    Raises:
        PostingError: when the line does not say.
    """
    if line.provider is None:
        raise PostingError(
            deal.deal_id,
            f"line {line.line_id} ({line.kind.replace('_', ' ')}) does not say whom the money is owed to",
            fix="Name the provider of the line, or set a default provider in the rulebook.",
        )
    return line.provider


def write_invoice(sheet: Sheet, deal: Deal, taxes: Taxes, invoice: Invoice, policies: Policies) -> None:
    """Debit the customer with the total; credit revenue, liabilities and taxes."""
    sheet.debit(PART, "receivable.customer", invoice.gross_total, customer_account(deal))
    sales = VEHICLE_ROLES[deal.sale_class].sales
    for priced in taxes.lines:
        line = priced.line
        kind, code = line.kind, line.tax_code
        if kind in CAR_PRICE:
            sheet.credit(PART, sales, priced.net, stock(deal), code)
        elif kind == "insurance" or (kind == "fi_product" and policies.fi_presentation == "net"):
            _write_agency(sheet, deal, priced)
        elif kind in OWED_ROLES:
            sheet.credit(PART, OWED_ROLES[kind], priced.net, (("party", owed_to(deal, line)),), code)
        elif kind == "recycling_deposit":
            sheet.credit(PART, "asset.recycling_deposit", priced.net, stock(deal), code)
        else:
            sheet.credit(PART, INCOME_ROLES[kind], priced.net, (("product", line.line_id),), code)
    if deal.tax.regime == "additive":
        for row in taxes.rows:
            sheet.credit(PART, row.role, row.amount, (), row.code)
    else:
        for row in taxes.rows:
            if row.shown:
                sheet.credit(PART, row.role, row.amount, (), row.code)
    sheet.credit(PART, "rounding.difference", invoice.rounding_difference)


def _write_agency(sheet: Sheet, deal: Deal, priced: PricedLine) -> None:
    """Sold as an agent: the premium or cost is owed to the provider, only the rest is income."""
    line = priced.line
    if line.kind == "fi_product" and priced.cost and deal.currency != deal.base_currency:
        raise PostingError(
            deal.deal_id,
            f"line {line.line_id} is shown as commission only, in {deal.currency}; its cost is in {deal.base_currency}",
            fix="Use the gross presentation of F&I products for deals in a foreign currency.",
        )
    if priced.cost:
        owed = (("party", owed_to(deal, line)),)
        sheet.credit(PART, "payable.fi_provider", priced.cost, owed, line.tax_code)
    income = priced.net - priced.cost
    sheet.credit(PART, "income.insurance_commission", income, (("product", line.line_id),), line.tax_code)
