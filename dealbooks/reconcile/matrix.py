"""The reconciliation matrix R1 to R18: for each row both sides, what differs, and why. Pure.

A row is agreed only when both sides were there, nothing differs and no exception of its classes is left. Differences
are gross of both signs: what one document has too much never hides what another has too little.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from dealbooks.reconcile.model import OPEN_ITEMS, ReconException, money_text
from dealbooks.reconcile.sides import Side

ZERO = Decimal(0)


class RowStatus(StrEnum):
    """What a row of the matrix comes to."""

    AGREED = "agreed"
    DIFFERS = "differs"
    NOT_PROVIDED = "not provided"


# Which row of the matrix finds an exception of a class; the first one names it, the others show it too.
FOUND_BY: Mapping[str, tuple[str, ...]] = {
    "missing_in_ledger": ("R1", "R3", "R2"),
    "missing_in_source": ("R1",),
    "duplicate": ("R1", "R9", "R3"),
    "wrong_period": ("R1", "R3"),
    "deleted_in_ledger": ("R1", "R3", "R2"),
    "voided_in_ledger": ("R1", "R3", "R2"),
    "reversed_without_repost": ("R1",),
    "amount_mismatch": ("R2", "R1"),
    "edited_after_posting": ("R2",),
    "wrong_account": ("R2",),
    "wrong_location": ("R2",),
    "wrong_tax_code": ("R2", "R6"),
    "fx_residual": ("R2",),
    "customer_balance": ("R3",),
    "unpaid": ("R4",),
    "overpaid": ("R4",),
    "unexplained_bank_line": ("R4",),
    "statement_missing": ("R4", "R5"),
    "cit_unpaid": ("R5",),
    "cit_short": ("R5",),
    "cit_over": ("R5",),
    "sold_in_stock": ("R9", "R10"),
    "negative_stock": ("R9", "R10"),
    "unwind_incomplete": ("R9", "R8"),
    "payoff_late": ("R11",),
    "deposit_held": ("R12",),
    "intercompany_unmatched": ("R16",),
    "floorplan_unpaid": ("R17",),
    "list_difference": ("R10", "R8", "R13", "R14", "R17"),
    "unexplained_ledger_entry": ("R18",),
}


@dataclass(frozen=True, slots=True)
class Detail:
    """A part of a row: a tax code, a person, an account."""

    name: str
    left: Decimal
    right: Decimal


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A row of the matrix, in base currency. `over` is what the right side has more than the left, item by item, and
    `under` what it has less: never set off against each other. Totals are None for a side that nobody provided.
    `exceptions` are ids; `note` says what a reader must know."""

    number: str
    left: str
    right: str
    status: RowStatus
    left_count: int
    right_count: int
    left_total: Decimal | None
    right_total: Decimal | None
    over: Decimal
    under: Decimal
    currency: str
    exceptions: tuple[str, ...] = ()
    note: str = ""
    details: tuple[Detail, ...] = ()

    @property
    def counts(self) -> tuple[int | None, int | None]:
        """How many items are on each side, as a person is shown it: nothing of a side that nobody provided."""
        sides = ((self.left_count, self.left_total), (self.right_count, self.right_total))
        left, right = (None if total is None else count for count, total in sides)
        return left, right

    @property
    def amounts(self) -> tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None]:
        """Both totals, what is more and what is less, as a person is shown them: one side alone has no more or less."""
        both = self.status is not RowStatus.NOT_PROVIDED
        return self.left_total, self.right_total, self.over if both else None, self.under if both else None

    def as_json(self) -> dict[str, Any]:
        """Plain types."""

        def money(amount: Decimal | None) -> str | None:
            return None if amount is None else money_text(amount, self.currency)

        return {
            "row": self.number, "left": self.left, "right": self.right, "status": self.status.value,
            "left_count": self.left_count, "right_count": self.right_count, "left_total": money(self.left_total),
            "right_total": money(self.right_total), "right_more": money(self.over), "right_less": money(self.under),
            "currency": self.currency, "exceptions": list(self.exceptions), "note": self.note,
            "details": [
                {"name": one.name, "left": money(one.left), "right": money(one.right)} for one in self.details
            ],
        }  # fmt: skip


def make_row(
    number: str,
    left: str,
    right: str,
    ours: Side | None,
    theirs: Side | None,
    currency: str,
    found: Iterable[ReconException] = (),
    *,
    note: str = "",
    details: Sequence[Detail] = (),
    debits: bool = False,
) -> MatrixRow:
    """A row from its two sides, item by item, and the exceptions that it shows. A side that is None was not provided:
    then the row is not, whatever the other side says. `debits`: the totals are of what is positive, for sides that
    always come to nothing."""
    named = list(found)
    over = under = ZERO
    differs = any(one.code not in OPEN_ITEMS for one in named)
    if ours is not None and theirs is not None:
        for item in {*ours, *theirs}:
            difference = theirs.get(item, ZERO) - ours.get(item, ZERO)
            over += max(difference, ZERO)
            under += max(-difference, ZERO)
        differs = differs or bool(over or under) or ours.keys() != theirs.keys()
        status = RowStatus.DIFFERS if differs else RowStatus.AGREED
    else:
        status = RowStatus.NOT_PROVIDED
    return MatrixRow(
        number, left, right, status, len(ours or ()), len(theirs or ()),
        _total(ours, debits=debits), _total(theirs, debits=debits), over, under,
        currency, tuple(sorted({one.id for one in named})), note, tuple(details),
    )  # fmt: skip


def _total(items: Side | None, *, debits: bool) -> Decimal | None:
    return None if items is None else sum((one for one in items.values() if one > 0 or not debits), ZERO)


def details_of(ours: Side, theirs: Side) -> tuple[Detail, ...]:
    """Both sides by name, in the order of names; those that are nil on both are left out."""
    return tuple(
        Detail(name, ours.get(name, ZERO), theirs.get(name, ZERO))
        for name in sorted({*ours, *theirs})
        if ours.get(name, ZERO) or theirs.get(name, ZERO)
    )


def shown_in(number: str, found: Iterable[ReconException], kinds: Mapping[str, str]) -> list[ReconException]:
    """The exceptions that a row shows. `kinds` tells of an exception's id what the document is that it names: a sale, a
    receipt, other; or of which list (`R10`) it comes. What is known of it narrows the rows of its class."""
    return [one for one in found if number in rows_of(one, kinds)]


def rows_of(found: ReconException, kinds: Mapping[str, str]) -> Collection[str]:
    """The rows that show an exception."""
    rows = FOUND_BY[found.code]
    kind = kinds.get(found.id, "")
    if kind in rows:
        return (kind,)
    fit = {"receipt": ("R3", "R2"), "other": ("R2",)}.get(kind)
    if found.code in ("missing_in_ledger", "deleted_in_ledger", "voided_in_ledger", "duplicate", "wrong_period"):
        if fit is None:
            return tuple(row for row in rows if row in ("R1", "R9"))
        narrowed = tuple(row for row in rows if row in fit)
        return narrowed[:1] or rows[:1]
    return rows
