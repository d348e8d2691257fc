"""A stand-in of a Stripe account: payment intents, charges and checkout sessions, as they are read over the API."""

from sandbox.stripe.platform import Settings, StripeSandbox

__all__ = ["Settings", "StripeSandbox"]
