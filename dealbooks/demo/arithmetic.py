"""The sums of the demo's sales, worked out the way the system that exports them would.

Kept apart from the posting rules on purpose: what the books show for the demo is compared with these figures, so they
must not come from the code that is being compared.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
NOTHING = Decimal(0)


def cents(amount: Decimal) -> Decimal:
    """Round half up, away from zero, to the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def vat_inside(gross: Decimal) -> Decimal:
    """The VAT inside an amount at the UK's 20 %: one sixth of it."""
    return cents(gross / 6)


def tax_on(base: Decimal, rate: Decimal) -> Decimal:
    """Tax added on a base, never below nil."""
    return cents(max(base, NOTHING) * rate)


def ending(amount: Decimal, last: int, step: int = 100) -> Decimal:
    """A round price near an amount: `ending(27840, 95)` is 27795, `ending(27840, 0)` is 27800."""
    return (amount / step).to_integral_value(ROUND_HALF_UP) * step - (step - last) % step


def written(amount: Decimal) -> str:
    """An amount as the exporting system writes it: 28500.00."""
    return format(cents(amount), "f")
