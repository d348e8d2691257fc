"""QuickBooks Online, as a stateful stand-in: its rules, its refusals, its faults. It imports nothing of Dealbooks."""

from sandbox.quickbooks.company import Company
from sandbox.quickbooks.hand import Hand
from sandbox.quickbooks.platform import QuickBooksSandbox
from sandbox.quickbooks.refusals import Refusal
from sandbox.quickbooks.settings import Settings
from sandbox.quickbooks.setup import (
    CompanySetup,
    account,
    customer,
    item,
    named,
    tax_code,
    tax_rate,
    uk,
    us_automated,
    us_manual,
)  # fmt: skip

__all__ = [
    "Company",
    "CompanySetup",
    "Hand",
    "QuickBooksSandbox",
    "Refusal",
    "Settings",
    "account",
    "customer",
    "item",
    "named",
    "tax_code",
    "tax_rate",
    "uk",
    "us_automated",
    "us_manual",
]
