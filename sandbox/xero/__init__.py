"""A stateful stand-in of Xero Accounting."""

from sandbox.xero.hand import Hand
from sandbox.xero.identity import App
from sandbox.xero.platform import XeroSandbox
from sandbox.xero.settings import Settings
from sandbox.xero.wire import Invalid

__all__ = ["App", "Hand", "Invalid", "Settings", "XeroSandbox"]
