"""The rows R3, R4 and R5 of the matrix: what was booked as money of deals, and what of it is at the bank. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dealbooks.bank.items import LENDER, BankItem, BankMatch, BankResult
from dealbooks.bank.judge import Judged, Scene, on_its_way
from dealbooks.bank.model import ZERO
from dealbooks.reconcile.model import money_text

_ROWS: Mapping[str, tuple[str, ...]] = {"R4": ("receipt", "refund", "payoff"), "R5": LENDER}


@dataclass(frozen=True, slots=True)
class BankRow:
    """A row of the matrix in one currency: what was booked, and what came of it. Of money that came with another amount
    the right side has that amount. `difference` is what the right side lacks and nothing below explains."""

    code: str
    left: str
    right: str
    currency: str
    left_count: int
    left_total: Decimal
    right_count: int
    right_total: Decimal
    in_transit_count: int = 0
    in_transit: Decimal = ZERO
    undecided_count: int = 0
    undecided: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Right, with what is on its way, not decided, or kept back as a fee, less left."""
        return self.right_total + self.in_transit + self.undecided - self.left_total

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        amounts = ("left_total", "right_total", "in_transit", "undecided", "fees", "difference")
        return {
            "row": self.code, "left": self.left, "right": self.right, "currency": self.currency,
            "left_count": self.left_count, "right_count": self.right_count,
            "in_transit_count": self.in_transit_count, "undecided_count": self.undecided_count,
            **{name: money_text(getattr(self, name), self.currency) for name in amounts},
        }  # fmt: skip


def rows_of(
    items: Sequence[BankItem], result: BankResult, judged: Judged, scene: Scene, in_ledger: Collection[str]
) -> tuple[BankRow, ...]:
    """R3, R4 and R5 over the items of the month, a row for each currency. R4 and R5 differ by what the exceptions about
    these items differ; a line that is not booked at all is on neither side."""
    by_key = {item.key: item for item in items}
    matched: dict[str, BankMatch] = {key: one for one in result.matches for key in one.items}
    came = {key: by_key[key].amount for key in matched}
    coming: dict[str, Decimal] = {key: by_key[key].amount for key in judged.transit}
    for one in result.differences:
        ours = [by_key[key] for key in one.items]
        came |= _shared_out(ours, one.difference)
        if on_its_way(ours, scene):
            lacks = {item.key: item.amount - came[item.key] for item in ours}
            coming |= {key: short for key, short in lacks.items() if short and (short > 0) == (by_key[key].amount > 0)}
    undecided = {key for one in judged.undecided for key in one.items} - judged.lacking
    month = [item for item in items if scene.first <= item.date <= scene.last]
    found = []
    for currency in sorted({item.currency for item in month}):
        receipts = [item for item in month if item.currency == currency and item.kind == "receipt"]
        there = [item for item in receipts if item.key in in_ledger]
        found.append(
            BankRow(
                "R3", "payments and deposits of deals", "receipts in the ledger", currency, len(receipts),
                _total(receipts), len(there), _total(there),
            )
        )  # fmt: skip
        for code, kinds in _ROWS.items():
            own = [item for item in month if item.currency == currency and item.kind in kinds]
            at_bank = [came[item.key] for item in own if came.get(item.key)]
            open_ = [item for item in own if item.key in undecided]
            moving = [coming[item.key] for item in own if item.key in coming and item.key not in undecided]
            fees = {one.items: one.fee for one in (matched[item.key] for item in own if item.key in matched)}
            words = (
                ("receipts, refunds and settlements booked", "at the bank or provider") if code == "R4"
                else ("payments of finance companies booked", "at the bank")
            )  # fmt: skip
            found.append(
                BankRow(
                    code, *words, currency, len(own), _total(own), len(at_bank), sum(at_bank, ZERO), len(moving),
                    sum(moving, ZERO), len(open_), _total(open_), sum(fees.values(), ZERO),
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda row: (row.code, row.currency)))


def _shared_out(items: Sequence[BankItem], difference: Decimal) -> dict[str, Decimal]:
    """What came of each of several items that came with another amount: the oldest is paid first, and the last has what
    is too much."""
    left = sum((item.amount for item in items), ZERO) + difference
    found = {}
    for item in sorted(items, key=lambda one: (one.date, one.key)):
        found[item.key] = min(item.amount, left, key=abs)
        left -= found[item.key]
    found[max(items, key=lambda one: (one.date, one.key)).key] += left
    return found


def _total(items: Iterable[BankItem]) -> Decimal:
    return sum((item.amount for item in items), ZERO)
