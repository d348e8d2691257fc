"""The life of exceptions over the runs of a reconciliation (dealbooks.reconcile.life)."""

from __future__ import annotations

from sqlalchemy import Index, Table

from dealbooks.store.tables.columns import key, metadata, number, text

exceptions = Table(
    "exceptions",
    metadata,
    key("id", primary=True),  # "<book>/<finding>"
    key("book"),
    key("finding"),  # ten characters by which a person names it
    text("subject"),  # what it is about (ReconException.subject)
    key("code"),
    key("period"),  # the newest month in which it was found
    text("body"),  # JSON of the exception, as it was found last
    key("body_hash"),
    key("mark"),  # hash of what of it may not change without being looked at again
    key("state"),  # open | acknowledged | gone
    text("who"),  # acknowledged it, or accepted it when the month was closed
    text("why"),
    key("first_seen"),  # never set again
    number("first_run"),
    key("raised_at"),  # when it was new, changed or back
    key("last_seen"),
    key("gone_at"),
    key("back_at"),  # when it came again
    text("gone_by"),  # in words, by what
    Index(None, "book", "state"),
)
