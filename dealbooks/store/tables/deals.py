"""Deals, their versions, and what was told of their money."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from dealbooks.store.tables.columns import key, metadata, number, text

deals = Table(
    "deals",
    metadata,
    key("id", primary=True),
    key("book"),
    key("state"),  # see dealbooks.store.states
    text("deal_number"),
    key("vin"),
    key("stock_no"),
    text("customer"),
    key("location"),
    key("source"),
    key("content_hash"),  # of the newest version taken
    text("revision"),
    number("version"),  # newest version taken
    number("posted_version"),  # newest version that stands in the ledger, 0 for none
    key("accounting_date"),
    key("updated_at"),
    Index(None, "book", "state"),
    Index(None, "book", "vin"),
    Index(None, "book", "stock_no"),
    Index(None, "deal_number"),
)

deal_aliases = Table(
    "deal_aliases",
    metadata,
    key("natural_key", primary=True),
    key("deal_id"),
    Index(None, "deal_id"),
)

deal_versions = Table(
    "deal_versions",
    metadata,
    key("id", primary=True),  # "<deal id>/<version>"
    key("deal_id"),
    number("version"),
    key("book"),
    key("state"),  # accepted | held | planned | posted | superseded | reversed
    key("content_hash"),
    number("inbox_id"),
    number("batch_id", null=True),
    text("deal"),  # JSON of the canonical deal
    key("deal_hash"),
    text("provenance"),  # JSON: path -> rule that filled it
    text("warnings"),  # JSON: findings that post but flag
    key("config_hash"),
    text("note"),
    key("created_at"),
    UniqueConstraint("deal_id", "version"),
    Index(None, "batch_id"),
    Index(None, "book", "state"),
)

facts = Table(
    "facts",
    metadata,
    key("id", primary=True),  # hash of source, deal, kind and subject
    key("book"),
    key("location"),
    text("deal_number"),
    key("deal_id", null=True),
    key("kind"),  # funding | reserve | payoff | chargeback | payment | refund
    key("subject"),
    text("body"),
    number("inbox_id"),
    key("state"),  # waiting | applied | conflict | withdrawn
    text("note"),
    key("created_at"),
    Index(None, "deal_id"),
    Index(None, "book", "state"),
)
