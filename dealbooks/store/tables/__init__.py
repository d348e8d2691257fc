"""Tables of the store (SQLAlchemy Core), by subject, and what the audit chain seals of them."""

from dealbooks.store.tables.bank import bank_lines, bank_links, bank_statements, outside_lists
from dealbooks.store.tables.close import periods, reopenings, signatures, signoffs
from dealbooks.store.tables.columns import metadata
from dealbooks.store.tables.deals import deal_aliases, deal_versions, deals, facts
from dealbooks.store.tables.drift import drift
from dealbooks.store.tables.events import deal_objects, events
from dealbooks.store.tables.exceptions import exceptions
from dealbooks.store.tables.intake import batches, cursors, files, inbox, overrides, quarantine
from dealbooks.store.tables.ledgers import acceptances, effects, entries, exchanges, standings, tokens
from dealbooks.store.tables.seals import CONTENT, COVERED, UNSEALED
from dealbooks.store.tables.upkeep import audit, audit_heads, counters, leases

__all__ = [
    "CONTENT",
    "COVERED",
    "PRIMARY",
    "UNSEALED",
    "acceptances",
    "audit",
    "audit_heads",
    "bank_lines",
    "bank_links",
    "bank_statements",
    "batches",
    "counters",
    "cursors",
    "deal_aliases",
    "deal_objects",
    "deal_versions",
    "deals",
    "drift",
    "effects",
    "entries",
    "events",
    "exceptions",
    "exchanges",
    "facts",
    "files",
    "inbox",
    "leases",
    "metadata",
    "outside_lists",
    "overrides",
    "periods",
    "quarantine",
    "reopenings",
    "signatures",
    "signoffs",
    "standings",
    "tokens",
]

PRIMARY: dict[str, str] = {name: next(iter(metadata.tables[name].primary_key.columns)).name for name in COVERED}
