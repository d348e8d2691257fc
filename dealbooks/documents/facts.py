"""What a sales document says beside its entry: the lines as the customer sees them. Values only, in JSON types too.

An entry merges what is posted alike: a car and the discount on it are one line. These facts hold how the lines of part
`invoice` break down, by their place in the entry, and are recorded beside it. A mirror has its lines in the same
places, so that its credit note is made from the mirror and the facts of the sale. Amounts are positive for what the
customer is charged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple


class InvoiceLine(NamedTuple):
    """A piece of one entry line (`at` is its place): a line of the deal, or the premium in it. `taxed_by` are the codes
    of the taxes on top of the price that tax it."""

    at: int
    line_id: str
    description: str
    net: Decimal
    tax: Decimal
    taxed_by: tuple[str, ...] = ()


class InvoiceTax(NamedTuple):
    """A tax shown on the invoice; `at` is the place of its entry line, None when it is nil. `on_top`: it comes on top
    of the prices."""

    at: int | None
    code: str
    rate: Decimal
    taxed: Decimal
    role: str
    on_top: bool


class TradedCar(NamedTuple):
    """A car taken in part-exchange. `allowed` is what the customer is given for it, with tax charged on top."""

    stock_no: str
    description: str
    allowed: Decimal


class PaidReceipt(NamedTuple):
    """A receipt that pays the sale on its day; `base` in the book's base currency, for a deal in a foreign one."""

    entry_id: str
    method: str
    amount: Decimal
    base: Decimal | None = None


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """The facts of one sale entry.

    `paid` are the receipts that pay the sale in full on its day, known when the sale is posted; when it is not paid so,
    `not_paid` says why.
    """

    entry_id: str
    deal_number: str
    customer_name: str
    lines: tuple[InvoiceLine, ...]
    taxes: tuple[InvoiceTax, ...]
    rates: Mapping[str, Decimal]
    trades: tuple[TradedCar, ...] = ()
    paid: tuple[PaidReceipt, ...] = ()
    not_paid: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain JSON types, amounts and rates as text."""
        return {
            "entry_id": self.entry_id,
            "deal_number": self.deal_number,
            "customer_name": self.customer_name,
            "lines": [[x.at, x.line_id, x.description, str(x.net), str(x.tax), list(x.taxed_by)] for x in self.lines],
            "taxes": [[x.at, x.code, str(x.rate), str(x.taxed), x.role, x.on_top] for x in self.taxes],
            "rates": {code: str(rate) for code, rate in self.rates.items()},
            "trades": [[x.stock_no, x.description, str(x.allowed)] for x in self.trades],
            "paid": [[x.entry_id, x.method, str(x.amount), None if x.base is None else str(x.base)] for x in self.paid],
            "not_paid": self.not_paid,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> InvoiceFacts:
        """Read what `as_json` wrote."""
        return cls(
            entry_id=data["entry_id"],
            deal_number=data["deal_number"],
            customer_name=data["customer_name"],
            lines=tuple(
                InvoiceLine(at, line_id, text, Decimal(net), Decimal(tax), tuple(taxed_by))
                for at, line_id, text, net, tax, taxed_by in data["lines"]
            ),
            taxes=tuple(
                InvoiceTax(at, code, Decimal(rate), Decimal(taxed), role, on_top)
                for at, code, rate, taxed, role, on_top in data["taxes"]
            ),
            rates={code: Decimal(rate) for code, rate in data["rates"].items()},
            trades=tuple(TradedCar(stock_no, text, Decimal(allowed)) for stock_no, text, allowed in data["trades"]),
            paid=tuple(
                PaidReceipt(entry_id, method, Decimal(amount), None if base is None else Decimal(base))
                for entry_id, method, amount, base in data["paid"]
            ),
            not_paid=data["not_paid"],
        )
