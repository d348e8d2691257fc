"""Parts `cost`, `second_hand_credit` (Australia), `incentive` and `fi_cost`: what was sold cost us.

Amounts are in base currency (posting-rules.md sections 1, 2 and 5).
"""

from __future__ import annotations

from decimal import Decimal

from dealbooks.deal import Deal
from dealbooks.posting.arithmetic import ZERO, share_of, total
from dealbooks.posting.errors import PostingError
from dealbooks.posting.figures import Taxes
from dealbooks.posting.invoice import owed_to
from dealbooks.posting.roles import CAR_PRICE, VEHICLE_ROLES, stock, with_party
from dealbooks.posting.sheet import Sheet


def vehicle_cost(deal: Deal) -> Decimal:
    """The carrying amount of the car sold, without reconditioning.

    Raises:
        PostingError: when it is not known: a sale without its cost cannot be posted.
    """
    cost = deal.vehicle.cost
    if cost is None:
        raise PostingError(
            deal.deal_id,
            f"the cost of car {deal.vehicle.stock_no} is not known",
            fix="State the car's cost as it stands in stock.",
        )
    return cost


def second_hand_credit(deal: Deal, taxes: Taxes) -> Decimal:
    """Australia, Division 66: a fraction of what was paid, at most the GST on this sale, claimed on the sale (G16)."""
    rule = deal.vehicle.second_hand_credit
    if rule is None:
        return ZERO
    if deal.currency != deal.base_currency:
        raise PostingError(
            deal.deal_id,
            f"the second-hand credit is worked out in {deal.base_currency}, and the deal is in {deal.currency}",
            fix="Enter the deal in the currency of the book.",
        )
    on_sale = total(priced.tax for priced in taxes.lines if priced.line.kind in CAR_PRICE)
    of_price = share_of(rule.purchase_price, rule.fraction.numerator, rule.fraction.denominator, deal.currency)
    return max(min(of_price, on_sale), ZERO)


def write_cost(sheet: Sheet, deal: Deal, taxes: Taxes) -> None:
    """Relieve stock of the car and the accessories. A car stocked elsewhere passes through interbranch.clearing, so
    that each location balances (G23)."""
    roles, car = VEHICLE_ROLES[deal.sale_class], stock(deal)
    cost, recon = vehicle_cost(deal), deal.vehicle.recon_cost
    sheet.debit("cost", roles.cost, cost, car)
    sheet.debit("cost", "cost_of_sales.reconditioning", recon, car)
    stocked_at = deal.vehicle.stock_location
    if stocked_at is not None and stocked_at != deal.location:
        sheet.credit("cost", "interbranch.clearing", cost + recon, car)
        sheet.debit("cost", "interbranch.clearing", cost + recon, car, at=stocked_at)
    sheet.credit("cost", roles.stock, cost + recon, car, at=stocked_at)
    for priced in taxes.lines:
        if priced.line.kind == "accessory" and priced.cost:
            product = (("product", priced.line.line_id),)
            sheet.debit("cost", "cost_of_sales.accessories", priced.cost, product)
            sheet.credit("cost", "inventory.parts", priced.cost, product)


def write_second_hand_credit(sheet: Sheet, deal: Deal, amount: Decimal) -> None:
    """The credit lowers the cost of the car."""
    rule = deal.vehicle.second_hand_credit
    if rule is not None:
        car = stock(deal)
        sheet.debit("second_hand_credit", "tax.input", amount, car, rule.tax_code)
        sheet.credit("second_hand_credit", VEHICLE_ROLES[deal.sale_class].cost, amount, car, rule.tax_code)


def write_incentives(sheet: Sheet, deal: Deal) -> None:
    """Manufacturer's money to the dealer lowers the cost of the car, never the price (G04)."""
    for incentive in deal.dealer_incentives:
        sheet.debit("incentive", "receivable.manufacturer", incentive.amount, with_party(deal, incentive.program))
        sheet.credit("incentive", VEHICLE_ROLES[deal.sale_class].cost, incentive.amount, stock(deal))


def write_fi_cost(sheet: Sheet, deal: Deal, taxes: Taxes) -> None:
    """What is owed for F&I products that are shown gross."""
    for priced in taxes.lines:
        if priced.line.kind == "fi_product" and priced.cost:
            product = ("product", priced.line.line_id)
            sheet.debit("fi_cost", "cost_of_sales.fi_products", priced.cost, (product,))
            owed = (("party", owed_to(deal, priced.line)), product)
            sheet.credit("fi_cost", "payable.fi_provider", priced.cost, owed)
