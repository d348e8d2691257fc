"""Every Prefect block of ours, imported: `prefect block register -m blocks.register`."""

from __future__ import annotations

from prefect.blocks.core import Block

from blocks.ledgers.beancount.block import BeancountBooks
from blocks.ledgers.odoo.block import Odoo
from blocks.ledgers.quickbooks.block import QuickBooksOnline
from blocks.ledgers.xero.block import Xero
from blocks.payments.gocardless.block import GoCardless
from blocks.payments.stripe.block import Stripe
from blocks.sources.csv_files.block import CsvDrop
from blocks.sources.google_sheets.block import GoogleSheets
from blocks.sources.hubspot.block import HubSpot
from blocks.sources.odoo.block import OdooSales
from blocks.sources.salesforce.block import Salesforce

BLOCKS: tuple[type[Block], ...] = (
    BeancountBooks,
    Odoo,
    QuickBooksOnline,
    Xero,
    GoCardless,
    Stripe,
    CsvDrop,
    GoogleSheets,
    HubSpot,
    OdooSales,
    Salesforce,
)

# The platform of `dealbooks ledgers` and `dealbooks sources` -> its block.
LEDGER_BLOCKS: dict[str, type[Block]] = {
    "beancount": BeancountBooks,
    "odoo": Odoo,
    "quickbooks": QuickBooksOnline,
    "xero": Xero,
}
SOURCE_BLOCKS: dict[str, type[Block]] = {
    "csv_files": CsvDrop,
    "google_sheets": GoogleSheets,
    "hubspot": HubSpot,
    "odoo": OdooSales,
    "salesforce": Salesforce,
}
PAYMENT_BLOCKS: dict[str, type[Block]] = {"gocardless": GoCardless, "stripe": Stripe}

__all__ = [
    "BLOCKS",
    "LEDGER_BLOCKS",
    "PAYMENT_BLOCKS",
    "SOURCE_BLOCKS",
    "BeancountBooks",
    "CsvDrop",
    "GoCardless",
    "GoogleSheets",
    "HubSpot",
    "Odoo",
    "OdooSales",
    "QuickBooksOnline",
    "Salesforce",
    "Stripe",
    "Xero",
    "register",
]


async def register() -> list[str]:
    """Register every block type and its schema with the Prefect server (again and again changes nothing); the slugs."""
    for block in BLOCKS:
        await block.aregister_type_and_schema()
    return [block.get_block_type_slug() for block in BLOCKS]
