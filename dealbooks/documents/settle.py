"""What settles a sale besides money, on the document or through clearing (posting-rules.md section 7). Pure.

Modes B and C put trade equity, deposits, assigned rebates and the amount financed on the document, each on its
balance-sheet account. A traded car is shown at what the customer is given for it; what that is above the car's worth,
and tax inside it, is corrected in the journal, since neither is the customer's affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from dealbooks.documents import words
from dealbooks.documents.facts import TradedCar
from dealbooks.documents.target import ZERO
from dealbooks.documents.values import CLEARING, CUSTOMER, DocumentLine
from dealbooks.entries import Line
from dealbooks.money import Money

SETTLES = frozenset({"trade", "deposit", "rebate", "finance"})
_STOCK = "inventory.used_vehicle"
_PAYOFF = "payable.trade_payoff"


class Settlements:
    """The settling parts of an entry: document lines, their lines on the customer's account, and what is left for the
    journal."""

    __slots__ = ("account", "journal", "lines")

    def __init__(self) -> None:
        self.lines: list[DocumentLine] = []
        self.account: list[Line] = []
        self.journal: list[Line] = []


def settlements_of(rest: Sequence[Line], cars: Sequence[TradedCar], code: str, sign: int) -> Settlements:
    """Split the lines of the other parts; `code` is the ledger's code for lines without tax.

    A tax of an earlier VAT period (part `deposit_tax`) does not touch the customer's account: it stays in the journal.
    """
    made = Settlements()
    trade: list[Line] = []
    for line in rest:
        if line.part not in SETTLES:
            made.journal.append(line)
        elif line.role == CUSTOMER:
            made.account.append(line)
        elif line.part == "trade":
            trade.append(line)
        else:
            made.lines.append(_line(line, code, sign))
    if trade:
        account = next((line for line in made.account if line.part == "trade"), None)
        shown = _traded(trade, account, cars, code, sign)
        made.lines += shown
        made.journal += _difference(trade, shown, sign)
    return made


def _line(line: Line, code: str, sign: int) -> DocumentLine:
    return DocumentLine(
        line.part,
        line.role,
        -line.amount.amount * sign,
        ZERO,
        line.tax_code,
        code,
        ZERO,
        line.dimensions,
        words.of_role(line.part, line.role, line.dimensions),
        "",
        (),
        None if line.base is None else -line.base.amount * sign,
    )


def _traded(
    trade: Sequence[Line], account: Line | None, cars: Sequence[TradedCar], code: str, sign: int
) -> list[DocumentLine]:
    """The cars at what was allowed for them, and the settlements of their liens. In a foreign currency, and where the
    allowances are not known, the lines are those of the entry."""
    payoffs = [_line(line, code, sign) for line in trade if line.role == _PAYOFF]
    equity = ZERO if account is None else -account.amount.amount * sign
    allowed = sum([car.allowed for car in cars], ZERO)
    known = allowed - sum([line.net for line in payoffs], ZERO) == equity and trade[0].base is None
    if not known:
        return [_line(line, code, sign) for line in trade if line.role != _PAYOFF] + payoffs
    here = {name: trade[0].dimensions[name] for name in ("location", "department")}
    return [
        DocumentLine(
            "trade", _STOCK, -car.allowed, ZERO, None, code, ZERO, {**here, "stock_no": car.stock_no}, car.description
        )
        for car in cars
        if car.allowed
    ] + payoffs


def _difference(entry: Iterable[Line], shown: Iterable[DocumentLine], sign: int) -> list[Line]:
    """What the entry has and the document has not; nothing where they agree."""
    left: dict[tuple[str, str | None, tuple[tuple[str, str], ...]], Decimal] = {}
    like: dict[tuple[str, str | None, tuple[tuple[str, str], ...]], Line | DocumentLine] = {}
    currency = ""
    for line in entry:
        key = (line.role, line.tax_code, tuple(sorted(line.dimensions.items())))
        left[key] = left.get(key, ZERO) + line.amount.amount
        like[key] = line
        currency = line.amount.currency
    for one in shown:
        key = (one.role, one.tax_code, tuple(sorted(one.dimensions.items())))
        left[key] = left.get(key, ZERO) + one.net * sign
        like.setdefault(key, one)
    return [
        Line("trade", key[0], Money(amount, currency), key[1], like[key].dimensions)
        for key, amount in left.items()
        if amount
    ]


def through_clearing(rest: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """The lines with `clearing.settlement` in place of the customer's account, and those that were replaced."""
    moved: list[Line] = []
    replaced: list[Line] = []
    for line in rest:
        if line.role == CUSTOMER:
            replaced.append(line)
            moved.append(Line(line.part, CLEARING, line.amount, line.tax_code, line.dimensions, line.base))
        else:
            moved.append(line)
    return moved, replaced
