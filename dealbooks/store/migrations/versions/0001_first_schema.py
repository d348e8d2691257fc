"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "audit",
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=200), nullable=False),
        sa.Column("hash", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("book", "seq", name=op.f("pk_audit")),
    )
    op.create_table(
        "audit_heads",
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("book", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("row_count", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "cursors",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_cursors")),
    )
    op.create_table(
        "deal_aliases",
        sa.Column("natural_key", sa.String(length=200), nullable=False),
        sa.Column("deal_id", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("natural_key", name=op.f("pk_deal_aliases")),
    )
    with op.batch_alter_table("deal_aliases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deal_aliases_deal_id"), ["deal_id"], unique=False)

    op.create_table(
        "deal_versions",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("deal_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=200), nullable=False),
        sa.Column("inbox_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.Integer(), autoincrement=False, nullable=True),
        sa.Column("deal", sa.Text(), nullable=False),
        sa.Column("deal_hash", sa.String(length=200), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("config_hash", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_versions")),
        sa.UniqueConstraint("deal_id", "version", name=op.f("uq_deal_versions_deal_id_version")),
    )
    with op.batch_alter_table("deal_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deal_versions_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deal_versions_book_state"), ["book", "state"], unique=False)

    op.create_table(
        "deals",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("deal_number", sa.Text(), nullable=False),
        sa.Column("vin", sa.String(length=200), nullable=False),
        sa.Column("stock_no", sa.String(length=200), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("posted_version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("accounting_date", sa.String(length=200), nullable=False),
        sa.Column("updated_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals")),
    )
    with op.batch_alter_table("deals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deals_book_state"), ["book", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_deals_book_stock_no"), ["book", "stock_no"], unique=False)
        batch_op.create_index(batch_op.f("ix_deals_book_vin"), ["book", "vin"], unique=False)
        batch_op.create_index(batch_op.f("ix_deals_deal_number"), ["deal_number"], unique=False)

    op.create_table(
        "effects",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("deal_id", sa.String(length=200), nullable=False),
        sa.Column("entry", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.String(length=200), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_at", sa.String(length=200), nullable=False),
        sa.Column("sent_at", sa.String(length=200), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effects")),
    )
    with op.batch_alter_table("effects", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_effects_book_state_next_at_seq"), ["book", "state", "next_at", "seq"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_effects_deal_id"), ["deal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_effects_entry"), ["entry"], unique=False)

    op.create_table(
        "entries",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("deal_id", sa.String(length=200), nullable=False),
        sa.Column("entry_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(length=200), nullable=False),
        sa.Column("accounting_date", sa.String(length=200), nullable=False),
        sa.Column("currency", sa.String(length=200), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entries_book_accounting_date"), ["book", "accounting_date"], unique=False)
        batch_op.create_index(batch_op.f("ix_entries_book_deal_id"), ["book", "deal_id"], unique=False)

    op.create_table(
        "facts",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("deal_number", sa.Text(), nullable=False),
        sa.Column("deal_id", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("inbox_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
    )
    with op.batch_alter_table("facts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_facts_book_state"), ["book", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_facts_deal_id"), ["deal_id"], unique=False)

    op.create_table(
        "files",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=200), nullable=False),
        sa.Column("bytes", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("modified", sa.String(length=200), nullable=False),
        sa.Column("layout", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("judgement", sa.Text(), nullable=False),
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_files_source_sha256"), ["source", "sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_files_source_uri"), ["source", "uri"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("natural_key", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("batch_id", sa.Integer(), autoincrement=False, nullable=True),
        sa.Column("file_id", sa.Integer(), autoincrement=False, nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.String(length=200), nullable=False),
        sa.Column("deal_id", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("received_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("source", "dedupe_key", name=op.f("uq_inbox_source_dedupe_key")),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbox_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbox_source_natural_key"), ["source", "natural_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbox_state"), ["state"], unique=False)

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("expires_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "overrides",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("natural_key", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=200), nullable=False),
        sa.Column("field", sa.String(length=200), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overrides")),
    )
    with op.batch_alter_table("overrides", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_overrides_natural_key"), ["natural_key"], unique=False)

    op.create_table(
        "periods",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("period", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_periods")),
    )
    with op.batch_alter_table("periods", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_periods_book"), ["book"], unique=False)

    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("inbox_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("natural_key", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=200), nullable=False),
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("deal_number", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.String(length=200), nullable=False),
        sa.Column("closed_at", sa.String(length=200), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quarantine_natural_key"), ["natural_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_quarantine_state"), ["state"], unique=False)


def downgrade() -> None:

    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quarantine_state"))
        batch_op.drop_index(batch_op.f("ix_quarantine_natural_key"))

    op.drop_table("quarantine")
    with op.batch_alter_table("periods", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_periods_book"))

    op.drop_table("periods")
    with op.batch_alter_table("overrides", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_overrides_natural_key"))

    op.drop_table("overrides")
    op.drop_table("leases")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbox_state"))
        batch_op.drop_index(batch_op.f("ix_inbox_source_natural_key"))
        batch_op.drop_index(batch_op.f("ix_inbox_batch_id"))

    op.drop_table("inbox")
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_files_source_uri"))
        batch_op.drop_index(batch_op.f("ix_files_source_sha256"))

    op.drop_table("files")
    with op.batch_alter_table("facts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_facts_deal_id"))
        batch_op.drop_index(batch_op.f("ix_facts_book_state"))

    op.drop_table("facts")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entries_book_deal_id"))
        batch_op.drop_index(batch_op.f("ix_entries_book_accounting_date"))

    op.drop_table("entries")
    with op.batch_alter_table("effects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_effects_entry"))
        batch_op.drop_index(batch_op.f("ix_effects_deal_id"))
        batch_op.drop_index(batch_op.f("ix_effects_book_state_next_at_seq"))

    op.drop_table("effects")
    with op.batch_alter_table("deals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deals_deal_number"))
        batch_op.drop_index(batch_op.f("ix_deals_book_vin"))
        batch_op.drop_index(batch_op.f("ix_deals_book_stock_no"))
        batch_op.drop_index(batch_op.f("ix_deals_book_state"))

    op.drop_table("deals")
    with op.batch_alter_table("deal_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deal_versions_book_state"))
        batch_op.drop_index(batch_op.f("ix_deal_versions_batch_id"))

    op.drop_table("deal_versions")
    with op.batch_alter_table("deal_aliases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deal_aliases_deal_id"))

    op.drop_table("deal_aliases")
    op.drop_table("cursors")
    op.drop_table("counters")
    op.drop_table("batches")
    op.drop_table("audit_heads")
    op.drop_table("audit")
