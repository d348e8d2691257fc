"""What the drift watch found in a ledger between closes (dealbooks.drift)."""

from __future__ import annotations

from sqlalchemy import Index, Table

from dealbooks.store.tables.columns import key, metadata, text

drift = Table(
    "drift",
    metadata,
    key("id", primary=True),  # "<book>/<finding>"
    key("book"),
    key("finding"),  # ten characters by which a person names it
    text("subject"),  # the entry (entries.id), the ledger's reference, or both
    key("code"),
    key("period"),
    text("body"),  # JSON of dealbooks.drift.Finding
    key("body_hash"),
    key("mark"),  # hash of what of it may not change without being told again
    key("state"),  # open | acknowledged | gone
    text("who"),  # acknowledged it
    text("why"),
    key("first_seen"),
    key("raised_at"),  # when it was new, changed or back
    key("last_seen"),
    key("gone_at"),
    key("told"),  # the mark that was last told to people; empty: none
    Index(None, "book", "state"),
)
