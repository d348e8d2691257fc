"""Payments of a GoCardless organisation."""
