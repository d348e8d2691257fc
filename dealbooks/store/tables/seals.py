"""What the audit chain seals of each table: whoever changes one of these columns by hand is found by
`dealbooks audit verify`. Columns that only say when to look again (`next_at`, `updated_at`) are not covered.
"""

from __future__ import annotations

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
    "signoffs": ("book", "period", "number", "state", "body_hash"),
    "signatures": ("book", "signoff", "state", "name", "body_hash"),
    "reopenings": ("book", "period", "state", "who", "approver", "reason", "at", "until"),
    "drift": ("book", "finding", "subject", "code", "period", "body_hash", "mark", "state", "who", "why"),
    "exceptions": (
        "book", "finding", "subject", "code", "period", "body_hash", "mark", "state", "who", "why", "first_seen",
        "first_run", "gone_by",
    ),
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
    "signoffs": ("body", "body_hash"),
    "signatures": ("body", "body_hash"),
    "drift": ("body", "body_hash"),
    "exceptions": ("body", "body_hash"),
}
