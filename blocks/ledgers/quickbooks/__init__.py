"""QuickBooks Online: companies in the United States, with and without automated sales tax, and elsewhere."""

from __future__ import annotations

from blocks.ledgers.quickbooks.factory import build, connected
from blocks.ledgers.quickbooks.ledger import QuickBooksLedger
from blocks.ledgers.quickbooks.settings import QuickBooksSettings

__all__ = ["QuickBooksLedger", "QuickBooksSettings", "build", "connected"]
