"""What a ledger wants of the documents that carry a deal into it. Values only.

A ledger's own module makes its target: partly from what its platform can do (its fact sheet), partly from how the
dealership keeps its books there (posting-rules.md section 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple

from dealbooks.errors import ConfigError
from dealbooks.money import RoundingMode

ZERO = Decimal(0)


class Mode(StrEnum):
    """How a sale is carried into a ledger (posting-rules.md section 7)."""

    INVOICE_AND_JOURNAL = "A"  # the invoice is what the customer is charged; a journal settles it
    INVOICE_WITH_SETTLEMENTS = "B"  # trade-in, deposit, rebate and finance are lines of the invoice
    SALES_RECEIPT = "C"  # as B, and the receipt is the payment: only when paid in full on the day
    JOURNAL_ONLY = "D"  # no documents


class TaxCode(NamedTuple):
    """A tax code of the ledger: its name there, and the rate at which the ledger computes, a fraction ("0.20"). A
    margin-scheme, exempt or outside-scope code has rate 0."""

    code: str
    rate: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Target:
    """What a ledger wants.

    `settlement`: where journal lines on the customer's account stand: on the account itself, or on
    `clearing.settlement`, which ends at zero per deal, because the ledger forbids that account in journals.
    `amounts`: line amounts with the tax in them, or without.
    `tax`: the ledger takes our tax amounts as stated, or computes its own from the lines as sent.
    `rounding`, `rounding_mode`: how it computes: each line rounded, or once per document and code, which is given back
    to the lines by largest remainder; half up (away from zero) or floor (towards zero).
    `taxes_on_top`: taxes that come on top of the prices (US and Canadian sales taxes, luxury car tax) as the document's
    tax, or as lines of their own on the tax account, without a tax code.
    `tax_codes`: our tax code -> the ledger's. None: our codes and rates are used as they are.
    `taxable`, `no_tax`: codes for lines under a tax on top that has no entry in `tax_codes`, and for lines without tax.
    `negative_total`: a document may come to less than nothing.
    `one_customer_line`: a journal may have only one line on the customer's account; it is split by part.
    `carry_up_to`: the largest difference of a computed tax, in the currency of the deal, that is carried through
    `rounding.difference` (deal-model.md section 4 allows 0.05; 2 in JPY; 0.050 in KWD). Zero refuses every one.
    """

    mode: Mode = Mode.INVOICE_AND_JOURNAL
    settlement: Literal["receivable", "clearing"] = "receivable"
    amounts: Literal["inclusive", "exclusive"] = "exclusive"
    tax: Literal["stated", "computed"] = "stated"
    rounding: Literal["line", "document"] = "line"
    rounding_mode: RoundingMode = "half_up"
    taxes_on_top: Literal["tax", "lines"] = "tax"
    tax_codes: Mapping[str, TaxCode] | None = None
    taxable: str = ""
    no_tax: str = ""
    negative_total: bool = False
    one_customer_line: bool = False
    carry_up_to: Decimal = ZERO

    def __post_init__(self) -> None:
        if self.mode is Mode.JOURNAL_ONLY and self.settlement == "clearing":
            raise ConfigError(
                "A ledger that takes no customer lines in journals cannot be kept with journals alone.",
                fix="Use invoices and journals, or let the journals go to the customer's account.",
            )
