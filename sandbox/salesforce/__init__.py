"""A stand-in of a Salesforce org: opportunities with their lines, accounts and contacts, over the REST API."""

from sandbox.salesforce.platform import SalesforceSandbox
from sandbox.salesforce.settings import Settings

__all__ = ["SalesforceSandbox", "Settings"]
