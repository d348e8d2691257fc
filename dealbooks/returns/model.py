"""What a return is made from and what it comes to: values only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dealbooks.deal import Deal
from dealbooks.entries import Entry


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry of the period, with what the return must know besides.

    `deal` is the number that people know the deal by. `version` is the version of the deal behind a sale or its mirror
    (for a payoff the one that it was recorded with, for any other later fact the newest), None when it is not known.
    `paid_off` are the payoffs that were recorded for the deal before that version.
    """

    entry: Entry
    deal: str
    version: Deal | None = None
    state: str = "posted"
    paid_off: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class BoxLine:
    """One line of an entry that feeds a box: the answer to an auditor's “show me”. `amount` adds to the box."""

    box: str
    fact: Fact
    part: str
    role: str
    tax_code: str
    treatment: str
    stock_no: str
    take: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LedgerBox:
    """What the ledger's own return would show in a box, and what is to be added to it by hand, with the reason.

    `computes` is None where the ledger has no such return: our figure is then the one to be entered.
    """

    computes: Decimal | None
    adjustment: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class Box:
    """A box or line of the form. `exact` is before the form's rounding; `computed` boxes come from other boxes."""

    box: str
    title: str
    amount: Decimal
    exact: Decimal
    computed: bool
    source: str
    ledger: LedgerBox | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A tax role: what it moved by in the period (tax owed positive), and how much of it stands in the boxes."""

    role: str
    moved: Decimal
    placed: Decimal

    @property
    def difference(self) -> Decimal:
        """What no box holds; nothing when the return is whole."""
        return self.moved - self.placed


@dataclass(frozen=True, slots=True)
class TaxReturn:
    """A return of a period: its boxes, the lines that feed them, how they tie to the books, and what is open.

    `problems` must be settled before the return is filed. `notes` say what the return needs that no deal holds.
    `net_by_form` is the form's amount to pay, `net_by_books` the same from the tax roles; they differ by no more than
    the form's rounding when there are no problems.
    """

    form: str
    name: str
    currency: str
    boxes: tuple[Box, ...]
    lines: tuple[BoxLine, ...]
    ties: tuple[Tie, ...]
    net_by_form: Decimal | None
    net_by_books: Decimal
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    def box(self, name: str, title: str = "") -> Box:
        """A box by its name, in a summary by its title too.

        Raises:
            KeyError: the form has no such box.
        """
        for one in self.boxes:
            if one.box == name and title in ("", one.title):
                return one
        raise KeyError(name)

    def lines_of(self, name: str) -> tuple[BoxLine, ...]:
        """The lines that feed a box."""
        return tuple(line for line in self.lines if line.box == name)
