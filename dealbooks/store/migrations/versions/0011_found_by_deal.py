"""What belongs to a deal is found by an index: its entries, and what arrived of it."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_entries_book_deal_id"), "entries")
    op.create_index(op.f("ix_entries_deal_id"), "entries", ["deal_id"])
    op.create_index(op.f("ix_inbox_natural_key"), "inbox", ["natural_key"])


def downgrade() -> None:
    op.drop_index(op.f("ix_inbox_natural_key"), "inbox")
    op.drop_index(op.f("ix_entries_deal_id"), "entries")
    op.create_index(op.f("ix_entries_book_deal_id"), "entries", ["book", "deal_id"])
