"""Taxes added on top of the price: United States sales tax, Canada's HST, GST, PST and QST.

Sources: posting-rules.md sections 2, 3 and 6. Taxable is what the rulebook marked taxable; a component taxes the
groups of lines it names. A trade-in credit (allowance, not what the car is worth and not the equity) and a rebate
that is not taxed reduce the vehicle's group alone and never below nil; then the component's own cap applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dealbooks.deal import Deal, TaxComponent
from dealbooks.posting.arithmetic import ZERO, cut, total
from dealbooks.posting.errors import PostingError
from dealbooks.posting.figures import PricedLine, Taxes, TaxRow

_REDUCED_GROUP = "vehicle"


def additive(deal: Deal, lines: Sequence[PricedLine]) -> Taxes:
    """One row per component, nil ones too; the lines keep their amounts, the tax stands beside them."""
    if not deal.tax.components:
        return Taxes(tuple(lines), ())
    groups: dict[str, list[Decimal]] = {}
    for priced in lines:
        if priced.line.taxable:
            groups.setdefault(priced.line.tax_group, []).append(priced.gross)
    allowances = total(trade.allowance for trade in deal.trade_ins if trade.tax_credit_eligible)
    rebates = total(rebate.amount for rebate in deal.rebates if rebate.assigned_to_dealer)
    rows = [_row(deal, component, groups, allowances, rebates) for component in deal.tax.components]
    return Taxes(tuple(lines), tuple(rows))


def trade_in_credit(component: TaxComponent, allowances: Decimal) -> Decimal:
    """What a component lets the trade-in take off the price: all of it, none, or up to a cap (MI, G04)."""
    if component.trade_in_credit == "full":
        return allowances
    if component.trade_in_credit == "capped":
        return min(allowances, component.trade_in_credit_cap or ZERO)
    return ZERO


def _row(
    deal: Deal, component: TaxComponent, groups: dict[str, list[Decimal]], allowances: Decimal, rebates: Decimal
) -> TaxRow:
    pieces = _pieces(deal, component, groups, allowances, rebates)
    base = total(pieces)
    tax = deal.tax
    if component.base_cap is not None and base > component.base_cap:
        base = component.base_cap
        pieces = [base]
    if tax.rounding == "line":
        amount = total(cut(piece * component.rate, deal.currency, tax.mode) for piece in pieces)
    else:
        amount = cut(base * component.rate, deal.currency, tax.mode)
    return TaxRow(component.code, base, format(component.rate, "f"), amount, component.role, shown=True)


def _pieces(
    deal: Deal, component: TaxComponent, groups: dict[str, list[Decimal]], allowances: Decimal, rebates: Decimal
) -> list[Decimal]:
    """What the component taxes, line by line; a credit is a line of its own, as the targets show it."""
    if component.base == "cap_reduction":
        if deal.finance is None or deal.finance.cap_cost_reduction is None:
            raise PostingError(
                deal.deal_id,
                f"tax {component.code} is on the capitalised cost reduction, and the lease states none",
                fix="State the lease's cap cost reduction, or correct the tax rule.",
            )
        return [deal.finance.cap_cost_reduction]
    pieces: list[Decimal] = []
    for group, amounts in groups.items():
        if component.tax_groups is not None and group not in component.tax_groups:
            continue
        if group != _REDUCED_GROUP:
            pieces += amounts
            continue
        off = trade_in_credit(component, allowances) + (ZERO if component.rebate_taxable else rebates)
        if off and off < total(amounts):
            pieces += [*amounts, -off]
        elif not off and total(amounts) > 0:
            pieces += amounts
    return pieces
