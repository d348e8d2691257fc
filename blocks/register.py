"""Every Prefect block of ours, imported: `prefect block register -m blocks.register`."""

from __future__ import annotations

from blocks.bases import SettingsBlock
from blocks.ledgers.beancount.block import BeancountBooks
from blocks.ledgers.odoo.block import Odoo
from blocks.ledgers.quickbooks.block import QuickBooksOnline
from blocks.ledgers.xero.block import Xero
from blocks.payments.gocardless.block import GoCardless
from blocks.payments.stripe.block import Stripe
from blocks.signatures.adobe_sign.block import AdobeSign
from blocks.signatures.docusign.block import DocuSign
from blocks.signatures.dropbox_sign.block import DropboxSign
from blocks.sources.csv_files.block import CsvDrop
from blocks.sources.google_sheets.block import GoogleSheets
from blocks.sources.hubspot.block import HubSpot
from blocks.sources.odoo.block import OdooSales
from blocks.sources.salesforce.block import Salesforce

BLOCKS: tuple[type[SettingsBlock], ...] = (
    BeancountBooks,
    Odoo,
    QuickBooksOnline,
    Xero,
    GoCardless,
    Stripe,
    AdobeSign,
    DocuSign,
    DropboxSign,
    CsvDrop,
    GoogleSheets,
    HubSpot,
    OdooSales,
    Salesforce,
)

# The platform of `dealbooks ledgers` and `dealbooks sources` -> its block.
LEDGER_BLOCKS: dict[str, type[SettingsBlock]] = {
    "beancount": BeancountBooks,
    "odoo": Odoo,
    "quickbooks": QuickBooksOnline,
    "xero": Xero,
}
SOURCE_BLOCKS: dict[str, type[SettingsBlock]] = {
    "csv_files": CsvDrop,
    "google_sheets": GoogleSheets,
    "hubspot": HubSpot,
    "odoo": OdooSales,
    "salesforce": Salesforce,
}
PAYMENT_BLOCKS: dict[str, type[SettingsBlock]] = {"gocardless": GoCardless, "stripe": Stripe}
SIGNATURE_BLOCKS: dict[str, type[SettingsBlock]] = {
    "adobe_sign": AdobeSign,
    "docusign": DocuSign,
    "dropbox_sign": DropboxSign,
}

__all__ = [
    "BLOCKS",
    "LEDGER_BLOCKS",
    "PAYMENT_BLOCKS",
    "SIGNATURE_BLOCKS",
    "SOURCE_BLOCKS",
    "AdobeSign",
    "BeancountBooks",
    "CsvDrop",
    "DocuSign",
    "DropboxSign",
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
