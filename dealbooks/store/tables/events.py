"""What the gateway was told, and by what it finds its deal."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from dealbooks.store.tables.columns import key, metadata, number, text

# What the gateway was told. As it comes no audit chain covers it; from when the intake takes it on, the chain seals
# what became of it (see UNSEALED).
events = Table(
    "events",
    metadata,
    number("id", primary=True),
    key("hook"),  # name under hooks: in dealbooks.yaml
    key("scheme"),
    key("source"),  # whose deals it tells about; empty: any
    key("kind"),  # see dealbooks.events.Kind
    key("dedupe_key"),
    text("deal_ref"),  # our reference, as it was written into an envelope or payment
    text("object_ids"),  # JSON: {"deal": "31415"}; ids at the sender
    text("text"),  # words in which a reference may stand
    key("amount"),  # for a person to see; never for the books
    key("currency"),
    key("occurred_at"),
    text("body", null=True),  # JSON: the sender's words about this event; null when it has expired
    key("body_hash"),
    # new | sample (tries the way out; nothing is looked for) | waiting (for its deal) | review (by a person) |
    # matched | ignored | expired (its deal never came)
    key("state"),
    key("deal_id", null=True),
    text("note"),
    key("received_at"),
    key("rule", null=True),  # how its deal was found: reference | object | words | car | person; null: it was not
    key("test", null=True),  # yes: of the sender's test mode
    key("read_at", null=True),  # of a payment: when it was read at its provider; null: not yet
    UniqueConstraint("hook", "dedupe_key"),
    Index(None, "state"),
    Index(None, "deal_id"),
)

# Ids that something of a deal has at another system (an envelope, a payment), by which an event finds its deal.
deal_objects = Table(
    "deal_objects",
    metadata,
    key("id", primary=True),  # hash of the deal and the object
    key("deal_id"),
    key("object"),  # "<hook>:envelope:<id>" as an event told; "esign:<id>", "payment:<id>" as the deal's record says
    Index(None, "object"),
    Index(None, "deal_id"),
)
