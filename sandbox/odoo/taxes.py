"""Taxes of a document's lines: on top of the price or inside it, rounded line by line or once for the document.

Confirmed: `price_unit` holds the tax or not according to the tax, and the company says how to round. How a cent that
is left over is spread in 18 and later is [recalled]: here the lines keep their own rounding and the tax line has the
document's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.odoo.values import rounded


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax as the computation needs it."""

    number: int
    kind: str  # percent, fixed, division
    amount: Decimal
    included: bool
    compounds: bool = False  # later taxes are computed on this one too


@dataclass(frozen=True, slots=True)
class Taxed:
    """A line with its taxes; `taxes` are unrounded where the document is rounded as a whole."""

    untaxed: Decimal
    total: Decimal
    taxes: Mapping[int, Decimal] = field(default_factory=dict)
    base: Decimal = Decimal(0)


def taxed(price: Decimal, quantity: Decimal, taxes: Sequence[Tax], places: int, *, per_line: bool) -> Taxed:
    """The taxes of one line. `price` is quantity times unit price less discount, not rounded."""
    included = [tax for tax in taxes if tax.included]
    gross = rounded(price, places) if per_line else price
    base = gross
    if included:
        flat = sum((tax.amount * quantity for tax in included if tax.kind == "fixed"), Decimal(0))
        share = sum(_amounts(Decimal(1), Decimal(0), included).values(), Decimal(1))
        base = (gross - flat) / share
    amounts = _amounts(base, quantity, taxes)
    if per_line:
        amounts = {number: rounded(amount, places) for number, amount in amounts.items()}
    if included:
        inside = sum((amounts[tax.number] for tax in included), Decimal(0))
        untaxed = rounded(gross - inside, places)
    else:
        untaxed = rounded(base, places)
    total = untaxed + sum((rounded(amount, places) for amount in amounts.values()), Decimal(0))
    return Taxed(untaxed, total, amounts, base)


def _amounts(base: Decimal, quantity: Decimal, taxes: Sequence[Tax]) -> dict[int, Decimal]:
    """Each tax on a base, in their order."""
    found: dict[int, Decimal] = {}
    on_top = Decimal(0)
    for tax in taxes:
        if tax.kind == "fixed":
            amount = tax.amount * quantity
        elif tax.kind == "division":
            amount = (base + on_top) / (1 - tax.amount / 100) - (base + on_top)
        else:
            amount = (base + on_top) * tax.amount / 100
        found[tax.number] = amount
        if tax.compounds:
            on_top += amount
    return found
