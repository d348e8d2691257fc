"""What a deal comes to in the books, and the form of a golden case's `expected` (posting-rules.md section 9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.money import amount_text
from dealbooks.posting.arithmetic import ZERO
from dealbooks.posting.figures import CommissionShare, Invoice, Metrics, StockBookSale, StockBookTrade, Taxes, TaxRow


@dataclass(frozen=True, slots=True)
class History:
    """Entries already recorded for a deal, by entry_id. They are kept as they are and never worked out again; a mirror
    is the exact mirror of the recorded entry. Versions that were superseded before they were sent are simply absent.
    `elsewhere` is what the customer paid that others book."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    elsewhere: Decimal = ZERO

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> History:
        """A history from entries."""
        return cls({entry.entry_id: entry for entry in entries})


@dataclass(frozen=True, slots=True)
class Posted:
    """A deal's whole life in the books to date.

    `entries` are in order of date (then: transfers, deposits, sale and mirrors by version, receipts, later facts);
    `new` are those of them that were not in the history. Figures are those of the deal's own version, as posted: an
    unwind does not change them. `open_items` are what an unwind leaves to collect; `worked_taxes` and
    `second_hand_credit` are what gross was worked out from.
    """

    deal: Deal
    entries: tuple[Entry, ...]
    new: tuple[Entry, ...]
    taxes: tuple[TaxRow, ...]
    invoice: Invoice
    metrics: Metrics
    commissions: tuple[CommissionShare, ...]
    stock_book_sale: StockBookSale | None
    stock_book_trades: tuple[StockBookTrade, ...]
    open_items: tuple[str, ...] = ()
    worked_taxes: Taxes = field(default_factory=lambda: Taxes((), ()))
    second_hand_credit: Decimal = ZERO

    def figures_as_json(self) -> dict[str, Any]:
        """Invoice, taxes, metrics and commissions, as a case shows them."""
        currency = self.deal.currency
        return {
            "invoice": self.invoice.as_json(),
            "taxes": [row.as_json(currency) for row in self.taxes],
            "metrics": self.metrics.as_json(),
            "commissions": [share.as_json(self.metrics.currency) for share in self.commissions],
        }

    def as_expected(self) -> dict[str, Any]:
        """The form of a golden case's `expected`."""
        deal = self.deal
        data = self.figures_as_json()
        if self.stock_book_sale is not None:
            data["stock_book_sale"] = self.stock_book_sale.as_json(deal.currency)
        if self.stock_book_trades:
            data["stock_book_trades"] = [trade.as_json(deal.currency) for trade in self.stock_book_trades]
        data["entries"] = [entry.as_json() for entry in self.entries]
        data["closing_balances"] = closing_balances(self.entries)
        if deal.currency != deal.base_currency:
            data["closing_balances_base"] = closing_balances_base(self.entries, deal.base_currency)
        return data


def closing_balances(entries: Iterable[Entry]) -> dict[str, dict[str, str]]:
    """Debit minus credit of every role touched, by legal entity and currency."""
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    for entry in entries:
        book = sums.setdefault((entry.legal_entity, entry.currency), {})
        for line in entry.lines:
            book[line.role] = book.get(line.role, ZERO) + line.amount.amount
    return _as_text(sums)


def closing_balances_base(entries: Iterable[Entry], base_currency: str) -> dict[str, dict[str, str]]:
    """The whole trial balance in base currency."""
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    for entry in entries:
        book = sums.setdefault((entry.legal_entity, base_currency), {})
        for line in entry.lines:
            amount = line.amount if line.base is None else line.base
            book[line.role] = book.get(line.role, ZERO) + amount.amount
    return _as_text(sums)


def _as_text(sums: Mapping[tuple[str, str], Mapping[str, Decimal]]) -> dict[str, dict[str, str]]:
    return {
        f"{entity}/{currency}": {role: amount_text(amount, currency) for role, amount in sorted(book.items())}
        for (entity, currency), book in sorted(sums.items())
    }
