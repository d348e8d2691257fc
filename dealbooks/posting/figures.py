"""What is worked out for one version of a deal before a line is written: values only.

Amounts are in the deal currency, but costs, metrics and commissions are in the book's base currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from dealbooks.deal import CommissionPlan, SaleLine, TradeIn
from dealbooks.money import amount_text


class PricedLine(NamedTuple):
    """A deal line with its extended amount, the tax in it, and its extended cost or premium."""

    line: SaleLine
    gross: Decimal
    net: Decimal
    tax: Decimal
    cost: Decimal


class TaxRow(NamedTuple):
    """One row of the tax summary; `rate` as the rules gave it."""

    code: str
    base: Decimal
    rate: str
    amount: Decimal
    role: str
    shown: bool

    def as_json(self, currency: str) -> dict[str, Any]:
        """The form of a golden case's `taxes[]`."""
        return {
            "code": self.code,
            "base": amount_text(self.base, currency),
            "rate": self.rate,
            "amount": amount_text(self.amount, currency),
            "account_role": self.role,
            "shown_on_invoice": self.shown,
        }


@dataclass(frozen=True, slots=True)
class StockBookSale:
    """A margin-scheme sale as its stock book shows it; `margin` has the tax in it and may be negative."""

    stock_no: str
    code: str
    purchase_price: Decimal
    selling_price: Decimal
    margin: Decimal
    vat: Decimal

    def as_json(self, currency: str) -> dict[str, Any]:
        """The form of a golden case's `stock_book_sale`."""
        return {
            "stock_no": self.stock_no,
            "purchase_price": amount_text(self.purchase_price, currency),
            "selling_price": amount_text(self.selling_price, currency),
            "margin": amount_text(self.margin, currency),
            "vat": amount_text(self.vat, currency),
        }


class StockBookTrade(NamedTuple):
    """A part-exchange as it comes into the stock book: at the full allowance, whatever the ledger stocks it at."""

    trade: TradeIn
    tax_purchase_price: Decimal
    ledger_stock_value: Decimal
    equity: Decimal
    input_tax_inside: Decimal

    def as_json(self, currency: str) -> dict[str, Any]:
        """The form of a golden case's `stock_book_trades[]`."""
        return {
            "stock_no": self.trade.stock_no,
            "tax_purchase_price": amount_text(self.tax_purchase_price, currency),
            "ledger_stock_value": amount_text(self.ledger_stock_value, currency),
            "equity": amount_text(self.equity, currency),
        }


class CommissionTax(NamedTuple):
    """Tax inside a commission from a lender or an insurer; `line_id` is None for the finance reserve."""

    code: str
    line_id: str | None
    net: Decimal
    tax: Decimal


class Taxes(NamedTuple):
    """What the regime makes of a deal."""

    lines: tuple[PricedLine, ...]
    rows: tuple[TaxRow, ...]
    margin: StockBookSale | None = None
    commission: tuple[CommissionTax, ...] = ()


class Invoice(NamedTuple):
    """The sales invoice: its lines, what is shown as tax, and the total that the customer owes."""

    bill_to: str
    currency: str
    gross_total: Decimal
    tax_total_shown: Decimal
    lines: tuple[PricedLine, ...]
    rounding_difference: Decimal

    def as_json(self) -> dict[str, Any]:
        """The form of a golden case's `invoice`."""
        currency = self.currency
        return {
            "bill_to": self.bill_to,
            "gross_total": amount_text(self.gross_total, currency),
            "tax_total_shown": amount_text(self.tax_total_shown, currency),
            "lines": [
                {
                    "line_id": priced.line.line_id,
                    "net": amount_text(priced.net, currency),
                    "tax": amount_text(priced.tax, currency),
                    "gross": amount_text(priced.gross, currency),
                    "tax_code": priced.line.tax_code,
                }
                for priced in self.lines
            ],
        }


class Metrics(NamedTuple):
    """Gross of the deal, in base currency; `foreign` when that is not the deal currency."""

    currency: str
    front_gross: Decimal
    back_gross: Decimal
    commission_total: Decimal
    foreign: bool = False

    @property
    def total_gross(self) -> Decimal:
        """Front and back."""
        return self.front_gross + self.back_gross

    def as_json(self) -> dict[str, Any]:
        """The form of a golden case's `metrics`."""
        data = {
            "front_gross": amount_text(self.front_gross, self.currency),
            "back_gross": amount_text(self.back_gross, self.currency),
            "total_gross": amount_text(self.total_gross, self.currency),
            "commission_total": amount_text(self.commission_total, self.currency),
        }
        return data | {"currency": self.currency} if self.foreign else data


class CommissionShare(NamedTuple):
    """What one person earns under one plan, in base currency."""

    plan: CommissionPlan
    person: str
    location: str | None
    amount: Decimal

    def as_json(self, currency: str) -> dict[str, Any]:
        """The form of a golden case's `commissions[]`."""
        return {"plan": self.plan.plan_id, "person": self.person, "amount": amount_text(self.amount, currency)}


class Figures(NamedTuple):
    """Everything worked out for one version."""

    taxes: Taxes
    invoice: Invoice
    trades: tuple[StockBookTrade, ...]
    second_hand_credit: Decimal
    metrics: Metrics
    commissions: tuple[CommissionShare, ...]
    chargeback_provision: Decimal
