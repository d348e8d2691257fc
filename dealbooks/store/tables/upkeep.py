"""The store's own: numbers, leases, and the audit chain."""

from __future__ import annotations

from sqlalchemy import Table

from dealbooks.store.tables.columns import key, metadata, number, text

# Numbers that we hand out ourselves, in the transaction that uses them: no gaps after a crash, on any database.
counters = Table("counters", metadata, key("name", primary=True), number("value"))

leases = Table(
    "leases",
    metadata,
    key("name", primary=True),
    key("holder"),
    number("token"),
    key("expires_at"),
)

audit = Table(
    "audit",
    metadata,
    key("book", primary=True),
    number("seq", primary=True),
    key("at"),
    text("actor"),
    text("action"),
    text("changes"),  # JSON: [[table, id, state, digest], ...]
    key("prev"),
    key("hash"),
)

audit_heads = Table("audit_heads", metadata, key("book", primary=True), number("seq"), key("hash"))
