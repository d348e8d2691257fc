"""The store: what arrived, what was decided, what is on its way, and the audit chains over all of it."""

from dealbooks.store.db import Store, Tx
from dealbooks.store.leases import Lease

__all__ = ["Lease", "Store", "Tx"]
