"""A stand-in of a GoCardless organisation: payments, as they are read over the API."""

from sandbox.gocardless.platform import GoCardlessSandbox, Settings

__all__ = ["GoCardlessSandbox", "Settings"]
