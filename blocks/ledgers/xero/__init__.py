"""Xero: invoices, credit notes, payments, bank transactions and manual journals over its Accounting API 2.0."""

from __future__ import annotations

from blocks.ledgers.xero.factory import build, connected
from blocks.ledgers.xero.ledger import XeroLedger
from blocks.ledgers.xero.settings import XeroSettings

__all__ = ["XeroLedger", "XeroSettings", "build", "connected"]
