"""What the Odoo ledger and the Odoo source have in common: the server, and the three ways to talk to it."""
