"""Tables of the store (SQLAlchemy Core). Times are UTC in ISO text, JSON is canonical text, ids are ours.

`COVERED` names for each table the columns that the audit chain seals: whoever changes one of them by hand is found by
`dealbooks audit verify`. Columns that only say when to look again (`next_at`, `updated_at`) are not covered.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def _key(name: str, *, null: bool = False, primary: bool = False) -> Column[str]:
    return Column(name, String(200), nullable=null, primary_key=primary)


def _int(name: str, *, null: bool = False, primary: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=null, primary_key=primary, autoincrement=False)


# Numbers that we hand out ourselves, in the transaction that uses them: no gaps after a crash, on any database.
counters = Table("counters", metadata, _key("name", primary=True), _int("value"))

files = Table(
    "files",
    metadata,
    _int("id", primary=True),
    _key("source"),
    _text("name"),
    _text("uri"),
    _key("sha256"),
    _int("bytes"),
    _key("modified"),
    _key("layout"),
    _key("state"),  # accepted (its rows are being taken) | taken | held | empty | duplicate
    _text("judgement"),  # JSON: findings, encoding, delimiter, rows, bad rows
    _text("archive"),
    _key("first_seen"),
    Index(None, "source", "sha256"),
    Index(None, "source", "uri"),
)

batches = Table(
    "batches",
    metadata,
    _int("id", primary=True),
    _key("source"),
    _key("state"),  # extracted | validated
    _int("row_count"),
    _text("summary"),
    _key("created_at"),
)

inbox = Table(
    "inbox",
    metadata,
    _int("id", primary=True),
    _key("source"),
    _key("dedupe_key"),
    _key("kind"),  # deal | fact | opening
    _key("natural_key"),
    _key("content_hash"),
    _text("revision"),
    _key("action"),  # post | void
    _key("state"),  # new | unchanged | accepted | quarantined | superseded | ignored | applied | waiting
    _int("batch_id", null=True),
    _int("file_id", null=True),
    _text("place"),  # "CompletedSale_20260314.csv line 7"
    _text("body", null=True),  # JSON of the raw record; null for unchanged rows, and when it has expired
    _key("body_hash"),
    _key("deal_id", null=True),
    _int("version", null=True),
    _text("note"),
    _key("received_at"),
    UniqueConstraint("source", "dedupe_key"),
    Index(None, "batch_id"),
    Index(None, "source", "natural_key"),
    Index(None, "state"),
)

deals = Table(
    "deals",
    metadata,
    _key("id", primary=True),
    _key("book"),
    _key("state"),  # see dealbooks.store.states
    _text("deal_number"),
    _key("vin"),
    _key("stock_no"),
    _text("customer"),
    _key("location"),
    _key("source"),
    _key("content_hash"),  # of the newest version taken
    _text("revision"),
    _int("version"),  # newest version taken
    _int("posted_version"),  # newest version that stands in the ledger, 0 for none
    _key("accounting_date"),
    _key("updated_at"),
    Index(None, "book", "state"),
    Index(None, "book", "vin"),
    Index(None, "book", "stock_no"),
    Index(None, "deal_number"),
)

deal_aliases = Table(
    "deal_aliases",
    metadata,
    _key("natural_key", primary=True),
    _key("deal_id"),
    Index(None, "deal_id"),
)

deal_versions = Table(
    "deal_versions",
    metadata,
    _key("id", primary=True),  # "<deal id>/<version>"
    _key("deal_id"),
    _int("version"),
    _key("book"),
    _key("state"),  # accepted | held | planned | posted | superseded | reversed
    _key("content_hash"),
    _int("inbox_id"),
    _int("batch_id", null=True),
    _text("deal"),  # JSON of the canonical deal
    _key("deal_hash"),
    _text("provenance"),  # JSON: path -> rule that filled it
    _text("warnings"),  # JSON: findings that post but flag
    _key("config_hash"),
    _text("note"),
    _key("created_at"),
    UniqueConstraint("deal_id", "version"),
    Index(None, "batch_id"),
    Index(None, "book", "state"),
)

quarantine = Table(
    "quarantine",
    metadata,
    _int("id", primary=True),
    _int("inbox_id"),
    _key("source"),
    _key("natural_key"),
    _key("content_hash"),
    _key("book"),
    _key("state"),  # open | released | superseded
    _text("deal_number"),
    _text("place"),
    _text("reasons"),  # JSON: findings with file, line and column
    _key("opened_at"),
    _key("closed_at", null=True),
    _text("closed_by"),
    Index(None, "state"),
    Index(None, "natural_key"),
)

overrides = Table(
    "overrides",
    metadata,
    _int("id", primary=True),
    _key("natural_key"),
    _key("content_hash"),  # of the source content that it corrects: dropped with notice when that changes
    _key("field"),
    _text("old"),
    _text("new"),
    _text("who"),
    _text("why"),
    _key("state"),  # active | dropped
    _key("at"),
    Index(None, "natural_key"),
)

facts = Table(
    "facts",
    metadata,
    _key("id", primary=True),  # hash of source, deal, kind and subject
    _key("book"),
    _key("location"),
    _text("deal_number"),
    _key("deal_id", null=True),
    _key("kind"),  # funding | reserve | payoff | chargeback | payment | refund
    _key("subject"),
    _text("body"),
    _int("inbox_id"),
    _key("state"),  # waiting | applied | conflict | withdrawn
    _text("note"),
    _key("created_at"),
    Index(None, "deal_id"),
    Index(None, "book", "state"),
)

entries = Table(
    "entries",
    metadata,
    _key("id", primary=True),  # wire key of the posting
    _int("seq"),
    _key("book"),
    _key("deal_id"),
    _key("entry_id"),
    _int("version"),
    _key("event"),
    _key("accounting_date"),
    _key("currency"),
    _text("key"),  # JSON of the PostingKey
    _text("body"),  # JSON of the Entry
    _text("facts"),  # JSON of the invoice's facts (documents.InvoiceFacts), for a sale; empty for the rest
    _key("body_hash"),
    _key("state"),  # planned | posted | superseded
    _key("created_at"),
    Index(None, "book", "deal_id"),
    Index(None, "book", "accounting_date"),
)

effects = Table(
    "effects",
    metadata,
    _key("id", primary=True),  # the effect's own wire key
    _int("seq"),
    _key("book"),
    _key("deal_id"),
    _key("entry"),  # entries.id
    _key("name"),
    _int("version"),
    _key("state"),
    _text("payload"),
    _key("request_hash"),
    _text("waits_for"),  # JSON: {"<name in refs>": "<effect id>"}
    _key("subject"),  # what the call makes for more than its own posting; empty: nothing
    _int("attempts"),
    _int("token"),  # fencing token of the lease under which it was last sent
    _key("next_at"),
    _key("sent_at"),  # the last moment at which a byte of it may have left
    _text("ref"),
    _text("figures"),
    _text("reason"),
    _key("updated_at"),
    Index(None, "book", "state", "next_at", "seq"),
    Index(None, "deal_id"),
    Index(None, "entry"),
    Index(None, "subject", "book", "state"),
)

# What was said to a ledger and what it answered, without secrets, for `trace`. May be thrown away at any time.
exchanges = Table(
    "exchanges",
    metadata,
    _int("id", primary=True),
    _key("book"),
    _key("effect"),  # id of the effect that it was for; empty for a read that served several
    _key("at"),
    _text("what"),
    _key("method"),
    _text("url"),
    _text("request"),
    _int("status"),  # 0: no answer came
    _text("response"),
    _key("seconds"),
    Index(None, "effect"),
    Index(None, "book", "at"),
)

# The token of a connection, encrypted (dealbooks.oauth). No audit chain: it changes every hour and is nobody's books.
tokens = Table(
    "tokens",
    metadata,
    _key("connection", primary=True),
    _text("sealed"),
    _key("state"),  # live | dead: a person must reconnect
    _key("renewed_at"),
)

# What the gateway was told. As it comes no audit chain covers it; from when the intake takes it on, the chain seals
# what became of it (see UNSEALED).
events = Table(
    "events",
    metadata,
    _int("id", primary=True),
    _key("hook"),  # name under hooks: in dealbooks.yaml
    _key("scheme"),
    _key("source"),  # whose deals it tells about; empty: any
    _key("kind"),  # see dealbooks.events.Kind
    _key("dedupe_key"),
    _text("deal_ref"),  # our reference, as it was written into an envelope or payment
    _text("object_ids"),  # JSON: {"deal": "31415"}; ids at the sender
    _text("text"),  # words in which a reference may stand
    _key("amount"),  # for a person to see; never for the books
    _key("currency"),
    _key("occurred_at"),
    _text("body", null=True),  # JSON: the sender's words about this event; null when it has expired
    _key("body_hash"),
    # new | sample (tries the way out; nothing is looked for) | waiting (for its deal) | review (by a person) |
    # matched | ignored | expired (its deal never came)
    _key("state"),
    _key("deal_id", null=True),
    _text("note"),
    _key("received_at"),
    _key("rule", null=True),  # how its deal was found: reference | object | words | car | person; null: it was not
    _key("test", null=True),  # yes: of the sender's test mode
    _key("read_at", null=True),  # of a payment: when it was read at its provider; null: not yet
    UniqueConstraint("hook", "dedupe_key"),
    Index(None, "state"),
    Index(None, "deal_id"),
)

# Ids that something of a deal has at another system (an envelope, a payment), by which an event finds its deal.
deal_objects = Table(
    "deal_objects",
    metadata,
    _key("id", primary=True),  # hash of the deal and the object
    _key("deal_id"),
    _key("object"),  # "<hook>:envelope:<id>" as an event told; "esign:<id>", "payment:<id>" as the deal's record says
    Index(None, "object"),
    Index(None, "deal_id"),
)

leases = Table(
    "leases",
    metadata,
    _key("name", primary=True),
    _key("holder"),
    _int("token"),
    _key("expires_at"),
)

cursors = Table("cursors", metadata, _key("source", primary=True), _text("body"), _key("updated_at"))

periods = Table(
    "periods",
    metadata,
    _key("id", primary=True),  # "<book>/<YYYY-MM>"
    _key("book"),
    _key("period"),
    _key("state"),  # open | closing | locked
    _text("who"),
    _text("note"),
    _text("certificate"),
    _key("changed_at"),
    Index(None, "book"),
)

# What a person has said of a book: whether it posts, and whether that is paused. No row: as its ledger begins.
standings = Table(
    "standings",
    metadata,
    _key("id", primary=True),  # the book
    _key("book"),
    _key("mode"),  # shadow | live
    _key("paused"),  # yes | no
    _text("who"),
    _text("why"),
    _key("changed_at"),
)

# Differences between our figures and the ledger's that a person accepted, by effect.
acceptances = Table(
    "acceptances",
    metadata,
    _key("id", primary=True),  # the effect
    _key("book"),
    _key("deal_id"),
    _key("entry"),  # entries.id, when it was accepted
    _text("figures"),  # JSON: what differed, in words
    _text("found"),  # JSON: what a reconciliation said of it
    _text("who"),
    _text("why"),
    _key("at"),
    Index(None, "book"),
    Index(None, "deal_id"),
)

# Statements of banks and payment providers, each as it was taken or held (dealbooks.bank).
bank_statements = Table(
    "bank_statements",
    metadata,
    _int("id", primary=True),
    _key("book"),
    _key("account"),  # name under bank_accounts: in dealbooks.yaml
    _key("statement"),  # as the bank numbers it
    _key("format"),
    _text("file"),
    _key("sha256"),
    _key("currency"),
    _key("first_day"),
    _key("last_day"),
    _key("opening"),  # empty: the file states no balances
    _key("closing"),
    _int("line_count"),  # in the file; fewer are new where statements overlap
    _key("state"),  # taken | held
    _text("note"),  # why it is held
    _key("imported_at"),
    Index(None, "book", "account", "last_day"),
    Index(None, "sha256"),
)

bank_lines = Table(
    "bank_lines",
    metadata,
    _key("id", primary=True),  # see dealbooks.bank.BankLine.identity
    _key("book"),
    _key("account"),
    _int("statement"),  # bank_statements.id
    _int("seq"),  # its place in that statement
    _key("booked"),
    _key("amount"),
    _key("currency"),
    _key("kind"),
    _text("body"),  # JSON: the rest of the line
    _key("body_hash"),
    _key("state"),  # taken
    Index(None, "book", "booked"),
    Index(None, "account", "booked"),
)

# What a person has said: this line is this money of ours.
bank_links = Table(
    "bank_links",
    metadata,
    _key("id", primary=True),  # hash of line and item
    _key("book"),
    _key("line"),
    _key("item"),  # entries.id, or what stands for it
    _text("who"),
    _text("why"),
    _key("state"),  # accepted | withdrawn
    _key("at"),
    Index(None, "book"),
)

# Lists that others give for a month of a book (dealbooks.reconcile.lists); the newest of a kind counts.
outside_lists = Table(
    "outside_lists",
    metadata,
    _int("id", primary=True),
    _key("book"),
    _key("kind"),
    _key("period"),
    _text("file"),
    _key("sha256"),  # of the file
    _int("row_count"),
    _text("body"),  # JSON: the rows
    _key("body_hash"),
    _key("state"),  # taken | replaced
    _key("imported_at"),
    Index(None, "book", "period"),
)

audit = Table(
    "audit",
    metadata,
    _key("book", primary=True),
    _int("seq", primary=True),
    _key("at"),
    _text("actor"),
    _text("action"),
    _text("changes"),  # JSON: [[table, id, state, digest], ...]
    _key("prev"),
    _key("hash"),
)

audit_heads = Table("audit_heads", metadata, _key("book", primary=True), _int("seq"), _key("hash"))

COVERED: dict[str, tuple[str, ...]] = {
    "files": ("source", "name", "sha256", "layout", "state", "judgement"),
    "batches": ("source", "state", "row_count"),
    "inbox": (
        "source",
        "dedupe_key",
        "natural_key",
        "content_hash",
        "action",
        "state",
        "deal_id",
        "version",
        "body_hash",
    ),
    "deals": ("book", "state", "content_hash", "version", "posted_version", "vin", "stock_no", "accounting_date"),
    "deal_aliases": ("deal_id",),
    "deal_versions": ("deal_id", "version", "book", "state", "content_hash", "deal_hash", "config_hash"),
    "quarantine": ("inbox_id", "natural_key", "content_hash", "state", "reasons", "closed_by"),
    "overrides": ("natural_key", "content_hash", "field", "old", "new", "who", "why", "state"),
    "facts": ("book", "deal_number", "deal_id", "kind", "subject", "body", "state"),
    "entries": ("book", "deal_id", "entry_id", "version", "accounting_date", "key", "body_hash", "state"),
    "effects": ("book", "deal_id", "entry", "name", "state", "request_hash", "attempts", "ref", "figures"),
    "periods": ("book", "period", "state", "who", "note", "certificate"),
    "standings": ("book", "mode", "paused", "who", "why"),
    "acceptances": ("book", "deal_id", "entry", "figures", "found", "who", "why"),
    "events": ("hook", "source", "kind", "dedupe_key", "deal_ref", "body_hash", "state", "deal_id", "rule", "test"),
    "deal_objects": ("deal_id", "object"),
    "bank_statements": (
        "book", "account", "statement", "sha256", "currency", "first_day", "last_day", "opening", "closing",
        "line_count", "state",
    ),
    "bank_lines": ("book", "account", "statement", "booked", "amount", "currency", "kind", "body_hash", "state"),
    "bank_links": ("book", "line", "item", "who", "why", "state"),
    "outside_lists": ("book", "kind", "period", "sha256", "row_count", "body_hash", "state"),
}  # fmt: skip
# Rows that the chain does not know yet: their table -> the states that they are in.
UNSEALED: dict[str, tuple[str, ...]] = {"events": ("new", "sample")}
# Large contents are sealed through a hash column, so that a state change need not read them, and a payload can expire.
CONTENT: dict[str, tuple[str, str]] = {
    "inbox": ("body", "body_hash"),
    "deal_versions": ("deal", "deal_hash"),
    "entries": ("body", "body_hash"),
    "effects": ("payload", "request_hash"),
    "events": ("body", "body_hash"),
    "bank_lines": ("body", "body_hash"),
    "outside_lists": ("body", "body_hash"),
}
PRIMARY: dict[str, str] = {name: next(iter(metadata.tables[name].primary_key.columns)).name for name in COVERED}
