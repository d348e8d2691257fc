"""From a completed deal to double entry: pure functions, no clock, no network, no store.

post_deal       every entry of a deal's life to date, with taxes, invoice, gross, commissions and stock books
work_case       a worked deal from beginning to end; case_expected gives it in the form of a golden case
work_deal       one deal as it would be posted to its book now
net_journal     an amendment as one entry, for a ledger that takes the net
workings        how taxes, gross and commissions were worked out, step by step
explain         for each line of an entry, the rule that wrote it, and the rule's source
"""

from __future__ import annotations

from dealbooks.posting.case import Worked, case_expected, work_case, work_deal
from dealbooks.posting.errors import PostingError
from dealbooks.posting.explain import explain
from dealbooks.posting.figures import CommissionShare, Invoice, Metrics, StockBookSale, StockBookTrade, TaxRow
from dealbooks.posting.lifecycle import net_journal
from dealbooks.posting.post import post_deal
from dealbooks.posting.posted import History, Posted, closing_balances, closing_balances_base
from dealbooks.posting.workings import Working, workings

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
    "Worked",
    "Working",
    "case_expected",
    "closing_balances",
    "closing_balances_base",
    "explain",
    "net_journal",
    "post_deal",
    "work_case",
    "work_deal",
    "workings",
]
