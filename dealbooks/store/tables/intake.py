"""What was read: files, batches, the rows of both, what waits in quarantine and how it was corrected."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from dealbooks.store.tables.columns import key, metadata, number, text

files = Table(
    "files",
    metadata,
    number("id", primary=True),
    key("source"),
    text("name"),
    text("uri"),
    key("sha256"),
    number("bytes"),
    key("modified"),
    key("layout"),
    key("state"),  # accepted (its rows are being taken) | taken | held | empty | duplicate
    text("judgement"),  # JSON: findings, encoding, delimiter, rows, bad rows
    text("archive"),
    key("first_seen"),
    Index(None, "source", "sha256"),
    Index(None, "source", "uri"),
)

batches = Table(
    "batches",
    metadata,
    number("id", primary=True),
    key("source"),
    key("state"),  # extracted | validated
    number("row_count"),
    text("summary"),
    key("created_at"),
)

inbox = Table(
    "inbox",
    metadata,
    number("id", primary=True),
    key("source"),
    key("dedupe_key"),
    key("kind"),  # deal | fact | opening
    key("natural_key"),
    key("content_hash"),
    text("revision"),
    key("action"),  # post | void
    key("state"),  # new | unchanged | accepted | quarantined | superseded | ignored | applied | waiting
    number("batch_id", null=True),
    number("file_id", null=True),
    text("place"),  # "CompletedSale_20260314.csv line 7"
    text("body", null=True),  # JSON of the raw record; null for unchanged rows, and when it has expired
    key("body_hash"),
    key("deal_id", null=True),
    number("version", null=True),
    text("note"),
    key("received_at"),
    UniqueConstraint("source", "dedupe_key"),
    Index(None, "batch_id"),
    Index(None, "source", "natural_key"),
    Index(None, "natural_key"),
    Index(None, "state"),
)

quarantine = Table(
    "quarantine",
    metadata,
    number("id", primary=True),
    number("inbox_id"),
    key("source"),
    key("natural_key"),
    key("content_hash"),
    key("book"),
    key("state"),  # open | released | superseded
    text("deal_number"),
    text("place"),
    text("reasons"),  # JSON: findings with file, line and column
    key("opened_at"),
    key("closed_at", null=True),
    text("closed_by"),
    Index(None, "state"),
    Index(None, "natural_key"),
)

overrides = Table(
    "overrides",
    metadata,
    number("id", primary=True),
    key("natural_key"),
    key("content_hash"),  # of the source content that it corrects: dropped with notice when that changes
    key("field"),
    text("old"),
    text("new"),
    text("who"),
    text("why"),
    key("state"),  # active | dropped
    key("at"),
    Index(None, "natural_key"),
)

cursors = Table("cursors", metadata, key("source", primary=True), text("body"), key("updated_at"))
