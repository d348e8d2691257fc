"""From a completed deal to double entry: pure functions, no clock, no network, no store.

post_deal       every entry of a deal's life to date, with taxes, invoice, gross, commissions and stock books
case_expected   a worked deal from beginning to end, in the form of a golden case
explain         for each line of an entry, the rule that wrote it, and the rule's source
"""

from __future__ import annotations

from dealbooks.posting.case import case_expected
from dealbooks.posting.errors import PostingError
from dealbooks.posting.explain import explain
from dealbooks.posting.figures import CommissionShare, Invoice, Metrics, StockBookSale, StockBookTrade, TaxRow
from dealbooks.posting.post import post_deal
from dealbooks.posting.posted import History, Posted, closing_balances, closing_balances_base

__all__ = [
    "CommissionShare",
    "History",
    "Invoice",
    "Metrics",
    "Posted",
    "PostingError",
    "StockBookSale",
    "StockBookTrade",
    "TaxRow",
    "case_expected",
    "closing_balances",
    "closing_balances_base",
    "explain",
    "post_deal",
]
