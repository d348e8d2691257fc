"""Deposits that are held for too long: taken, and neither used by a sale nor given back (period-close.md R12). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dealbooks.reconcile.compare import side_text
from dealbooks.reconcile.model import SEVERITIES, ReconException
from dealbooks.reconcile.openitems import AgePolicy
from dealbooks.reconcile.words import WORDS


@dataclass(frozen=True, slots=True)
class HeldDeposit:
    """What the ledger holds for a deal in deposits (a credit is negative), since its first one. `stock_no` is the car
    that it is for, where one is known; `state` is what became of the deal, in words."""

    deal_id: str
    number: str
    stock_no: str
    state: str
    currency: str
    balance: Decimal
    since: date


def deposit_exceptions(held: Iterable[HeldDeposit], as_of: date, ages: AgePolicy) -> list[ReconException]:
    """Those that are held for more days than usual."""
    words, code = WORDS["deposit_held"], "deposit_held"
    found = []
    for one in held:
        days = (as_of - one.since).days
        if one.balance >= 0 or days <= ages.deposit:
            continue
        amount = side_text(-one.balance, one.currency).removesuffix(" debit")
        found.append(
            ReconException(
                code=code, severity=SEVERITIES[code],
                what=f"{amount} of deposits of deal {one.number} are held for {days} days; {one.state}.",
                where=f"deal {one.number}", ours="used by a sale, or given back",
                theirs=side_text(one.balance, one.currency), difference=one.balance, currency=one.currency,
                cause=words.cause, cure=words.cure.format(deal=one.number, ref=""),
                subject=f"{one.deal_id} deposits", deal=one.number,
                stock_nos=(one.stock_no,) if one.stock_no else (),
            )
        )  # fmt: skip
    return found
