"""Payments of a Stripe account."""
