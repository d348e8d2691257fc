"""A stateful stand-in of Odoo 16 to 19: the accounting side over JSON-2, JSON-RPC and XML-RPC, and orders to read."""

from sandbox.odoo.errors import OdooError
from sandbox.odoo.hand import Hand
from sandbox.odoo.sandbox import OdooSandbox
from sandbox.odoo.settings import Settings, Traits, traits_of

__all__ = ["Hand", "OdooError", "OdooSandbox", "Settings", "Traits", "traits_of"]
