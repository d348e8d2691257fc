"""Sales orders of Odoo as a source of deals."""
