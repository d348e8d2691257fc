"""Odoo, 14 and later, as a ledger: invoices, credit notes and journal entries of `account.move`."""

from blocks.ledgers.odoo.ledger import OdooLedger
from blocks.ledgers.odoo.settings import OdooSettings

__all__ = ["OdooLedger", "OdooSettings"]
