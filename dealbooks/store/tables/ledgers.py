"""What is planned for a ledger, how each call ended, and what a person said of it."""

from __future__ import annotations

from sqlalchemy import Index, Table

from dealbooks.store.tables.columns import key, metadata, number, text

entries = Table(
    "entries",
    metadata,
    key("id", primary=True),  # wire key of the posting
    number("seq"),
    key("book"),
    key("deal_id"),
    key("entry_id"),
    number("version"),
    key("event"),
    key("accounting_date"),
    key("currency"),
    text("key"),  # JSON of the PostingKey
    text("body"),  # JSON of the Entry
    text("facts"),  # JSON of the invoice's facts (documents.InvoiceFacts), for a sale; empty for the rest
    key("body_hash"),
    key("state"),  # planned | posted | superseded
    key("created_at"),
    Index(None, "deal_id"),
    Index(None, "book", "accounting_date"),
)

effects = Table(
    "effects",
    metadata,
    key("id", primary=True),  # the effect's own wire key
    number("seq"),
    key("book"),
    key("deal_id"),
    key("entry"),  # entries.id
    key("name"),
    number("version"),
    key("state"),
    text("payload"),
    key("request_hash"),
    text("waits_for"),  # JSON: {"<name in refs>": "<effect id>"}
    key("subject"),  # what the call makes for more than its own posting; empty: nothing
    number("attempts"),
    number("token"),  # fencing token of the lease under which it was last sent
    key("next_at"),
    key("sent_at"),  # the last moment at which a byte of it may have left
    text("ref"),
    text("figures"),
    text("reason"),
    key("updated_at"),
    Index(None, "book", "state", "next_at", "seq"),
    Index(None, "deal_id"),
    Index(None, "entry"),
    Index(None, "book", "ref"),
    Index(None, "subject", "book", "state"),
)

# What was said to a ledger and what it answered, without secrets, for `trace`. May be thrown away at any time.
exchanges = Table(
    "exchanges",
    metadata,
    number("id", primary=True),
    key("book"),
    key("effect"),  # id of the effect that it was for; empty for a read that served several
    key("at"),
    text("what"),
    key("method"),
    text("url"),
    text("request"),
    number("status"),  # 0: no answer came
    text("response"),
    key("seconds"),
    Index(None, "effect"),
    Index(None, "book", "at"),
)

# The token of a connection, encrypted (dealbooks.oauth). No audit chain: it changes every hour and is nobody's books.
tokens = Table(
    "tokens",
    metadata,
    key("connection", primary=True),
    text("sealed"),
    key("state"),  # live | dead: a person must reconnect
    key("renewed_at"),
)

# What a person has said of a book: whether it posts, and whether that is paused. No row: as its ledger begins.
standings = Table(
    "standings",
    metadata,
    key("id", primary=True),  # the book
    key("book"),
    key("mode"),  # shadow | live
    key("paused"),  # yes | no
    text("who"),
    text("why"),
    key("changed_at"),
)

# Differences between our figures and the ledger's that a person accepted, by effect.
acceptances = Table(
    "acceptances",
    metadata,
    key("id", primary=True),  # the effect
    key("book"),
    key("deal_id"),
    key("entry"),  # entries.id, when it was accepted
    text("figures"),  # JSON: what differed, in words
    text("found"),  # JSON: what a reconciliation said of it
    text("who"),
    text("why"),
    key("at"),
    Index(None, "book"),
    Index(None, "deal_id"),
)
