"""What others state of a month: banks, payment providers, lenders, the factory."""

from __future__ import annotations

from sqlalchemy import Index, Table

from dealbooks.store.tables.columns import key, metadata, number, text

# Statements of banks and payment providers, each as it was taken or held (dealbooks.bank), and what became of it.
bank_statements = Table(
    "bank_statements",
    metadata,
    number("id", primary=True),
    key("book"),
    key("account"),  # name under bank_accounts: in dealbooks.yaml
    key("statement"),  # as the bank numbers it
    key("format"),
    text("file"),
    key("sha256"),
    key("currency"),
    key("first_day"),
    key("last_day"),
    key("opening"),  # empty: the file states no balances
    key("closing"),
    number("line_count"),  # in the file; fewer are new where statements overlap
    key("state"),  # taken | held | withdrawn
    text("note"),  # why it is held, what was assumed, who withdrew it and why
    key("imported_at"),
    Index(None, "book", "account", "last_day"),
    Index(None, "sha256"),
)

bank_lines = Table(
    "bank_lines",
    metadata,
    key("id", primary=True),  # see dealbooks.bank.BankLine.identity; with .2, .3 where it was withdrawn and taken anew
    key("book"),
    key("account"),
    number("statement"),  # bank_statements.id
    number("seq"),  # its place in that statement
    key("booked"),
    key("amount"),
    key("currency"),
    key("kind"),
    text("body"),  # JSON: the rest of the line
    key("body_hash"),
    key("state"),  # taken | withdrawn
    Index(None, "book", "booked"),
    Index(None, "account", "booked"),
)

# What a person has said: this line is this money of ours.
bank_links = Table(
    "bank_links",
    metadata,
    key("id", primary=True),  # hash of line and item
    key("book"),
    key("line"),
    key("item"),  # entries.id, or what stands for it
    text("who"),
    text("why"),
    key("state"),  # accepted | withdrawn
    key("at"),
    Index(None, "book"),
)

# Lists that others give for a month of a book (dealbooks.reconcile.lists); the newest of a kind counts.
outside_lists = Table(
    "outside_lists",
    metadata,
    number("id", primary=True),
    key("book"),
    key("kind"),
    key("period"),
    text("file"),
    key("sha256"),  # of the file
    number("row_count"),
    text("body"),  # JSON: the rows
    key("body_hash"),
    key("state"),  # taken | replaced
    key("imported_at"),
    Index(None, "book", "period"),
)
