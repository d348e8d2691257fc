"""How the figures of a posted deal were worked out, step by step, for a person with a pencil."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from dealbooks.money import amount_text
from dealbooks.posting.arithmetic import ZERO
from dealbooks.posting.commission import plan_amount
from dealbooks.posting.metrics import gross_steps
from dealbooks.posting.posted import Posted

_LCT = "tax.lct"
_WORDS = {
    "vehicle": "price of the car, net", "discount": "discount, net", "recharge": "recharge, net",
    "accessory": "accessory, net less its cost", "fi_product": "product, net less its cost",
    "insurance": "insurance, charged less its premium", "doc_fee": "documentation fee, net",
    "admin_fee": "admin fee, net", "delivery_fee": "delivery fee, net", "margin tax": "tax on the margin",
    "over-allowance": "over-allowance on the trade-in", "cost": "cost of the car, less any second-hand credit",
    "reconditioning": "reconditioning", "incentive": "manufacturer's incentive", "finance reserve": "finance reserve",
    "tax in commission": "tax in commissions",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Working:
    """One step: the figure it belongs to, what it is, how it is worked out, and what it comes to."""

    figure: str
    what: str
    how: str
    amount: str


def workings(posted: Posted) -> list[Working]:
    """Taxes, gross and commissions of a posted version, each with its steps and their result."""
    if not posted.invoice.lines:
        return []
    return [*_taxes(posted), *_gross(posted), *_commissions(posted)]


def _taxes(posted: Posted) -> Iterator[Working]:
    currency, tax = posted.deal.currency, posted.deal.tax
    for row in posted.taxes:
        base = amount_text(row.base, currency)
        if row.role == _LCT:
            how = f"{base} above the threshold x 10/11 x {row.rate}"
        elif row.role == "tax.margin":
            how = f"margin {base} x {row.rate} / (1 + {row.rate}), nothing on a loss"
        elif tax.regime == "additive":
            how = f"{base} x {row.rate}"
        elif row.shown:
            gross = amount_text(row.base + row.amount, currency)
            how = f"{gross} x {row.rate} / (1 + {row.rate}), worked out by {tax.rounding}"
        else:
            how = f"commission {amount_text(row.base + row.amount, currency)} x {row.rate} / (1 + {row.rate})"
        yield Working("tax", row.code, how, amount_text(row.amount, currency))


def _gross(posted: Posted) -> Iterator[Working]:
    currency = posted.metrics.currency
    steps = list(gross_steps(posted.deal, posted.worked_taxes, posted.second_hand_credit))
    for side, total in (("front", posted.metrics.front_gross), ("back", posted.metrics.back_gross)):
        for step in steps:
            if step.side == side and step.amount:
                yield Working(f"{side} gross", _WORDS[step.what], step.of, amount_text(step.amount, currency))
        yield Working(f"{side} gross", "total", "", amount_text(total, currency))


def _commissions(posted: Posted) -> Iterator[Working]:
    metrics, currency = posted.metrics, posted.metrics.currency
    bases = {"front": metrics.front_gross, "back": metrics.back_gross, "total": metrics.total_gross, "flat": ZERO}
    for plan in posted.deal.commission_plans:
        amount = plan_amount(posted.deal, plan, metrics.front_gross, metrics.back_gross)
        if plan.base == "flat":
            how = "a flat amount"
        else:
            how = f"({plan.base} {amount_text(bases[plan.base], currency)} - pack {_plain(plan.pack)}) x {plan.rate}"
        for name, limit in (("at least", plan.minimum), ("at most", plan.maximum)):
            how += "" if limit is None else f", {name} {_plain(limit)}"
        yield Working("commission", plan.plan_id, how, amount_text(amount, currency))


def _plain(value: Decimal) -> str:
    return format(value, "f")
