"""What is put into a ledger for an entry: sales documents, journals, and money received or paid. Values only.

A sales document's amounts are positive for what it charges (an invoice, a receipt) or gives back (a credit note);
settlements and discounts on it are negative. Journal lines are debit-positive, as in the entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple

from dealbooks.documents.facts import PaidReceipt
from dealbooks.documents.target import ZERO, Mode
from dealbooks.entries import Line

INVOICE = "invoice"
SETTLEMENT = "settlement"
CUSTOMER = "receivable.customer"
CLEARING = "clearing.settlement"
ROUNDING = "rounding.difference"


class DocumentKind(StrEnum):
    """What a sales document is to the customer."""

    SALES_INVOICE = "sales_invoice"
    SALES_RECEIPT = "sales_receipt"
    CREDIT_NOTE = "credit_note"


class DocumentLine(NamedTuple):
    """One line of a sales document.

    `role` is the account role that it is posted to, `part` the part of the entry that it belongs to: `invoice` for what
    is sold, `trade`, `deposit`, `rebate` or `finance` for a settlement (modes B and C). `tax_code` is ours, as in the
    entry; `code` the ledger's, to be sent, and `rate` the rate at which the ledger computes under it. `taxed_by` are
    our codes of the taxes on top of the price that tax this line. `line_id` is the deal's line, the ledger's product or
    item. `base` is the net amount in the book's base currency, for a document in a foreign one.
    """

    part: str
    role: str
    net: Decimal
    tax: Decimal
    tax_code: str | None
    code: str
    rate: Decimal
    dimensions: Mapping[str, str]
    description: str
    line_id: str = ""
    taxed_by: tuple[str, ...] = ()
    base: Decimal | None = None

    @property
    def gross(self) -> Decimal:
        """The amount with the tax in it; taxes on top of the price are not."""
        return self.net + self.tax


class DocumentTax(NamedTuple):
    """The document's tax of one code. `on_top`: it comes on top of the line amounts; otherwise it is the sum of the
    lines' own tax. `taxed` is the amount that it is worked out on, where known."""

    tax_code: str
    code: str
    rate: Decimal | None
    amount: Decimal
    role: str
    dimensions: Mapping[str, str]
    on_top: bool
    taxed: Decimal | None = None
    base: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A sales invoice, sales receipt or credit note.

    `account` are the entry's lines on the customer's account that the document stands for: their sum is its total.
    `amounts` says how line amounts are meant; it is exclusive where taxes come on top. `reverses` names the sale entry
    that a credit note takes back, `paid` the receipts that a sales receipt is the payment of. `exchange` are lines in
    base currency alone: what converting each line leaves over.
    """

    name: str
    kind: DocumentKind
    entry_id: str
    date: date
    currency: str
    customer: str
    customer_name: str
    dimensions: Mapping[str, str]
    amounts: Literal["inclusive", "exclusive"]
    lines: tuple[DocumentLine, ...]
    taxes: tuple[DocumentTax, ...]
    account: tuple[Line, ...]
    reverses: str | None = None
    fx_rate: Decimal | None = None
    base_currency: str | None = None
    exchange: tuple[Line, ...] = ()
    paid: tuple[PaidReceipt, ...] = ()

    @property
    def net_total(self) -> Decimal:
        """The lines without tax."""
        return sum([line.net for line in self.lines], ZERO)

    @property
    def tax_total(self) -> Decimal:
        """The tax shown on the document."""
        return sum([tax.amount for tax in self.taxes], ZERO)

    @property
    def total(self) -> Decimal:
        """What the customer is charged, or given back."""
        return self.net_total + self.tax_total


class Journal(NamedTuple):
    """A journal: lines of one entry, debit-positive, balanced. `name` tells the journals of one entry apart."""

    name: str
    entry_id: str
    date: date
    currency: str
    lines: tuple[Line, ...]
    fx_rate: Decimal | None = None
    base_currency: str | None = None


class MoneyKind(StrEnum):
    """What money that came or went is to the ledger."""

    PAYMENT = "payment"  # from the customer, on the account: applied to the invoice
    REFUND = "refund"  # to the customer, on the account: applied to the credit note
    SETTLEMENT = "settlement"  # no money: the invoice (or credit note) is settled from clearing.settlement
    MONEY_IN = "money_in"  # to another account: a deposit, the lender's money
    MONEY_OUT = "money_out"  # from another account: a deposit given back, a payoff


class MoneyDocument(NamedTuple):
    """A payment, refund, deposit, funding or payoff.

    `money` is the line on the bank, cash or clearing account, `lines` are the others; together they balance. `settles`
    names the entry whose sales document it is applied to, with `applied` of the amount; the rest stays on the
    customer's account.
    """

    name: str
    kind: MoneyKind
    entry_id: str
    date: date
    currency: str
    party: str
    money: Line
    lines: tuple[Line, ...]
    settles: str = ""
    applied: Decimal = ZERO
    fx_rate: Decimal | None = None
    base_currency: str | None = None

    @property
    def amount(self) -> Decimal:
        """How much, positive."""
        return abs(self.money.amount.amount)

    @property
    def incoming(self) -> bool:
        """Whether the money account is debited."""
        return self.money.amount.amount > 0


@dataclass(frozen=True, slots=True)
class Fallback:
    """Why a sale could not be carried in the mode that was asked for."""

    wanted: Mode
    used: Mode
    reason: str


class DocumentSet(NamedTuple):
    """Everything that carries one entry into a ledger, in the order in which it must be posted.

    `mode` is the mode that was used, `fallbacks` why it is not the one that was asked for. `covered_by` names the sale
    whose sales receipt carries this receipt already (mode C): then there is nothing to post.
    """

    entry_id: str
    mode: Mode
    documents: tuple[Document | Journal | MoneyDocument, ...]
    fallbacks: tuple[Fallback, ...] = ()
    covered_by: str | None = None
