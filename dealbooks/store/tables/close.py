"""Periods, and the signatures under them."""

from __future__ import annotations

from sqlalchemy import Index, Table

from dealbooks.store.tables.columns import key, metadata, number, text

periods = Table(
    "periods",
    metadata,
    key("id", primary=True),  # "<book>/<YYYY-MM>"
    key("book"),
    key("period"),
    key("state"),  # open | closing | locked
    text("who"),
    text("note"),
    text("certificate"),
    key("changed_at"),
    Index(None, "book"),
)

# What was shown of a period for people to sign: a row each time that it was another thing (dealbooks.pipeline.signoff).
signoffs = Table(
    "signoffs",
    metadata,
    key("id", primary=True),  # "<book>/<YYYY-MM>/<number>"
    key("book"),
    key("period"),
    number("number"),
    key("state"),  # waiting | superseded (something else was shown since) | declined | closed
    key("run"),  # the flow run that shows it; empty: the command line
    text("body"),  # JSON: the statement that is signed, and what stood in the way
    key("body_hash"),
    key("shown_at"),
    Index(None, "book", "period"),
)

signatures = Table(
    "signatures",
    metadata,
    key("id", primary=True),  # "<signoff>/<number>"
    key("book"),
    key("signoff"),
    key("state"),  # counts | void (what it was for is superseded) | declined
    text("name"),
    text("body"),  # JSON: the signature as it stands in the certificate
    key("body_hash"),
    key("at"),
    Index(None, "signoff"),
)

# Closed periods that were taken out of the lock: by whom, who approved, why, and for how long.
reopenings = Table(
    "reopenings",
    metadata,
    key("id", primary=True),  # "<book>/<YYYY-MM>/<number of the certificate that no longer holds>"
    key("book"),
    key("period"),
    key("state"),  # open | closed
    text("who"),
    text("approver"),
    text("reason"),
    key("at"),
    key("until"),
    Index(None, "book", "period"),
)
