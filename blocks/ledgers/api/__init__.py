"""What every ledger over HTTP has in common: how a call is made, and what its end means."""

from blocks.ledgers.api.ledger import ApiLedger

__all__ = ["ApiLedger"]
